"""The messages to and from a number in one chronological order, a page at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from sepahan_django.admin.kit.addresses import parse_integer
from sepahan_django.admin.kit.permissions import may_see_inbound, may_see_outbound, visible_rows
from sepahan_django.models import InboundMessage, OutboundMessage
from sepahan_django.values.jalali import tehran_today
from sepahan_django.values.phones import InvalidPhoneNumber, normalize_mobile, spellings

PAGE = 50
"""Messages shown at once."""


Message = InboundMessage | OutboundMessage


@dataclass(frozen=True)
class Correspondent:
    """A number as it stands in an address: a mobile as `09…`, anything else as it was written."""

    number: str
    problem: Any
    """Why nothing can be sent to it; nothing where it is a mobile number."""
    spellings: tuple[str, ...]
    """How it may be written where it stands as the gateway gave it."""

    @classmethod
    def of(cls, written: str) -> "Correspondent":
        try:
            number, problem = normalize_mobile(written), ""
        except InvalidPhoneNumber as error:
            number, problem = written.strip(), error.reason
        return cls(number, problem, tuple(dict.fromkeys((*spellings(number), written))))

    @property
    def slug(self) -> str:
        """One spelling for all, unless the messages could not be found by it."""
        return self.number if self.spellings[-1] in spellings(self.number) else self.spellings[-1]


@dataclass(frozen=True)
class PageCursor:
    """Where a page ends: it shows messages with ids below these; None for the newest."""

    inbound: int | None = None
    outbound: int | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> "PageCursor":
        return cls(parse_integer(request.GET.get("in")), parse_integer(request.GET.get("out")))

    @property
    def query(self) -> str:
        return f"in={self.inbound}&out={self.outbound}"


@dataclass(frozen=True)
class ConversationPage:
    """A page of the conversation, the oldest first, and where the earlier one ends, if there is one."""

    messages: list[Message]
    earlier: PageCursor | None


def inbound_of(request: HttpRequest, correspondent: Correspondent) -> "QuerySet[InboundMessage]":
    """The messages from the number that this user may see."""
    if not may_see_inbound(request):
        return InboundMessage.objects.none()
    # What the column may hold by IN, and no function on it, which no index would serve.
    rows = InboundMessage.objects.filter(sender__in=correspondent.spellings)
    return visible_rows(request, rows)


def outbound_of(request: HttpRequest, correspondent: Correspondent) -> "QuerySet[OutboundMessage]":
    """The messages to the number that this user may see."""
    if correspondent.problem or not may_see_outbound(request):
        return OutboundMessage.objects.none()
    return visible_rows(request, OutboundMessage.objects.filter(recipient=correspondent.number))


def load_page(request: HttpRequest, correspondent: Correspondent, place: PageCursor) -> ConversationPage:
    """The last messages before that place.

    Each direction is read by its own index, the newest first, and the two are merged by time. A page ends at
    an id in each direction, so that the next one begins exactly there, whatever has come in since.
    """
    came = _before(inbound_of(request, correspondent), place.inbound)
    went = _before(outbound_of(request, correspondent).select_related("created_by"), place.outbound)
    shown: list[Message] = []
    next_in = next_out = 0
    while len(shown) < PAGE and (next_in < len(came) or next_out < len(went)):
        if next_out == len(went) or (
            next_in < len(came) and moment_of(came[next_in]) > moment_of(went[next_out])
        ):
            shown.append(came[next_in])
            next_in += 1
        else:
            shown.append(went[next_out])
            next_out += 1
    is_more = next_in < len(came) or next_out < len(went)
    earlier = PageCursor(_end(came, next_in), _end(went, next_out)) if is_more else None
    # Ids mostly follow the times; an exception is a message sent long after it was created.
    return ConversationPage(sorted(shown, key=_order), earlier)


def _order(message: Message) -> tuple[datetime, bool, int]:
    """By time; of the same minute the question stands before the answer."""
    return moment_of(message), isinstance(message, OutboundMessage), message.pk


def _before(rows: "QuerySet[Any]", end: int | None) -> list[Any]:
    if end is not None:
        rows = rows.filter(pk__lt=end)
    return list(rows.select_related("api_key").order_by("-pk")[: PAGE + 1])


def _end(rows: list[Any], taken: int) -> int:
    """The id below which the earlier page begins: of the last one shown, or just above the first one left."""
    if taken:
        return int(rows[taken - 1].pk)
    return int(rows[0].pk) + 1 if rows else 0


def moment_of(message: Message) -> datetime:
    """When it was sent, or created if not sent yet; when it was received, as far as that is known."""
    if isinstance(message, OutboundMessage):
        return message.sent_at or message.created_at
    if message.received_at is None:
        return message.pulled_at
    if has_time(message):
        return message.received_at
    # The gateway gave only the day: the message arrived on that day and before it was fetched.
    return min(message.pulled_at, message.received_at + timedelta(days=1, microseconds=-1))


def has_time(message: InboundMessage) -> bool:
    """Whether the gateway gave the time of day, not only the day."""
    return ":" in message.gateway_date


def day_of(message: Message) -> Any:
    """The day, Gregorian, in Tehran."""
    return tehran_today(moment_of(message))
