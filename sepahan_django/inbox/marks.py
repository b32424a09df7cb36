"""What staff mark inbound messages as: read and handled. Pulls never change these marks."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from sepahan_django.db.chunks import each_chunk
from sepahan_django.db.transactions import retrying
from sepahan_django.models import InboundMessage

Inbound = QuerySet[InboundMessage]


def mark_read(messages: Inbound) -> int:
    """Mark the unread ones of these messages as read; returns how many."""
    now = timezone.now()
    return _each_chunk(messages.filter(read_at=None), lambda rows: rows.update(read_at=now))


def mark_unread(messages: Inbound) -> int:
    """Let these messages count as unread again; returns how many were read."""
    return _each_chunk(messages.filter(read_at__isnull=False), lambda rows: rows.update(read_at=None))


def mark_handled(messages: Inbound, *, by: Any) -> int:
    """Mark these messages as handled by this user; returns how many were open.

    A handled message counts as read. Of two users at once, the first is kept.
    """
    now = timezone.now()
    mark_read(messages.filter(done_at=None))
    return _each_chunk(messages.filter(done_at=None), lambda rows: rows.update(done_at=now, done_by_id=by.pk))


def mark_open(messages: Inbound) -> int:
    """Take back that these messages were handled; returns how many were."""
    return _each_chunk(
        messages.filter(done_at__isnull=False), lambda rows: rows.update(done_at=None, done_by=None)
    )


def _each_chunk(messages: Inbound, change: Callable[[Inbound], int]) -> int:
    """Each statement with the condition in it: of two people at once one makes the mark."""
    rows = messages.order_by()
    return each_chunk(rows, lambda pks: retrying(lambda: change(rows.filter(pk__in=pks))))
