"""Deleting what is old, or taking texts and numbers out of it, in bounded statements."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from sepahan_django.models import (
    Acknowledgement,
    DraftRow,
    InboundMessage,
    MessageState,
    OutboundMessage,
    SendDraft,
    SendRequest,
)

CHUNK = 500

ENDED = (
    MessageState.DELIVERED,
    MessageState.UNDELIVERED,
    MessageState.FAILED,
    MessageState.CANCELLED,
    MessageState.EXPIRED,
)
"""States in which nothing more is to come. `sent` is one as well, once nobody asks any more."""


def prune(
    *,
    before: datetime,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, int]:
    """Delete what was made before this moment and has come to its end; returns counts.

    What still waits for something is kept whatever its age: messages queued, being sent, in doubt or
    asked for, and inbound ones not acknowledged or not dispatched. A draft that was not sent by then waits
    for nobody.
    """
    outbound, inbound = _ended(before)
    requests = SendRequest.objects.filter(created_at__lt=before, due_at=None, messages=None)
    rows = DraftRow.objects.filter(draft__created_at__lt=before)
    drafts = SendDraft.objects.filter(created_at__lt=before, rows=None)
    attempts = Acknowledgement.objects.filter(attempted_at__lt=before, messages=None)
    return {
        "outbound": _delete(outbound, should_stop, progress),
        "inbound": _delete(inbound, should_stop, progress),
        "requests": _delete(requests, should_stop, progress),
        "acknowledgements": _delete(attempts, should_stop, progress),
        # Rows first, in bounded statements: the drafts then take nothing more with them.
        "draft_rows": _delete(rows, should_stop, progress),
        "drafts": _delete(drafts, should_stop, progress),
    }


def blank(
    *,
    before: datetime,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, int]:
    """Take texts and numbers out of what was made before this moment and has come to its end; returns counts.

    States, times, lines and prices stay, so that figures stay right. An idempotency key stays too: the call
    that it was made for must not send again; choose keys that tell nothing of a person. Of drafts nothing
    is counted in figures: unsent ones are deleted, sent ones lose their rows and text.
    """
    outbound, inbound = _ended(before)
    old = SendDraft.objects.filter(created_at__lt=before)
    return {
        "outbound": _update(
            outbound.exclude(text="", recipient=""),
            {"text": "", "recipient": "", "error_message": ""},
            should_stop,
            progress,
        ),
        "inbound": _update(
            inbound.exclude(text="", sender=""),
            {"text": "", "sender": "", "dispatch_error": ""},
            should_stop,
            progress,
        ),
        "requests": _update(
            SendRequest.objects.filter(created_at__lt=before, due_at=None).exclude(answer=""),
            {"answer": ""},
            should_stop,
            progress,
        ),
        "draft_rows": _delete(DraftRow.objects.filter(draft__in=old), should_stop, progress),
        "drafts": _delete(old.filter(sent_at=None, rows=None), should_stop, progress)
        + _update(old.exclude(sent_at=None).exclude(text=""), {"text": ""}, should_stop, progress),
    }


def _ended(before: datetime) -> "tuple[QuerySet[OutboundMessage], QuerySet[InboundMessage]]":
    """What nothing more is to come of, whatever its age otherwise."""
    ended = Q(state__in=ENDED) | Q(state=MessageState.SENT, status_due_at=None)
    return (
        OutboundMessage.objects.filter(ended, created_at__lt=before),
        InboundMessage.objects.filter(
            pulled_at__lt=before, acknowledged_at__isnull=False, dispatched_at__isnull=False
        ),
    )


def _update(
    rows: "QuerySet[Any]",
    values: dict[str, str],
    should_stop: Callable[[], bool],
    progress: Callable[[int], None],
) -> int:
    total, last = 0, 0
    while not should_stop():
        pks = list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not pks:
            break
        # The condition stands in the UPDATE too: a message that was queued again meanwhile keeps its text.
        total += rows.filter(pk__in=pks).update(**values)
        last = pks[-1]
        progress(len(pks))
    return total


def _delete(rows: "QuerySet[Any]", should_stop: Callable[[], bool], progress: Callable[[int], None]) -> int:
    total = 0
    while not should_stop() and (pks := list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])):
        # The condition stands in the DELETE too: a message that was queued again meanwhile is kept.
        deleted, _by_model = rows.filter(pk__in=pks).delete()
        total += deleted
        progress(deleted)
    return total
