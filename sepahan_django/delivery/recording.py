"""Recording what became of sent messages."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from sepahan_django import signals
from sepahan_django.delivery.schedule import next_ask
from sepahan_django.gateway.codes import FINAL_STATUSES, DeliveryStatus
from sepahan_django.models import MessageState, OutboundMessage, OutboundMessageQuerySet


def record(messages: Sequence[OutboundMessage], statuses: Sequence[int], tally: Counter[str]) -> None:
    """Write what came back: one UPDATE for each status that occurs, one for each next time to ask.

    Only messages still `sent` are written, so that a final state never changes back, whoever else asks.
    """
    now = timezone.now()
    said = {message.pk: status for message, status in zip(messages, statuses, strict=True)}
    rows = OutboundMessage.objects.filter(pk__in=said)
    by_status: dict[int, list[int]] = defaultdict(list)
    by_next: dict[datetime | None, list[int]] = defaultdict(list)
    with transaction.atomic():
        # The UPDATE comes first, since SQLite can wait for its write lock only before it has read.
        rows.filter(state=MessageState.SENT).update(status_asked=F("status_asked") + 1)
        current = list(rows.filter(state=MessageState.SENT).select_for_update())
        for message in current:
            status = said[message.pk]
            by_status[status].append(message.pk)
            if status not in FINAL_STATUSES:
                sent_at = message.sent_at or now
                by_next[next_ask(sent_at=sent_at, asked=message.status_asked, now=now)].append(message.pk)
        for status, pks in by_status.items():
            _record_status(OutboundMessage.objects.filter(pk__in=pks), status, now=now)
        for again, pks in by_next.items():
            OutboundMessage.objects.filter(pk__in=pks).update(status_due_at=again)
        changed = [message for message in current if message.delivery_status != said[message.pk]]
        for message in changed:
            _announce(message, said[message.pk], now=now)
    tally["asked"] += len(messages)
    tally["changed"] += len(changed)
    tally["delivered"] += sum(message.state == MessageState.DELIVERED for message in changed)


def _state_for(status: int) -> MessageState:
    if status == DeliveryStatus.DELIVERED:
        return MessageState.DELIVERED
    return MessageState.UNDELIVERED if status in FINAL_STATUSES else MessageState.SENT


def _record_status(rows: OutboundMessageQuerySet, status: int, *, now: datetime) -> None:
    state = _state_for(status)
    if state is MessageState.SENT:
        rows.filter(state=MessageState.SENT).update(delivery_status=status)
    elif state is MessageState.DELIVERED:
        rows.move(state, delivery_status=status, delivered_at=now, status_due_at=None)
    else:
        rows.move(state, delivery_status=status, status_due_at=None)


def _announce(message: OutboundMessage, status: int, *, now: datetime) -> None:
    previous = message.delivery_status
    state = _state_for(status)
    message.note_state(state, delivery_status=status)
    if state is MessageState.DELIVERED:
        message.delivered_at = now
    signals.send_on_commit(
        signals.delivery_changed, sender=OutboundMessage, message=message, previous=previous
    )
