"""An account's credit: asked for, counted down, and noticed when it runs low."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from sepahan_django import signals
from sepahan_django.accounts.clients import client_for
from sepahan_django.accounts.errors import AccountError
from sepahan_django.accounts.pausing import locked, pause, resume
from sepahan_django.conf import setting
from sepahan_django.db.transactions import retrying
from sepahan_django.gateway.errors import SepahanError
from sepahan_django.models import ApiKey, PauseKind


def refresh_credit(api_key: ApiKey) -> int:
    """Ask the gateway for the account's credit and keep it. Rials.

    Ends a pause for lack of credit if the credit has grown. Raises the gateway's errors.
    """
    credit = client_for(api_key).credit()
    has_more, row = retrying(lambda: _keep_credit(api_key, credit))
    if row.pause_kind == PauseKind.CREDIT and has_more:
        resume(row)
    return credit


def _keep_credit(api_key: ApiKey, credit: int) -> tuple[bool, ApiKey]:
    with transaction.atomic():
        row = locked(api_key)
        has_more = credit > 0 and (row.credit is None or credit > row.credit)
        row.credit, row.credit_checked_at = credit, timezone.now()
        row.save(update_fields=["credit", "credit_checked_at"])
        _note_level(row)
    return has_more, row


def spend(api_key: ApiKey, price: int) -> None:
    """Take what a request cost off the credit last seen, so that pages show it before the next check."""
    ApiKey.objects.filter(pk=api_key.pk, credit__isnull=False).update(credit=F("credit") - price)
    if setting("LOW_CREDIT") is not None:
        _note_level(ApiKey.objects.get(pk=api_key.pk))


def pause_for_credit(api_key: ApiKey, *, reason: str, code: int | None = None) -> None:
    """Pause the account because the gateway reports too little credit.

    The credit is fetched first: only a higher credit than this ends the pause.
    """
    try:
        refresh_credit(api_key)
    except (SepahanError, AccountError):
        ApiKey.objects.filter(pk=api_key.pk).update(credit=None)  # whatever comes next counts as more
    pause(api_key, kind=PauseKind.CREDIT, reason=reason, code=code)


def _note_level(row: ApiKey) -> None:
    """Send `credit_low` when the credit has come below the limit, once until it is above it again."""
    limit = setting("LOW_CREDIT")
    if limit is None or row.credit is None:
        return
    is_low = row.credit < limit
    changed = ApiKey.objects.filter(pk=row.pk, credit_was_low=not is_low).update(credit_was_low=is_low)
    if changed and is_low:
        signals.send_on_commit(signals.credit_low, sender=ApiKey, api_key=row, credit=row.credit)
