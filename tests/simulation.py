"""The gateway as its contract has it, in memory and with a clock of its own, for the state machines.

What happens while a call is on the wire is part of the model: other workers, a clock that goes on, a process
that is killed before or after the gateway has done its work.
"""

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest.mock import patch

import hypothesis
import jdatetime
from django.db import OperationalError, connection
from django.utils import timezone as django_timezone

from sepahan_django import accounts
from sepahan_django.db import transactions
from sepahan_django.gateway import ReceivedMessage, SendResult
from sepahan_django.gateway.errors import NotSubmitted, OutcomeUnknown, Rejected
from sepahan_django.models import (
    Acknowledgement,
    ApiKey,
    Campaign,
    InboundMessage,
    OutboundMessage,
    SendRequest,
)

MEMORY = timedelta(hours=4)
FIRST_ID = 639_027_944_154_527_200
TEHRAN = timezone(timedelta(hours=3.5))

OK = "ok"
KILLED_BEFORE = "killed before the gateway has it"
KILLED_AFTER = "killed after the gateway has it"
LOST_REQUEST = "request lost"
LOST_ANSWER = "answer lost"
LATER = "taken after the next no"
NO_CONNECTION = "no connection"
FEW_IDS = "too few ids"
NEGATIVE = "a negative id for the last"


class Killed(BaseException):
    """What a SIGKILL is to the code: it ends here, and no handler of ours runs."""


class World:
    """The gateway, the clock, and what is going to go wrong."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 24, 8, tzinfo=timezone.utc)
        self.plan: deque[Any] = deque()
        """What becomes of the next calls, of whatever method."""
        self.meanwhile: deque[Callable[[], Any]] = deque()
        """What happens while the next calls are on the wire."""
        self.taken: Counter[str] = Counter()
        self.refused_alone: set[str] = set()
        self.request_ids: dict[str, datetime] = {}
        self.later: dict[str, list[str]] = {}
        self.bad: set[str] = set()
        self.ids = 0
        self.credit = 1000
        self.inbound: list[ReceivedMessage] = []
        self.unread: list[int] = []
        self.sent_too_late: list[str] = []
        self.held: set[str] = set()
        """Recipients of messages that the pause of their campaign holds back."""
        self.sent_though_held: set[str] = set()

    def now(self) -> datetime:
        """The clock of the gateway and of all workers."""
        return self.time

    def pass_(self, **span: float) -> None:
        """Let time go on."""
        self.time += timedelta(**span)

    # Out

    def knows(self, request_id: str) -> bool:
        received = self.request_ids.get(request_id)
        return received is not None and self.time - received < MEMORY

    def take(self, recipients: list[str], request_id: str) -> list[int]:
        self.request_ids[request_id] = self.time
        self.taken.update(recipients)
        self.ids += len(recipients)
        return [FIRST_ID + self.ids - len(recipients) + index for index in range(len(recipients))]

    def next_fault(self) -> Any:
        fault = self.plan.popleft() if self.plan else OK
        if fault == KILLED_BEFORE:
            raise Killed
        if self.meanwhile:
            self.meanwhile.popleft()()
        if fault == NO_CONNECTION:
            raise NotSubmitted("no connection")
        if fault == LOST_REQUEST:
            raise OutcomeUnknown("lost")
        return fault


WORLD = World()


def _refusal(code: int) -> Rejected:
    return Rejected("no", code=code, http_status=401)


class SimulatedClient:
    """What SEPAHAN["CLIENT"] names in the state machines' tests."""

    def __init__(self, token: str, **settings: Any) -> None:
        pass

    def send(self, *, sender: str, text: str, recipients: list[str], request_id: str) -> SendResult:
        return self._send(recipients, request_id)

    def send_p2p(self, *, senders: Any, texts: Any, recipients: list[str], request_id: str) -> SendResult:
        return self._send(recipients, request_id)

    def _send(self, recipients: list[str], request_id: str) -> SendResult:
        WORLD.sent_too_late += OutboundMessage.objects.filter(
            recipient__in=recipients, expires_at__lte=WORLD.time
        ).values_list("recipient", flat=True)
        WORLD.sent_though_held |= WORLD.held & set(recipients)
        fault = WORLD.next_fault()
        if WORLD.knows(request_id):
            raise _refusal(-20)
        if fault == LATER:
            WORLD.later[request_id] = recipients
            raise OutcomeUnknown("lost")
        if isinstance(fault, int):
            raise _refusal(fault)
        if WORLD.bad & set(recipients):
            raise _refusal(-4)
        if fault == NEGATIVE:
            WORLD.refused_alone.add(recipients[-1])
            ids = [*WORLD.take(recipients[:-1], request_id), -4]
        else:
            ids = WORLD.take(recipients, request_id)
        if fault == KILLED_AFTER:
            raise Killed
        if fault == LOST_ANSWER:
            raise OutcomeUnknown("lost")
        return SendResult(ids=ids[:1] if fault == FEW_IDS else ids, sms_count=len(ids), total_price=0)

    def check_request_id(self, request_id: str) -> bool:
        fault = WORLD.next_fault()
        if isinstance(fault, int):
            raise _refusal(fault)
        known = WORLD.knows(request_id)
        if (recipients := WORLD.later.pop(request_id, None)) is not None:
            WORLD.take(recipients, request_id)
        if fault == KILLED_AFTER:
            raise Killed
        if fault == LOST_ANSWER:
            raise OutcomeUnknown("lost")
        return known

    def credit(self) -> int:
        WORLD.credit += 1
        return WORLD.credit

    # In

    def receive(
        self, line: Any = None, start_date: Any = None, count: int = 100, mark_as_read: bool = True
    ) -> list[ReceivedMessage]:
        fault = WORLD.next_fault()
        found = WORLD.unread[:count]
        if mark_as_read:
            WORLD.unread = [index for index in WORLD.unread if index not in found]
        if fault == KILLED_AFTER:
            raise Killed
        if fault == LOST_ANSWER:
            raise OutcomeUnknown("lost")
        return [WORLD.inbound[index] for index in found]


