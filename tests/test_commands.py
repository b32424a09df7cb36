import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.db import connection
from django.utils import timezone

from sepahan_django import outbox
from sepahan_django.models import InboundMessage, OutboundMessage, SendRequest
from tests import faulty_gateway as faults
from tests.commands import run
from tests.factories import account, make_due, queued, states
from tests.faulty_gateway import Inbound

pytestmark = pytest.mark.django_db(transaction=True)


def test_sending_prints_one_line_of_counts(gateway):
    queued(3)
    assert run("sepahan_send_queued") == "sent=3 failed=0 expired=0 in_doubt=0 requests=1"


def test_sending_nothing_is_work_done(gateway):
    assert run("sepahan_send_queued") == "sent=0 failed=0 expired=0 in_doubt=0 requests=0"


def test_a_limit_on_sending_is_kept(gateway):
    queued(5)
    run("sepahan_send_queued", "--limit", "2")
    assert states() == {"sent": 2, "queued": 3}


def test_several_workers_send_everything_once(gateway):
    queued(230)
    run("sepahan_send_queued", "--workers", "3")
    assert (states(), len(gateway.state.ledger)) == ({"sent": 230}, 230)


def test_states_are_fetched_and_counted(gateway, clock):
    queued(3)
    outbox.drain()
    clock.shift(timedelta(minutes=1))
    assert run("sepahan_sync_status") == "asked=3 changed=3 delivered=3"


def test_inbound_messages_are_fetched_and_counted(gateway):
    gateway.state.inbound.append(Inbound("5000", "1405/09/03", "09121234567", "سلام"))
    assert run("sepahan_pull_inbox") == "stored=1 acknowledged=1 dispatched=1 undispatched=0"


@pytest.mark.parametrize("written", ["1405/09/01", "۱۴۰۵/۰۹/۰۱", "2026-11-22"])
def test_since_is_a_day_in_either_calendar(gateway, written):
    run("sepahan_pull_inbox", "--since", written)
    assert gateway.state.requests[-1][1]["startDate"] == "1405/09/01"


def test_a_day_that_can_not_be_read_is_refused(gateway):
    with pytest.raises(CommandError, match="date"):
        run("sepahan_pull_inbox", "--since", "دیروز")


def test_the_credit_is_printed_by_account(gateway):
    assert run("sepahan_credit") == "settings=1000000"


@pytest.mark.parametrize(
    "name", ["sepahan_send_queued", "sepahan_pull_inbox", "sepahan_sync_status", "sepahan_credit"]
)
def test_an_unknown_account_ends_with_one_sentence(gateway, name):
    with pytest.raises(CommandError, match="There is no account with the title “nobody”"):
        run(name, "--account", "nobody")


@pytest.mark.parametrize("name", ["sepahan_pull_inbox", "sepahan_credit"])
def test_a_gateway_that_is_away_ends_with_one_sentence(settings, name):
    settings.SEPAHAN = {"API_KEY": "x" * 32, "BASE_URL": "http://127.0.0.1:9", "TIMEOUT": (1, 1)}
    with pytest.raises(CommandError, match="no connection to the gateway"):
        run(name)


def test_a_wrong_token_ends_with_the_gateways_words(gateway):
    queued(1)
    gateway.state.script.append(-1)
    with pytest.raises(CommandError, match="-1"):
        run("sepahan_send_queued")


def test_old_messages_are_pruned_and_what_waits_is_kept(gateway):
    old = timezone.now() - timedelta(days=400)
    queued(2, created_at=old)
    outbox.drain()
    queued(
        1,
        created_at=old,
        send_at=timezone.now() + timedelta(days=1),
        due_at=timezone.now() + timedelta(days=1),
    )
    OutboundMessage.objects.filter(state="sent").update(state="delivered", status_due_at=None)
    SendRequest.objects.update(created_at=old)
    InboundMessage.objects.create(
        line="1",
        sender="2",
        text="3",
        gateway_date="",
        api_key=OutboundMessage.objects.first().api_key,
        pulled_at=old,
    )
    line = run("sepahan_prune", "--older-than", "365")
    assert line == "outbound=2 inbound=0 requests=1 acknowledgements=0 drafts=0"
    assert states() == {"queued": 1}


# As a process of its own


def start(gateway, *words):
    """A command in a process of its own, on the tests' database, against this gateway."""
    names = connection.settings_dict
    code = (
        "import os, django; from django.conf import settings; import tests.settings as s;"
        "s.SEPAHAN = s.SEPAHAN | {'BASE_URL': os.environ['GATEWAY'], 'TIMEOUT': (1, 5), 'DISPATCH': 'none'};"
        "s.DATABASES['default']['NAME'] = os.environ['DATABASE'];"
        "from django.core.management import execute_from_command_line as run; import sys;"
        f"run(['manage.py', *{list(words)!r}])"
    )
    environment = os.environ | {
        "GATEWAY": gateway.url,
        "DATABASE": str(names["NAME"]),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_worker_killed_in_the_middle_of_its_request_sends_nothing_twice(gateway):
    queued(3)
    gateway.state.script.append(faults.HANG)
    worker = start(gateway, "sepahan_send_queued")
    assert gateway.state.received.wait(20)
    worker.kill()
    worker.communicate()
    assert states() == {"sending": 3}
    gateway.state.go_on.set()
    make_due()
    outbox.drain()
    assert (states(), len(gateway.state.ledger)) == ({"sent": 3}, 3)


def test_a_worker_that_is_told_to_stop_ends_its_request_first(gateway):
    queued(3)
    gateway.state.script.append(faults.HANG)
    worker = start(gateway, "sepahan_send_queued", "--loop", "60")
    assert gateway.state.received.wait(20)
    worker.send_signal(signal.SIGTERM)
    gateway.state.go_on.set()
    _out, errors = worker.communicate(timeout=20)
    assert (worker.returncode, errors, states()) == (0, "", {"sent": 3})


def test_a_loop_tells_of_a_trouble_once_and_not_each_time_around(gateway):
    queued(1)
    gateway.state.script.append(-1)
    worker = start(gateway, "sepahan_send_queued", "--loop", "0.01")
    assert worker.stderr.readline().startswith("settings: ")
    assert "paused" in worker.stderr.readline()
    # Many rounds later: this command has a connection and a turn of its own by then.
    start(gateway, "sepahan_send_queued").communicate(timeout=20)
    worker.send_signal(signal.SIGTERM)
    assert worker.communicate(timeout=20)[1] == ""


def test_each_account_in_trouble_has_its_line_also_where_hidden_digits_make_them_alike(gateway):
    for title in ("09121234567", "09129994567"):
        queued(1, api_key=account(title, base_url=gateway.url))
        gateway.state.script.append(-3)
    with pytest.raises(CommandError) as trouble:
        run("sepahan_send_queued")
    assert [line.split(":")[0] for line in str(trouble.value).splitlines()] == ["0912•••4567"] * 2


def test_exit_status_1_and_one_sentence_tell_of_trouble(gateway):
    queued(1)
    gateway.state.script.append(-1)
    worker = start(gateway, "sepahan_send_queued")
    _out, errors = worker.communicate(timeout=20)
    assert (worker.returncode, len(errors.strip().splitlines())) == (1, 1)
