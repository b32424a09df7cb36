"""What the tests share: no network beyond loopback, a faulty gateway, and nothing left from test to test."""

import ipaddress
import socket
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management.commands import flush
from django.db import connections, transaction
from django.dispatch import Signal
from django.test import Client
from django.utils.translation import override

from sepahan_django import accounts, signals, testing
from sepahan_django.models import Campaign
from tests.faulty_gateway import FaultyGateway

BROWSER_TESTS = "tests/browser/"


def _is_local(host: Any) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each process whole files, and all the browser's files to the same one.

    Those share a demo and a Chromium, which take longer to start than most of their tests do.
    """
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            return BROWSER_TESTS if file.startswith(BROWSER_TESTS) else file

    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Record every look-up and connection beyond loopback, and fail the test for it.

    An exception alone could be swallowed by the code under test. Names that end in .invalid never resolve.
    """
    seen: list[str] = []
    look_up, connect, connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_local(host):
            if not str(host).endswith(".invalid"):
                seen.append(f"look-up of {host}")
            raise socket.gaierror(socket.EAI_NONAME, "no network in tests")
        return look_up(host, *args, **kwargs)

    def refuse_far(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            seen.append(f"connection to {address[0]}")
            raise OSError("no network in tests")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse_far(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse_far(self, address)
        return connect_ex(self, address)

    def guarded_look_up_by_name(host: Any) -> Any:
        return guarded_look_up(host, None, socket.AF_INET)[0][4][0]

    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
    monkeypatch.setattr(socket, "gethostbyname", guarded_look_up_by_name)
    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    yield
    assert not seen


KEPT = {ContentType._meta.db_table, Permission._meta.db_table}
"""Tables that are filled by `migrate` and that no test changes."""


def empty_tables(self: Any, *, database: str, **options: Any) -> None:
    """Delete the rows of all tables but those."""
    connection = connections[database]
    names = set(connection.introspection.django_table_names(only_existing=True)) - KEPT
    with (
        connection.constraint_checks_disabled(),
        transaction.atomic(using=database),
        connection.cursor() as cursor,
    ):
        for name in names:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(name)}")


@pytest.fixture(scope="session", autouse=True)
def _quick_flush() -> Iterator[None]:
    """Empty the database quickly after each test that commits.

    Django's own `flush` makes all content types and permissions anew, which takes longer than most tests do.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", empty_tables)
        yield


@pytest.fixture(autouse=True)
def _fresh_clients() -> Iterator[None]:
    accounts.forget_clients()
    testing.reset()
    yield
    accounts.forget_clients()


@pytest.fixture(autouse=True)
def _no_receiver_outlives_its_test() -> Iterator[None]:
    """One that an exception's traceback keeps alive would receive what the next tests send."""
    before = [
        (signal, list(signal.receivers)) for signal in vars(signals).values() if isinstance(signal, Signal)
    ]
    yield
    for signal, receivers in before:
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()


@pytest.fixture
def gateway(settings: Any) -> Iterator[FaultyGateway]:
    """A faulty gateway, which the account in the settings talks to."""
    with FaultyGateway() as server:
        settings.SEPAHAN = {
            "API_KEY": "0123456789abcdef0123456789abcdef",
            "SENDER": "3000123456",
            "BASE_URL": server.url,
            "TIMEOUT": (1, 1),
            "DISPATCH": "none",
        }
        yield server


@pytest.fixture
def inline(settings: Any, gateway: FaultyGateway) -> FaultyGateway:
    """The gateway, which messages go to as soon as they are committed."""
    settings.SEPAHAN = {**settings.SEPAHAN, "DISPATCH": "inline"}
    return gateway


@pytest.fixture
def boss(client: Client) -> Client:
    """A client that is logged in as a superuser."""
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def campaign(gateway: FaultyGateway) -> Campaign:
    """A campaign without messages."""
    return Campaign.objects.create(title="Yalda")


@pytest.fixture
def english() -> Iterator[None]:
    """Sentences that are made outside of a request are in English."""
    with override("en"):
        yield


@pytest.fixture
def clock(time_machine: Any) -> Any:
    """A clock that goes on from now, and can be moved with `shift`."""
    time_machine.move_to(datetime.now(timezone.utc))
    return time_machine


@pytest.fixture
def listen() -> Iterator[Any]:
    """`listen(signal)` gives a list that fills with what the signal sends, or connects a given receiver."""
    connected = []

    def listening(signal: Any, own: Any = None) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []

        def receiver(sender: Any, **arguments: Any) -> None:
            seen.append(arguments)

        receiver = own or receiver
        signal.connect(receiver, weak=False)
        connected.append((signal, receiver))
        return seen

    yield listening
    for signal, receiver in connected:
        signal.disconnect(receiver)
