"""What a project's own tests, and its development without a network, use instead of the gateway.

    SEPAHAN = {"API_KEY": "test", "SENDER": "3000", "CLIENT": "sepahan_django.testing.MemoryClient"}

`MemoryClient` accepts everything, keeps it in `memory.outbox`, and gives out what `memory.receive` put in;
`ConsoleClient` prints it as well. Call `reset()` between tests.
"""

import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from sepahan_django.gateway import ReceivedMessage, SendResult
from sepahan_django.gateway.codes import DeliveryStatus, ErrorCode
from sepahan_django.gateway.errors import Rejected, SepahanError
from sepahan_django.values.parts import count_parts

FIRST_ID = 639_027_944_154_527_200


@dataclass(frozen=True)
class SentSms:
    """One SMS that would have gone out."""

    id: int
    sender: str
    recipient: str
    text: str
    request_id: str | None


@dataclass
class Memory:
    """What the memory client stores, and what it is set to answer. One per process."""

    outbox: list[SentSms] = field(default_factory=list)
    inbox: list[ReceivedMessage] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    errors: list[SepahanError] = field(default_factory=list)
    """Raised, one a call, before anything is accepted."""
    request_ids: set[str] = field(default_factory=set)
    credit: int = 1_000_000
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(FIRST_ID))

    def reset(self) -> None:
        """Forget everything."""
        self.__dict__.update(type(self)().__dict__)

    def receive(self, *, sender: str, text: str, line: str = "3000", date: str = "1405/01/01") -> None:
        """Let an SMS come in; the next pull finds it."""
        self.inbox.append(ReceivedMessage(line=line, date=date, sender=sender, text=text))


memory = Memory()


def reset() -> None:
    """Forget what was sent, received and scripted."""
    memory.reset()


class MemoryClient:
    """Takes the place of `SepahanClient` and has its methods."""

    memory: ClassVar[Memory] = memory

    def __init__(self, token: str, **options: Any) -> None:
        self.token = token

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _enter(self) -> None:
        if self.memory.errors:
            raise self.memory.errors.pop(0)

    def send(
        self, *, sender: str, text: str, recipients: Sequence[str], request_id: str | None = None
    ) -> SendResult:
        count = len(recipients)
        return self.send_p2p(
            senders=[sender] * count, texts=[text] * count, recipients=recipients, request_id=request_id
        )

    def send_p2p(
        self,
        *,
        senders: Sequence[str],
        texts: Sequence[str],
        recipients: Sequence[str],
        request_id: str | None = None,
    ) -> SendResult:
        self._enter()
        if request_id is not None:
            if request_id in self.memory.request_ids:
                raise Rejected("The request-Id was used before.", code=ErrorCode.REQUEST_ID_USED)
            self.memory.request_ids.add(request_id)
        sent = [
            SentSms(next(self.memory.ids), sender, recipient, text, request_id)
            for sender, recipient, text in zip(senders, recipients, texts, strict=True)
        ]
        self.memory.outbox.extend(sent)
        parts = sum(count_parts(text).parts for text in texts)
        self.memory.credit -= parts
        self.sent(sent)
        return SendResult(ids=[sms.id for sms in sent], sms_count=parts, total_price=parts)

    def sent(self, messages: Sequence[SentSms]) -> None:
        """Called with what has just been accepted."""

    def check_request_id(self, request_id: str) -> bool:
        self._enter()
        return request_id in self.memory.request_ids

    def status(self, ids: Sequence[int]) -> list[int]:
        self._enter()
        return [self.memory.statuses.get(number, DeliveryStatus.DELIVERED) for number in ids]

    def old_status(self, ids: Sequence[int]) -> list[int]:
        return self.status(ids)

    def credit(self) -> int:
        self._enter()
        return self.memory.credit

    def receive(
        self,
        line: str | None = None,
        start_date: date | str | None = None,
        count: int = 100,
        mark_as_read: bool = True,
    ) -> list[ReceivedMessage]:
        self._enter()
        found = [message for message in self.memory.inbox if line in (None, message.line)][:count]
        if mark_as_read:
            for message in found:
                self.memory.inbox.remove(message)
        return found

    def generate_api_key(
        self, *, title: str, username: str, password: str, domain: str, ips: Sequence[str] = ()
    ) -> str:
        self._enter()
        return "0" * 32


class ConsoleClient(MemoryClient):
    """A memory client that prints what it would have sent."""

    def sent(self, messages: Sequence[SentSms]) -> None:
        for sms in messages:
            sys.stdout.write(f"SMS {sms.sender} -> {sms.recipient}: {sms.text}\n")
