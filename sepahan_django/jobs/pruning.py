"""Deleting what is old, or taking texts and numbers out of it, in bounded statements."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from sepahan_django.db.chunks import each_chunk
from sepahan_django.models import (
    Acknowledgement,
    DraftRow,
    InboundMessage,
    MessageState,
    OutboundMessage,
    SendDraft,
    SendRequest,
)

ENDED = (
    MessageState.DELIVERED,
    MessageState.UNDELIVERED,
    MessageState.FAILED,
    MessageState.CANCELLED,
    MessageState.EXPIRED,
)
"""States in which nothing more is to come. `sent` is one as well, once its delivery is no longer checked."""


def prune(
    *,
    before: datetime,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, int]:
    """Delete what was made before this moment and has come to its end; returns counts.

    What still waits for something is kept whatever its age: messages queued, being sent, in doubt or
    asked for, and inbound ones not acknowledged or not dispatched. Drafts are deleted, sent or not.
    """
    outbound, inbound = _ended(before)
    requests = SendRequest.objects.filter(created_at__lt=before, due_at=None, messages=None)
    attempts = Acknowledgement.objects.filter(attempted_at__lt=before, messages=None)
    return {
        "outbound": _delete(outbound, should_stop, progress),
        "inbound": _delete(inbound, should_stop, progress),
        "requests": _delete(requests, should_stop, progress),
        "acknowledgements": _delete(attempts, should_stop, progress),
        "drafts": _delete_drafts(before, should_stop, progress),
    }


def blank(
    *,
    before: datetime,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, int]:
    """Take texts and numbers out of what was made before this moment and has come to its end; returns counts.

    States, times, lines and prices stay, so that figures stay right. An idempotency key stays too: the call
    that it was made for must not send again; choose keys that tell nothing of a person. Drafts are deleted,
    sent or not: no figure counts them.
    """
    outbound, inbound = _ended(before)
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
            SendRequest.objects.filter(created_at__lt=before, due_at=None)
            .exclude(Exists(OutboundMessage.objects.filter(request=OuterRef("pk")).exclude(text="")))
            .exclude(error_message="", answer=""),
            {"error_message": "", "answer": ""},
            should_stop,
            progress,
        ),
        "drafts": _delete_drafts(before, should_stop, progress),
    }


def _delete_drafts(before: datetime, should_stop: Callable[[], bool], progress: Callable[[int], None]) -> int:
    """What was written to be sent, with the numbers it was for: what was sent of it are messages by now."""

    def delete(pks: list[int]) -> int:
        _delete(DraftRow.objects.filter(draft__in=pks), should_stop, progress)
        # Those whose rows are gone: a stop may have left some.
        return _delete(SendDraft.objects.filter(pk__in=pks, rows=None), should_stop, progress)

    return each_chunk(SendDraft.objects.filter(created_at__lt=before), delete, should_stop=should_stop)


def _ended(before: datetime) -> "tuple[QuerySet[OutboundMessage], QuerySet[InboundMessage]]":
    """The finished messages from before this moment."""
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
    # The condition stands in the UPDATE too: a message that was queued again meanwhile keeps its text.
    return each_chunk(
        rows,
        lambda pks: rows.filter(pk__in=pks).update(**values),
        should_stop=should_stop,
        progress=progress,
    )


def _delete(rows: "QuerySet[Any]", should_stop: Callable[[], bool], progress: Callable[[int], None]) -> int:
    # The condition stands in the DELETE too: a message that was queued again meanwhile is kept.
    return each_chunk(
        rows, lambda pks: rows.filter(pk__in=pks).delete()[0], should_stop=should_stop, progress=progress
    )
