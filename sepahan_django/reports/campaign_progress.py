"""How campaigns stand: how far they are, when they went out, what they cost so far.

Each figure is read from an index alone, so a campaign costs what it holds and not what the table holds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from itertools import islice, pairwise
from typing import Any

from django.db.models import Count, F, IntegerField, Min, OuterRef, QuerySet, Subquery, Value
from django.utils.translation import gettext_lazy as _

from sepahan_django.models import Campaign, MessageState, OutboundMessage, SendRequest
from sepahan_django.values.jalali import TEHRAN, day_start

OPEN = (MessageState.QUEUED, MessageState.SENDING)
"""States of unfinished messages."""
HANDED_OVER = (MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED)
"""States of what the gateway has taken."""
REQUEST_CHUNK = 500
"""Requests in one query, each of them a parameter."""
MAX_CHART_STEPS = 60
"""Of a chart of time."""


class Phase(Enum):
    """Where a campaign as a whole stands."""

    PLANNED = "planned"
    GOING = "going"
    PAUSED = "paused"
    DONE = "done"

    @property
    def label(self) -> str:
        return str(_PHASES[self])


_PHASES = {
    Phase.PLANNED: _("Scheduled"),
    Phase.GOING: _("In progress"),
    Phase.PAUSED: _("Paused"),
    Phase.DONE: _("Finished"),
}


# Progress


@dataclass
class Standing:
    """How far a campaign is. `counts` has every state; `first` is the id of its first message."""

    counts: dict[MessageState, int] = field(default_factory=lambda: dict.fromkeys(MessageState, 0))
    accounts: set[int] = field(default_factory=set)
    first: int | None = None
    next_due: datetime | None = None
    """When a message that is queued is due: the first in the queue, not the earliest of all."""
    paused_at: datetime | None = None

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        """Messages that are queued or being sent."""
        return sum(self.counts[state] for state in OPEN)

    @property
    def handed_over(self) -> int:
        return sum(self.counts[state] for state in HANDED_OVER)

    def phase(self, now: datetime) -> Phase:
        if not self.left:
            return Phase.DONE
        if self.paused_at is not None:
            return Phase.PAUSED
        waits = not self.counts[MessageState.SENDING]
        return Phase.PLANNED if waits and self.next_due is not None and self.next_due > now else Phase.GOING


def standings(campaigns: Sequence[Campaign]) -> dict[int, Standing]:
    """How far each of these few campaigns is. Two queries; one when nothing of them is queued."""
    found = {campaign.pk: Standing(paused_at=campaign.paused_at) for campaign in campaigns}
    rows = OutboundMessage.objects.filter(campaign__in=list(found)).order_by()
    groups = rows.values_list("campaign", "state", "api_key").annotate(Count("pk"), Min("pk"))
    for pk, state, account, count, first in groups:
        one = found[pk]
        one.counts[MessageState(state)] += count
        one.accounts.add(account)
        one.first = first if one.first is None else min(one.first, first)
    waiting = [pk for pk, one in found.items() if one.counts[MessageState.QUEUED]]
    if waiting:
        queued = OutboundMessage.objects.filter(campaign=OuterRef("pk"), state=MessageState.QUEUED)
        # By account first, which is the order of the index: the first entry is enough.
        first_due = Subquery(queued.order_by("api_key_id", "pk").values("due_at")[:1])
        dues = Campaign.objects.filter(pk__in=waiting).order_by().annotate(next_due=first_due)
        for pk, next_due in dues.values_list("pk", "next_due"):
            found[pk].next_due = next_due
    return found


# Over time


class Step(Enum):
    """The steps of a chart of time, and how long a campaign each is for at most."""

    MINUTE = timedelta(minutes=1)
    TEN_MINUTES = timedelta(minutes=10)
    HOUR = timedelta(hours=1)
    DAY = timedelta(days=1)


def sent_over_time(campaign: Campaign) -> tuple[Step, list[tuple[datetime, int]]] | None:
    """How many were handed over from each moment to the next, by the step that suits the span.

    None when nothing was. Of a span that is longer than the chart the last days. Three queries.
    """
    moments = campaign.messages.filter(sent_at__isnull=False).values_list("sent_at", flat=True)
    first, last = moments.order_by("sent_at").first(), moments.order_by("-sent_at").first()
    if first is None or last is None:
        return None
    step = next((step for step in Step if (last - first) / step.value < MAX_CHART_STEPS - 1), Step.DAY)
    edges = list(_edges(first, last, step))[-MAX_CHART_STEPS - 1 :]
    # A range of the index for each step, and not a grouping by a date, for which a database would need to
    # know time zones.
    parts: list[QuerySet[Any, tuple[Any, ...]]] = [
        campaign.messages.filter(sent_at__gte=start, sent_at__lt=end)
        .order_by()
        .values(index=Value(index, output_field=IntegerField()))
        .annotate(count=Count("*"))
        .values_list("index", "count")
        for index, (start, end) in enumerate(pairwise(edges))
    ]
    # Without an order of its own too: Django 6.1 would take the model's, by columns that aren't in it.
    counts = dict(parts[0].union(*parts[1:], all=True).order_by())
    return step, [(start, counts.get(index, 0)) for index, start in enumerate(edges[:-1])]


def _edges(first: datetime, last: datetime, step: Step) -> Iterator[datetime]:
    """From a round moment in Tehran up to one that is later than `last`."""
    local = first.astimezone(TEHRAN)
    if step is Step.DAY:
        day = local.date()
        while True:
            yield day_start(day)
            if day_start(day) > last:
                return
            day += step.value
    minutes = max(step.value // timedelta(minutes=1), 1)
    past = timedelta(minutes=local.minute % minutes, seconds=local.second, microseconds=local.microsecond)
    at = first - past
    while at <= last:
        yield at
        at += step.value
    yield at


# Cost


@dataclass
class Cost:
    """What the gateway said about the requests so far: Rials and SMS parts.

    `is_shared` when a request took messages of others too: then the campaign bears its share by number, which
    is about right. `unknown` requests were accepted without an answer that told the price.
    """

    price: float = 0
    parts: float = 0
    is_shared: bool = False
    unknown: int = 0

    @property
    def is_about(self) -> bool:
        return self.is_shared or self.unknown > 0


def cost(campaign: Campaign) -> Cost:
    """What the campaign cost so far. Three queries for each 500 requests."""
    total = Cost()
    handed = campaign.messages.filter(sent_at__isnull=False, request__isnull=False).order_by()
    # By an expression and not by the column, for whose order SQLite would walk an index of the whole table.
    groups = handed.values(number=F("request_id") + Value(0)).annotate(count=Count("*"))
    rows = groups.values_list("number", "count").iterator(chunk_size=REQUEST_CHUNK)
    for chunk in _chunks(rows):
        _add_cost(total, dict(chunk))
    return total


def _chunks(rows: Iterable[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, REQUEST_CHUNK)):
        yield chunk


def _add_cost(total: Cost, mine: Mapping[int, int]) -> None:
    all_messages = OutboundMessage.objects.filter(request__in=list(mine)).order_by()
    counts = dict(all_messages.values_list("request").annotate(Count("pk")))
    # Where a request holds more than ours: others', or some of ours that the gateway refused.
    mixed = [pk for pk, count in mine.items() if counts.get(pk, count) != count]
    if mixed:
        handed = all_messages.filter(request__in=mixed, sent_at__isnull=False)
        counts |= dict(handed.values_list("request").annotate(Count("pk")))
    prices = SendRequest.objects.filter(pk__in=list(mine)).order_by()
    for pk, price, parts in prices.values_list("pk", "total_price", "sms_count"):
        share = mine[pk] / max(counts.get(pk, 0), mine[pk])
        total.is_shared |= share < 1
        total.unknown += price is None
        total.price += (price or 0) * share
        total.parts += (parts or 0) * share
