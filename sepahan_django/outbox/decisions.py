"""Decisions about messages that only an operator may make."""

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from sepahan_django.db.chunks import each_chunk
from sepahan_django.db.transactions import retrying
from sepahan_django.models import MessageState, OutboundMessage, OutboundMessageQuerySet


def cancel(messages: OutboundMessageQuerySet) -> int:
    """Cancel those of these messages that are still queued; returns how many."""
    return _each_chunk(
        messages.filter(state=MessageState.QUEUED), lambda rows: rows.move(MessageState.CANCELLED)
    )


def send_again(messages: OutboundMessageQuerySet) -> int:
    """Queue again those that failed or are in doubt; returns how many.

    A message in doubt may have been sent before: this is the one place where it can go out twice, on an
    operator's decision.
    """
    # Messages whose number was pruned have no recipient.
    again = messages.filter(state__in=(MessageState.FAILED, MessageState.IN_DOUBT)).exclude(recipient="")
    now = timezone.now()
    return _each_chunk(
        again,
        lambda rows: rows.move(
            MessageState.QUEUED, request=None, error_code=None, error_message="", due_at=now
        ),
    )


def send_now(messages: OutboundMessageQuerySet) -> int:
    """Make the queued ones of these messages due now, whatever their schedule; returns how many.

    One that is past its time stays as it is: it must not go out any more.
    """
    now = timezone.now()
    waiting = messages.filter(state=MessageState.QUEUED).exclude(recipient="").exclude(expires_at__lte=now)
    return _each_chunk(waiting, lambda rows: rows.filter(state=MessageState.QUEUED).update(due_at=now))


def mark_sent(messages: OutboundMessageQuerySet) -> int:
    """Mark messages in doubt as sent, on an operator's word; returns how many."""
    now = timezone.now()
    return _each_chunk(
        messages.filter(state=MessageState.IN_DOUBT),
        lambda rows: rows.move(MessageState.SENT, sent_at=now),
    )


def _each_chunk(messages: OutboundMessageQuerySet, change: Callable[[OutboundMessageQuerySet], int]) -> int:
    # Workers write the same rows, so it is tried again after a deadlock, say. Where the first try was
    # committed all the same, the second finds nothing left to do, and the number told is too low.
    def once(pks: list[int]) -> int:
        with transaction.atomic():
            return change(OutboundMessage.objects.filter(pk__in=pks))

    return each_chunk(messages, lambda pks: retrying(lambda: once(pks)))
