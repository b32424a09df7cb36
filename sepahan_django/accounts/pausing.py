"""The pauses that keep an account's messages waiting: the gateway refuses it, or it has no credit."""

import logging
import random
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from sepahan_django import signals
from sepahan_django.accounts.clients import token_of
from sepahan_django.accounts.errors import AccountUnusable
from sepahan_django.db.transactions import retrying
from sepahan_django.gateway.secrets import Secret
from sepahan_django.models import ApiKey, MessageState, PauseKind

logger = logging.getLogger("sepahan_django")

PAUSES = {
    # kind: first pause, longest pause; doubled from one to the other
    PauseKind.ACCOUNT: (timedelta(minutes=5), timedelta(hours=2)),
    PauseKind.CREDIT: (timedelta(minutes=1), timedelta(minutes=15)),
}
BACKOFF = (timedelta(seconds=2), timedelta(minutes=5))


def must_wait(api_key: ApiKey, *, now: datetime) -> bool:
    """Whether the account's messages must wait now. A new token ends a pause that the old one caused."""
    if api_key.paused_until is None or _token_changed(api_key):
        return False
    if not api_key.pause_kind:  # set by the project's own code, for as long as it likes
        return now < api_key.paused_until
    _first, longest = PAUSES[PauseKind(api_key.pause_kind)]
    # A pause longer than the maximum was started by a clock that was ahead.
    return now < api_key.paused_until <= now + longest


def is_backing_off(api_key: ApiKey, *, now: datetime) -> bool:
    """Whether the gateway has failed so often that a patient caller waits now."""
    _first, longest = BACKOFF
    return api_key.backoff_until is not None and now < api_key.backoff_until <= now + longest


def may_not_call(api_key: ApiKey, *, now: datetime) -> bool:
    """Whether the account must not call at all now, not even for states or inbound messages."""
    return api_key.pause_kind == PauseKind.ACCOUNT and must_wait(api_key, now=now)


def _token_changed(api_key: ApiKey) -> bool:
    return bool(api_key.paused_token) and api_key.paused_token != _fingerprint(api_key)


def _fingerprint(api_key: ApiKey) -> str:
    """Identify a token without revealing it."""
    try:
        token = token_of(api_key)
    except AccountUnusable:
        return ""
    value = Secret(f"{token}@{api_key.base_url}")
    return salted_hmac("sepahan_django.paused_token", value, algorithm="sha256").hexdigest()


def pause(
    api_key: ApiKey, *, kind: PauseKind, reason: str, code: int | None = None, since: datetime | None = None
) -> None:
    """Let the account's messages wait, each time longer. `account_paused` is sent when it was not paused.

    `reason` is for people, `code` the gateway's number for it. `since` is when the call that was refused
    began: of many workers' calls that were under way when the pause began, the first refusal counts.
    """
    retrying(lambda: _pause(api_key, kind=kind, reason=reason, code=code, since=since))


def _pause(
    api_key: ApiKey, *, kind: PauseKind, reason: str, code: int | None, since: datetime | None
) -> None:
    first, longest = PAUSES[kind]
    with transaction.atomic():
        row = locked(api_key)
        is_new = row.paused_until is None or row.pause_kind != kind
        if not is_new and since is not None and row.paused_until is not None:
            # A probe's pause is a first one, so the probe itself began after this.
            began = row.paused_until - min(first * 2 ** (row.pauses_in_a_row - 1), longest)
            if since < began:
                return
        row.pauses_in_a_row = 1 if is_new else min(row.pauses_in_a_row + 1, 30)
        length = min(first * 2 ** (row.pauses_in_a_row - 1), longest)
        row.paused_until = timezone.now() + length
        row.pause_kind = kind
        row.pause_reason = reason
        row.pause_code = code
        row.paused_token = _fingerprint(row)
        row.save(
            update_fields=[
                "paused_until",
                "pause_kind",
                "pause_reason",
                "pause_code",
                "paused_token",
                "pauses_in_a_row",
            ]
        )
        if is_new:
            logger.warning("The account %s is paused: %s", row.title, reason)
            signals.send_on_commit(signals.account_paused, sender=ApiKey, api_key=row, reason=str(reason))


def take_probe(api_key: ApiKey, *, now: datetime) -> bool:
    """Whether this process may try a paused account whose pause has ended.

    One conditional UPDATE, so that of many submitters one tries and the others go on waiting.
    """
    if api_key.paused_until is None:
        return True
    first, _longest = PAUSES[PauseKind(api_key.pause_kind or PauseKind.ACCOUNT)]
    mine = ApiKey.objects.filter(pk=api_key.pk, paused_until=api_key.paused_until)
    return mine.update(paused_until=now + first) == 1


def resume(api_key: ApiKey) -> None:
    """End the pause and the back-off: the account works again, or an operator clicks *Try again now*."""
    if not (api_key.paused_until or api_key.failures_in_a_row or api_key.backoff_until):
        return  # it was working; a write after each request would only make workers wait for each other
    troubled = Q(paused_until__isnull=False) | Q(failures_in_a_row__gt=0) | Q(backoff_until__isnull=False)
    working = {
        "paused_until": None,
        "pause_kind": "",
        "pause_reason": "",
        "pause_code": None,
        "paused_token": "",  # nosec B105
        "pauses_in_a_row": 0,
        "backoff_until": None,
        "failures_in_a_row": 0,
    }
    if retrying(lambda: ApiKey.objects.filter(troubled, pk=api_key.pk).update(**working)):
        logger.info("The account %s works again.", api_key.title)


def end_expired_pause(api_key: ApiKey) -> None:
    """End a pause whose time is over, after the gateway has answered something other than a submission.

    Not while messages wait: whether they are accepted too, the first of them to be tried finds out.
    """
    now = timezone.now()
    if api_key.pause_kind != PauseKind.ACCOUNT or api_key.paused_until is None or must_wait(api_key, now=now):
        return
    waiting = api_key.messages.filter(state=MessageState.QUEUED, due_at__lte=now)
    if not waiting.exists() and not api_key.requests.due(now=now).exists():
        resume(api_key)


def back_off(api_key: ApiKey, *, reason: str) -> None:
    """The gateway can't be reached or can't send now: wait, from the second time on, ever longer."""
    retrying(lambda: _back_off(api_key, reason=reason))


def _back_off(api_key: ApiKey, *, reason: str) -> None:
    first, longest = BACKOFF
    with transaction.atomic():
        row = locked(api_key)
        row.failures_in_a_row = min(row.failures_in_a_row + 1, 30)
        # The first failure costs no wait: a single lost answer must not hold up the next message.
        length = min(first * 2 ** (row.failures_in_a_row - 2), longest) * (row.failures_in_a_row > 1)
        row.backoff_until = timezone.now() + length * random.uniform(0.5, 1)  # noqa: S311 - jitter
        row.save(update_fields=["failures_in_a_row", "backoff_until"])
        if row.failures_in_a_row == 1:
            logger.warning("The gateway can't send for the account %s: %s", row.title, reason)


def locked(api_key: ApiKey) -> ApiKey:
    """The row as it is now, locked to the end of the transaction.

    The UPDATE comes first because SQLite takes its write lock only then, and a transaction that has read
    before can't wait for it.
    """
    ApiKey.objects.filter(pk=api_key.pk).update(failures_in_a_row=F("failures_in_a_row"))
    return ApiKey.objects.select_for_update().get(pk=api_key.pk)
