"""Asking the gateway what became of sent messages, and recording it."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from sepahan_django import accounts, signals
from sepahan_django.conf import timeouts
from sepahan_django.gateway.codes import FINAL_STATUSES, DeliveryStatus, ErrorCode, Verdict, verdict
from sepahan_django.gateway.errors import Rejected, SepahanError
from sepahan_django.labels import explain, sentence
from sepahan_django.models import ApiKey, MessageState, OutboundMessage, PauseKind
from sepahan_django.models.outbound import OutboundMessageQuerySet
from sepahan_django.models.transactions import retrying
from sepahan_django.values.jalali import TEHRAN

logger = logging.getLogger("sepahan_django")

BATCH = 100
"""Ids a request, the gateway's limit."""

MOST_AT_ONCE = 1000
"""Messages that a person may have asked for in one go."""

FIRST_ASK = timedelta(seconds=10)
FRESH = timedelta(hours=24)
"""How long `status` answers."""
OLD = timedelta(days=14)
"""How long `oldStatus` surely answers."""
OLDEST = timedelta(days=30)
"""Until when it may, which is worth one try."""
NIGHT = (time(1, 0), time(5, 0))
"""When `oldStatus` can be used, Tehran time."""
NIGHT_MARGIN = timedelta(minutes=5)


# When to ask


def first_ask(sent_at: datetime) -> datetime:
    """When the state of a message sent at `sent_at` is asked for first."""
    return sent_at + FIRST_ASK


def next_ask(*, sent_at: datetime, asked: int, now: datetime) -> datetime | None:
    """When to ask again a message that was asked for `asked` times; None to let it rest.

    Each pause is half as long again as the last, up to two hours; after a day once a night; after two
    weeks once more, and never after thirty days.
    """
    pause = min(FIRST_ASK * 1.5 ** min(asked, 40), timedelta(hours=2))
    if now + pause - sent_at < FRESH:
        return now + pause
    night = next_night(max(now, sent_at + FRESH))
    if now - sent_at >= OLD or night - sent_at >= OLDEST:
        return None
    return night


def next_night(after: datetime) -> datetime:
    """The start of the first nightly window that begins after this moment."""
    local = after.astimezone(TEHRAN)
    start = datetime.combine(local.date(), NIGHT[0], TEHRAN) + NIGHT_MARGIN
    return start if start > local else start + timedelta(days=1)


def is_night(now: datetime) -> bool:
    """Whether `oldStatus` can be used now."""
    start, end = NIGHT
    return start <= now.astimezone(TEHRAN).time() < end


# Asking


@dataclass
class Report:
    """What a run did: messages asked for and changed, and what kept an account from being asked."""

    tally: Counter[str] = field(default_factory=Counter)
    troubles: dict[str, str] = field(default_factory=dict)


def sync(
    account: ApiKey | str | None = None,
    *,
    limit: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda done: None,
) -> Report:
    """Ask for all messages whose time to ask has come, or at most `limit`, and record the answers."""
    report = Report()
    left = limit
    for row in accounts.active_accounts(account):
        for is_old in (False, True):
            done = _ask_all(
                row, is_old=is_old, report=report, limit=left, should_stop=should_stop, progress=progress
            )
            left = left if left is None else left - done
    return report