def let_in(messages: list[tuple[str, str]]) -> None:
    """SMS come in, a second later than those before: equal ones come together, as votes do."""
    WORLD.pass_(seconds=1)
    local = jdatetime.datetime.fromgregorian(datetime=WORLD.time.astimezone(TEHRAN))
    for sender, text in messages:
        _let_in(ReceivedMessage("3000", local.strftime("%Y/%m/%d %H:%M:%S"), sender, text))


def let_in_an_equal_one() -> None:
    """One that is equal to the newest, to the second.

    Not where all of a batch in doubt is equal to it: whether such a batch was marked, or not and this one
    has come, nothing tells (docs/trouble.rst, where the promise ends).
    """
    if not WORLD.inbound:
        return
    newest = WORLD.inbound[-1]
    for attempt in Acknowledgement.objects.filter(answered_at=None):
        batch = attempt.messages.filter(acknowledged_at=None).values_list("gateway_date", "sender", "text")
        if set(batch) <= {(newest.date, newest.sender, newest.text)}:
            return
    _let_in(newest)


def _let_in(message: ReceivedMessage) -> None:
    WORLD.unread.append(len(WORLD.inbound))
    WORLD.inbound.append(message)


@contextmanager
def fresh_world() -> Iterator[World]:
    """An empty database and a new gateway, whose clock is everybody's."""
    real_now = django_timezone.now
    WORLD.__init__()  # type: ignore[misc]
    for model in (OutboundMessage, Campaign, SendRequest, InboundMessage, Acknowledgement, ApiKey):
        model.objects.all().delete()
    accounts.forget_clients()
    django_timezone.now = WORLD.now
    try:
        yield WORLD
    finally:
        django_timezone.now = real_now


@contextmanager
def trouble_at(statement: int | None, *, failures: int) -> Iterator[None]:
    """Trouble at the so-many-th statement to the database, if there are so many.

    With `failures` 0 the process dies right before it; otherwise it and the next ones, so many in all, fail
    as they do when the connection is lost.
    """
    if statement is None:
        yield
        return
    done = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal done
        done += 1
        if done == statement and not failures:
            raise Killed
        if statement <= done < statement + failures:
            raise OperationalError("the connection is lost")
        return execute(*arguments)

    with connection.execute_wrapper(count), patch.object(transactions, "PATIENCE", (0,) * 6):
        yield


def machine_settings(project: Any) -> hypothesis.settings:
    """Put the simulated gateway into the project's settings; returns how long a state machine runs."""
    project.SEPAHAN = {
        "API_KEY": "0123456789abcdef0123456789abcdef",
        "SENDER": "3000",
        "CLIENT": "tests.simulation.SimulatedClient",
        "TIMEOUT": (5, 30),
        "DISPATCH": "none",
    }
    return hypothesis.settings(
        max_examples=int(os.environ.get("MODEL_EXAMPLES", 60)),
        stateful_step_count=14,
        deadline=None,
        derandomize="MODEL_EXAMPLES" not in os.environ,  # a longer search, by hand, is another each time
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
