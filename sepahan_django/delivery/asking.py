"""Asking the gateway what became of sent messages."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from sepahan_django import accounts
from sepahan_django.conf import timeouts
from sepahan_django.db.transactions import retrying
from sepahan_django.delivery.recording import record
from sepahan_django.delivery.schedule import FRESH, OLDEST, is_night, next_night
from sepahan_django.gateway.codes import DeliveryStatus, ErrorCode, Verdict
from sepahan_django.gateway.errors import Rejected, SepahanError
from sepahan_django.models import ApiKey, MessageState, OutboundMessage, OutboundMessageQuerySet, PauseKind
from sepahan_django.values.sentences import sentence as _
from sepahan_django.wording import client_failed, describe, explain

logger = logging.getLogger("sepahan_django")

BATCH = 100
"""Ids a request, the gateway's limit."""

MAX_REFRESHED = 1000
"""Messages that an operator may refresh at once."""


@dataclass
class SyncReport:
    """What a run did: messages asked for and changed, and what kept an account from being asked."""

    tally: Counter[str] = field(default_factory=Counter)
    troubles: dict[str, str] = field(default_factory=dict)


def sync(
    account: ApiKey | str | None = None,
    *,
    limit: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda done: None,
) -> SyncReport:
    """Ask for all messages whose time to ask has come, or at most `limit`, and record the answers."""
    report = SyncReport()
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
    report: SyncReport,
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
            report.troubles[account.title] = describe(error)
            break
        except (DatabaseError, InterfaceError):
            raise
        except Exception as error:  # an error in the client must not keep the other accounts from being asked
            logger.exception("The delivery statuses of the account %s could not be checked.", account.title)
            report.troubles[account.title] = client_failed(error)
            break
        if not asked:
            break
        total += asked
        progress(asked)
    return total


def refresh(messages: OutboundMessageQuerySet) -> SyncReport:
    """Ask now for those of these messages that can still change, at most a thousand of them."""
    report = SyncReport()
    waiting = messages.filter(state=MessageState.SENT, gateway_id__isnull=False)
    pks = list(waiting.order_by("-pk").values_list("pk", flat=True)[:MAX_REFRESHED])
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
    if accounts.may_not_call(account, now=now):
        raise accounts.AccountUnusable(_("paused: %(why)s", why=account.pause_reason))
    if is_old:
        _stop_asking(account, now=now)
    if is_old and not is_night(now):
        _wait_for_night(account, now=now)
        return 0
    messages = retrying(lambda: _taken(account, is_old=is_old, most=most, only=only, now=now))
    if not messages:
        return 0
    client = accounts.client_for(account)
    ask = client.old_status if is_old else client.status
    try:
        statuses = _fetch_statuses(ask, [message.gateway_id or 0 for message in messages])
    except Rejected as error:
        if is_old and error.code == ErrorCode.PROVIDER_INACTIVE:
            _put_off(messages, until=next_night(now))
            return 0
        if error.verdict is Verdict.ACCOUNT_AT_FAULT:
            accounts.pause(account, kind=PauseKind.ACCOUNT, reason=explain(error), code=error.code)
        raise
    accounts.end_expired_pause(account)
    retrying(lambda: record(messages, statuses, tally))
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
    """Postpone old messages that are due by day, because last night's check was missed, to the next night."""
    _due(account, is_old=True, now=now).update(status_due_at=next_night(now))


def _stop_asking(account: ApiKey, *, now: datetime) -> None:
    """Stop asking for messages that no method answers for any longer."""
    _due(account, is_old=True, now=now).filter(sent_at__lte=now - OLDEST).update(status_due_at=None)


def _fetch_statuses(ask: Callable[[list[int]], list[int]], ids: list[int]) -> list[int]:
    """The statuses of these ids. One that the gateway refuses with -23 must not hide the others: halves."""
    try:
        return list(ask(ids))
    except Rejected as error:
        if error.code != ErrorCode.ID_NOT_FOUND:
            raise
        if len(ids) == 1:
            return [DeliveryStatus.ID_NOT_FOUND]
    half = len(ids) // 2
    return _fetch_statuses(ask, ids[:half]) + _fetch_statuses(ask, ids[half:])