def _ask_all(
    account: ApiKey,
    *,
    is_old: bool,
    report: Report,
    only: Collection[int] | None = None,
    limit: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Ask for one account's messages, a hundred at a time, until none is due; returns how many."""
    total = 0
    while not should_stop() and (most := BATCH if limit is None else min(limit - total, BATCH)) > 0:
        try:
            asked = _ask_some(account, is_old=is_old, most=most, only=only, tally=report.tally)
        except (SepahanError, accounts.AccountError, ImproperlyConfigured) as error:
            report.troubles[account.title] = sentence(error)
            break
        except (DatabaseError, InterfaceError):
            raise
        except Exception as error:  # a fault of the client's own must not keep the others from being asked
            logger.exception("The states of the account %s could not be asked for.", account.title)
            report.troubles[account.title] = _("The client failed: %(error)s") % {
                "error": type(error).__name__
            }
            break
        if not asked:
            break
        total += asked
        progress(asked)
    return total


def refresh(messages: OutboundMessageQuerySet) -> Report:
    """Ask now for those of these messages that can still change, at most a thousand of them."""
    report = Report()
    waiting = messages.filter(state=MessageState.SENT, gateway_id__isnull=False)
    pks = list(waiting.order_by("-pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    OutboundMessage.objects.filter(pk__in=pks, state=MessageState.SENT).update(status_due_at=timezone.now())
    rows = ApiKey.objects.filter(is_active=True, pk__in=waiting.filter(pk__in=pks).values("api_key"))
    for row in rows:
        for is_old in (False, True):
            _ask_all(row, is_old=is_old, report=report, only=pks)
    return report


def _ask_some(
    account: ApiKey, *, is_old: bool, most: int, only: Collection[int] | None, tally: Counter[str]
) -> int:
    """Ask for up to `most` messages of one account; returns how many were asked for."""
    now = timezone.now()
    account.refresh_from_db()
    if accounts.is_refused(account, now=now):
        raise accounts.AccountUnusable(_("paused: %(why)s") % {"why": account.pause_reason})
    if is_old:
        _rest(account, now=now)
    if is_old and not is_night(now):
        _wait_for_night(account, now=now)
        return 0
    messages = retrying(lambda: _taken(account, is_old=is_old, most=most, only=only, now=now))
    if not messages:
        return 0
    client = accounts.client_for(account)
    ask = client.old_status if is_old else client.status
    try:
        statuses = _answers(ask, [message.gateway_id or 0 for message in messages])
    except Rejected as error:
        if is_old and error.code == ErrorCode.PROVIDER_INACTIVE:
            _put_off(messages, until=next_night(now))
            return 0
        if (
            verdict(error.code, http_status=error.http_status, readable=error.readable)
            is Verdict.ACCOUNT_AT_FAULT
        ):
            accounts.pause(account, kind=PauseKind.ACCOUNT, reason=explain(error))
        raise
    accounts.let_in(account)
    retrying(lambda: _record(messages, statuses, tally))
    return len(messages)


def _due(account: ApiKey, *, is_old: bool, now: datetime) -> OutboundMessageQuerySet:
    due = OutboundMessage.objects.filter(
        api_key=account, status_due_at__lte=now, state=MessageState.SENT, gateway_id__isnull=False
    )
    return due.filter(sent_at__lte=now - FRESH) if is_old else due.filter(sent_at__gt=now - FRESH)


def _taken(
    account: ApiKey, *, is_old: bool, most: int, only: Collection[int] | None, now: datetime
) -> list[OutboundMessage]:
    """Messages to ask for now, put off for as long as the call may take.

    So a second run at the same time asks for others, and a crash only means that these are asked later.
    """
    until = now + timedelta(seconds=2 * timeouts().call)
    skip = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        due = _due(account, is_old=is_old, now=now)
        if only is not None:
            due = due.filter(pk__in=only)
        pks = list(due.order_by("status_due_at").values_list("pk", flat=True)[:most])
        if not pks:
            return []
        rows = OutboundMessage.objects.filter(pk__in=pks, status_due_at__lte=now, state=MessageState.SENT)
        messages = list(rows.select_for_update(skip_locked=skip))
        OutboundMessage.objects.filter(pk__in=[m.pk for m in messages]).update(status_due_at=until)
    return messages


def _put_off(messages: Sequence[OutboundMessage], *, until: datetime) -> None:
    pks = [message.pk for message in messages]
    OutboundMessage.objects.filter(pk__in=pks, state=MessageState.SENT).update(status_due_at=until)


def _wait_for_night(account: ApiKey, *, now: datetime) -> None:
    """Old messages that fell due in the day, because nobody asked in the night, wait for the next."""
    _due(account, is_old=True, now=now).update(status_due_at=next_night(now))


def _rest(account: ApiKey, *, now: datetime) -> None:
    """Messages that no method answers for any more stay as they are."""
    _due(account, is_old=True, now=now).filter(sent_at__lte=now - OLDEST).update(status_due_at=None)


def _answers(ask: Callable[[list[int]], list[int]], ids: list[int]) -> list[int]:
    """The statuses of these ids. One that the gateway refuses with -23 must not hide the others: halves."""
    try:
        return list(ask(ids))
    except Rejected as error:
        if error.code != ErrorCode.ID_NOT_FOUND:
            raise
        if len(ids) == 1:
            return [DeliveryStatus.ID_NOT_FOUND]
    half = len(ids) // 2
    return _answers(ask, ids[:half]) + _answers(ask, ids[half:])


# Recording


def _record(messages: Sequence[OutboundMessage], statuses: Sequence[int], tally: Counter[str]) -> None:
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
