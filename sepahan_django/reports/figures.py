"""How much went out, came in and was spent, by day; and what waits.

A day is one of Tehran. Each figure is a range of an index, so it costs what the days hold and not what the
table holds. No statement groups by a date, for which a database would need to know time zones.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value

from sepahan_django.models import (
    ApiKey,
    Campaign,
    InboundMessage,
    MessageState,
    OutboundMessage,
    Priority,
    SendRequest,
)
from sepahan_django.values.jalali import day_start, tehran_today

MAX_ACCOUNTS = 50
DAY = timedelta(days=1)


@dataclass
class Figures:
    """Counts of SMS; `cost` in Rials.

    `delivered` and `undelivered` are those among `sent`, whenever the report came. `failed` were written on
    the day and refused.
    """

    sent: int = 0
    delivered: int = 0
    undelivered: int = 0
    failed: int = 0
    received: int = 0
    cost: int = 0

    @property
    def unreported(self) -> int:
        """Sent, and nothing is known of them yet, or ever will be."""
        return self.sent - self.delivered - self.undelivered


@dataclass
class Day(Figures):
    """The figures of one day."""

    day: date = date.min


def last_days(count: int, *, now: datetime, hidden: Collection[int] = ()) -> list[Day]:
    """The figures of today and the days before it, the oldest first, without the `hidden` accounts'.

    Four queries.
    """
    today = tehran_today(now)
    days = [Day(day=today - timedelta(days=back)) for back in reversed(range(count))]
    outbound = _without(OutboundMessage.objects.all(), hidden)
    for index, figure, state in _by_day(days, outbound, "sent_at", Count("*"), "state"):
        days[index].sent += figure
        days[index].delivered += figure * (state == MessageState.DELIVERED)
        days[index].undelivered += figure * (state == MessageState.UNDELIVERED)
    failed = outbound.filter(state=MessageState.FAILED)
    for index, figure in _by_day(days, failed, "created_at", Count("*")):
        days[index].failed = figure
    for index, figure in _by_day(
        days, _without(InboundMessage.objects.all(), hidden), "received_at", Count("*")
    ):
        days[index].received = figure
    for index, figure in _by_day(
        days, _without(SendRequest.objects.all(), hidden), "finished_at", Sum("total_price")
    ):
        days[index].cost = figure or 0
    return days


def _without(rows: "QuerySet[Any]", hidden: Collection[int]) -> "QuerySet[Any]":
    # Usually nothing is hidden, and then the statement stays as simple as its index.
    return rows.exclude(api_key__in=hidden) if hidden else rows


def _by_day(
    days: Sequence[Day], rows: "QuerySet[Any]", moment: str, figure: Aggregate, *columns: str
) -> "QuerySet[Any, tuple[Any, ...]]":
    """(index of the day, figure, columns), in one statement with a separate index range for each day."""
    parts = [
        rows.filter(**{f"{moment}__gte": day_start(one.day), f"{moment}__lt": day_start(one.day + DAY)})
        .order_by()
        .values(*columns, index=Value(index, output_field=IntegerField()))
        .annotate(figure=figure)
        .values_list("index", "figure", *columns)
        for index, one in enumerate(days)
    ]
    # Without an order of its own too: Django 6.1 would take the model's, by columns that aren't in it.
    found: QuerySet[Any, tuple[Any, ...]] = parts[0].union(*parts[1:], all=True).order_by()
    return found


def summed(days: Sequence[Day]) -> Figures:
    """The figures of several days together."""
    return Figures(**{one.name: sum(getattr(day, one.name) for day in days) for one in fields(Figures)})


@dataclass(frozen=True)
class Queue:
    """What waits: SMS due now, SMS planned for later, SMS in doubt, and since when the oldest of those due
    is due. SMS of paused campaigns are `paused`, whenever they are due, and nothing else."""

    due: int
    planned: int
    in_doubt: int
    oldest: datetime | None
    paused: int = 0


def queue(*, now: datetime, hidden: Collection[int] = ()) -> Queue:
    """What waits to be sent, of all but the `hidden` accounts.

    Four queries. While campaigns pause one more, and three for each account with a queue.
    """
    outbound = _without(OutboundMessage.objects.all(), hidden)
    queued = outbound.filter(state=MessageState.QUEUED)
    held = Campaign.objects.paused_pks()
    paused = queued.filter(campaign__in=held).count() if held else 0
    counts = (queued.exclude(campaign__in=held) if held else queued).aggregate(
        due=Count("pk", filter=Q(due_at__lte=now)), planned=Count("pk", filter=Q(due_at__gt=now))
    )
    in_doubt = outbound.filter(state=MessageState.IN_DOUBT).count()
    lanes = first_due()
    accounts = ApiKey.objects.exclude(pk__in=hidden).order_by()
    rows = accounts.annotate(**lanes).values_list("pk", *lanes)[:MAX_ACCOUNTS]
    found = {pk: min(filter(None, firsts), default=None) for pk, *firsts in rows}
    if held:
        found = {pk: first and first_due_outside(held, api_key=pk) for pk, first in found.items()}
    oldest = min((first for first in found.values() if first is not None and first <= now), default=None)
    return Queue(
        due=counts["due"], planned=counts["planned"], in_doubt=in_doubt, oldest=oldest, paused=paused
    )


def first_due() -> dict[str, Subquery]:
    """For an annotation of accounts: of each lane, when the first of its queued messages is due.

    Without a condition on that time, so that each is the first entry of an index on every database: MariaDB
    uses no range in a subquery that depends on a row outside.
    """
    queued = OutboundMessage.objects.filter(state=MessageState.QUEUED, api_key=OuterRef("pk"))
    return {
        f"first_due_{lane}": Subquery(
            queued.filter(priority=lane).order_by("due_at", "pk").values("due_at")[:1]
        )
        for lane in Priority.values
    }


def first_due_outside(campaigns: Collection[int], *, api_key: int) -> datetime | None:
    """When the first of an account's queued messages of none of these campaigns is due. Three queries.

    A query of its own for each lane, and not a subquery for all accounts: there MariaDB finds nothing at all
    where the first entries of the index are of the campaigns to be left out.
    """
    queued = OutboundMessage.objects.filter(state=MessageState.QUEUED, api_key=api_key).outside(campaigns)
    firsts = [
        queued.filter(priority=lane).order_by("due_at", "pk").values_list("due_at", flat=True).first()
        for lane in Priority.values
    ]
    return min(filter(None, firsts), default=None)


def unread(*, hidden: Collection[int] = (), most: int) -> int:
    """How many inbound messages are unread, without the `hidden` accounts'; `most` + 1 if more."""
    rows = _without(InboundMessage.objects.filter(read_at=None), hidden)
    return rows.order_by()[: most + 1].count()
