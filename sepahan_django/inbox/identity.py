"""What tells one inbound message from another: its content, and how often it is there."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sepahan_django.db.storable import storable
from sepahan_django.gateway import ReceivedMessage
from sepahan_django.models import InboundMessage

MAX_FIELD_LENGTH = 255


class Identity(NamedTuple):
    """What tells one inbound message from another, as the gateway wrote it."""

    line: str
    date: str
    sender: str
    text: str


def in_doubt(message: InboundMessage) -> bool:
    """Whether the gateway was asked to mark it, and the answer never came."""
    return message.acknowledgement is not None and message.acknowledgement.answered_at is None


def identity(message: ReceivedMessage) -> Identity:
    """As the gateway wrote it, in what a database can hold."""
    return Identity(
        line=storable(message.line)[:MAX_FIELD_LENGTH],
        date=storable(message.date)[:MAX_FIELD_LENGTH],
        sender=storable(message.sender)[:MAX_FIELD_LENGTH],
        text=storable(message.text),
    )


def identity_of(message: InboundMessage) -> Identity:
    return Identity(line=message.line, date=message.gateway_date, sender=message.sender, text=message.text)


def counted(messages: Iterable[ReceivedMessage]) -> Counter[Identity]:
    return Counter(map(identity, messages))


def matched(
    seen: Sequence[ReceivedMessage], stored: Sequence[InboundMessage]
) -> tuple[list[InboundMessage], list[ReceivedMessage]]:
    """The stored messages that `seen` consists of, each used once, and what is over."""
    by_identity: dict[Identity, list[InboundMessage]] = defaultdict(list)
    for message in reversed(stored):
        by_identity[identity_of(message)].append(message)
    known, new = [], []
    for one in seen:
        same = by_identity[identity(one)]
        if same:
            known.append(same.pop())
        else:
            new.append(one)
    return known, new
