"""Claiming messages, or an abandoned request, exclusively."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet

from sepahan_django import signals
from sepahan_django.conf import timeouts
from sepahan_django.db.transactions import retrying
from sepahan_django.models import (
    ApiKey,
    Campaign,
    MessageState,
    OutboundMessage,
    Priority,
    RequestState,
    SendRequest,
)

BATCH = 100
"""Messages a request, the gateway's limit."""

EXPIRY_CHUNK = 500


@dataclass
class Claim:
    """A request that this process holds until `until`, and its messages in the order they go out.

    `may_have_been_sent` tells that an earlier attempt may have reached the gateway: ask before anything else.
    """

    request: SendRequest
    messages: list[OutboundMessage]
    until: datetime
    may_have_been_sent: bool
    expired: list[OutboundMessage] = field(default_factory=list)
    """Messages of the request that must not go out any more; what becomes of them is settled with it."""


def claim_duration() -> timedelta:
    """How long a claim holds: twice the longest time that its HTTP call may take.

    It is also the pause before a request without an answer is taken up: it may still be on its way.
    """
    return timedelta(seconds=2 * timeouts().call)


def expire(api_key: ApiKey, *, now: datetime) -> int:
    """Expire the queued messages past their expiry time; returns how many."""
    total = 0
    while True:
        with transaction.atomic():
            waiting = OutboundMessage.objects.past_expiry(now=now).filter(api_key=api_key)
            # Locked before they are moved, so that the signal is sent for those moved here and no others.
            rows = list(_locked(waiting.order_by("expires_at"))[:EXPIRY_CHUNK])
            if not rows:
                return total
            pks = [message.pk for message in rows]
            total += OutboundMessage.objects.filter(pk__in=pks).move(MessageState.EXPIRED)
            for message in rows:
                message.note_state(MessageState.EXPIRED)
                signals.send_on_commit(signals.message_failed, sender=OutboundMessage, message=message)


def has_due(api_key: ApiKey, *, now: datetime, lanes: Collection[int] = tuple(Priority.values)) -> bool:
    """Whether a message of these lanes waits to be sent now, and no pause of its campaign holds it back."""
    paused = Campaign.objects.paused_pks()
    return any(
        OutboundMessage.objects.due(api_key=api_key, priority=lane, now=now).outside(paused).exists()
        for lane in lanes
    )


def claim(
    api_key: ApiKey, *, now: datetime, only: Collection[int] | None = None, limit: int = BATCH
) -> Claim | None:
    """Put up to `limit` due messages into a new request, the most urgent first; None when none is due.

    `only` narrows it to messages with these ids. After this commit the messages are `sending` and belong
    to a request whose id is stored: a crash at any later point leaves a request that is taken up by it.
    """
    with transaction.atomic():
        # The INSERT comes first because SQLite can wait for its write lock only in a transaction that has
        # not read yet. The attempt is recorded before it is made: from here on the request may be out.
        request = SendRequest.objects.create(
            request_id=SendRequest.fresh_request_id(),
            api_key=api_key,
            state=RequestState.SENDING,
            attempts=1,
            claims=1,
            first_attempt_at=now,
            last_attempt_at=now,
            due_at=now + claim_duration(),
        )
        messages: list[OutboundMessage] = []
        # Asked for in here, so that a pause holds from this claim on.
        paused = Campaign.objects.paused_pks()
        for lane in Priority.values:
            due = OutboundMessage.objects.due(api_key=api_key, priority=lane, now=now).outside(paused)
            if only is not None:
                due = due.filter(pk__in=only)
            if room := min(limit, BATCH) - len(messages):
                messages += _locked(due)[:room]
        pks = [message.pk for message in messages]
        # The condition in `move` is what makes a claim exclusive on every database; the locks above only
        # spare the waiting.
        if not pks or OutboundMessage.objects.filter(pk__in=pks).move(
            MessageState.SENDING, request=request, error_code=None, error_message=""
        ) != len(pks):
            transaction.set_rollback(True)
            return None
    for message in messages:
        message.note_state(MessageState.SENDING, request=request)
    return Claim(request=request, messages=messages, until=now + claim_duration(), may_have_been_sent=False)


def _locked(rows: QuerySet[OutboundMessage]) -> QuerySet[OutboundMessage]:
    return rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)


def take_up(api_key: ApiKey, *, now: datetime, pk: int | None = None) -> Claim | None:
    """Take a request whose time has come: half of a split one, one in doubt, or one whose holder has died."""
    due = SendRequest.objects.due(now=now).filter(api_key=api_key).order_by("due_at", "pk")
    if pk is not None:
        due = due.filter(pk=pk)
    for request in due[:BATCH]:
        mine = SendRequest.objects.filter(pk=request.pk, claims=request.claims, due_at=request.due_at)
        may_have_been_sent = request.attempts > 0
        taken = mine.update(
            claims=F("claims") + 1,
            attempts=request.attempts if may_have_been_sent else 1,
            state=RequestState.IN_DOUBT if may_have_been_sent else RequestState.SENDING,
            first_attempt_at=request.first_attempt_at or now,
            last_attempt_at=request.last_attempt_at or now,
            due_at=now + claim_duration(),
        )
        if taken:
            request.refresh_from_db()
            messages = list(request.messages.filter(state=MessageState.SENDING).order_by("pk"))
            return Claim(
                request=request,
                messages=messages,
                until=now + claim_duration(),
                may_have_been_sent=may_have_been_sent,
            )
    return None


def renew(claim: Claim, *, now: datetime, **attempt: Any) -> bool:
    """Hold the claim once more as long, and record an attempt about to be made; False when it is lost."""
    mine = SendRequest.objects.filter(pk=claim.request.pk, claims=claim.request.claims)
    changed = retrying(lambda: mine.update(due_at=now + claim_duration(), **attempt))
    claim.until = now + claim_duration()
    return changed == 1
