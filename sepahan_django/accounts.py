"""Which account, its client, its credit, and the pauses that keep its messages waiting."""

import logging
import os
import random
import threading
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from sepahan_django import signals
from sepahan_django.conf import setting, timeouts
from sepahan_django.gateway.errors import SepahanError
from sepahan_django.gateway.secrets import Secret
from sepahan_django.models import ApiKey, MessageState, PauseKind, SenderLine
from sepahan_django.models.fields import UnreadableSecret
from sepahan_django.models.transactions import retrying

if TYPE_CHECKING:
    from sepahan_django.gateway import SepahanClient

logger = logging.getLogger("sepahan_django")

SETTINGS_TITLE = "settings"

PAUSES = {
    # kind: first pause, longest pause; doubled from one to the other
    PauseKind.ACCOUNT: (timedelta(minutes=5), timedelta(hours=2)),
    PauseKind.CREDIT: (timedelta(minutes=1), timedelta(minutes=15)),
}
BACKOFF = (timedelta(seconds=2), timedelta(minutes=5))


class AccountError(ValueError):
    """No account, or not this one, can be used; str() is one sentence for the caller."""


class UnknownAccount(AccountError):
    """There is no active account of that name, or none at all."""


class AccountUnusable(AccountError):
    """The account is there, but has no token that can be used."""


# Which account


def settings_account() -> ApiKey | None:
    """The row of the account kept in the settings, made when first needed; None where there is no token."""
    if not setting("API_KEY"):
        return None
    found = ApiKey.objects.filter(origin=ApiKey.SETTINGS_ORIGIN).first()
    if found is not None:
        return found
    taken = ApiKey.objects.filter(title=SETTINGS_TITLE).exists()
    title = f"{SETTINGS_TITLE}-{uuid.uuid4().hex[:6]}" if taken else SETTINGS_TITLE
    try:
        with transaction.atomic():
            return ApiKey.objects.create(origin=ApiKey.SETTINGS_ORIGIN, title=title)
    except IntegrityError:  # another process made it in this moment
        with transaction.atomic():  # locked, since an older snapshot would not show it
            return ApiKey.objects.select_for_update().get(origin=ApiKey.SETTINGS_ORIGIN)


def resolve(account: ApiKey | str | None = None) -> ApiKey:
    """The account that is meant: a row, a title, or None for the default.

    The default is the row marked so, else the account in the settings, else the only one there is.
    UnknownAccount where there is none.
    """
    if isinstance(account, ApiKey):
        found: ApiKey | None = account
    elif isinstance(account, str):
        found = _titled(account)
    elif account is None:
        found = _default()
    else:
        raise UnknownAccount(_("An account is named by its title or given as an ApiKey."))
    assert found is not None
    if not found.is_active:
        raise UnknownAccount(_("The account “%(title)s” is not active.") % {"title": found.title})
    return found


def _titled(title: str) -> ApiKey:
    found = ApiKey.objects.filter(title=title).first()
    if found is None and title == SETTINGS_TITLE:
        found = settings_account()
    if found is None:
        raise UnknownAccount(_("There is no account with the title “%(title)s”.") % {"title": title})
    return found


def _default() -> ApiKey:
    active = ApiKey.objects.filter(is_active=True)
    found = active.filter(is_default=True).first() or settings_account()
    if found is not None:
        return found
    others = list(active.filter(origin=None)[:2])
    if len(others) == 1:
        return others[0]
    if others:
        raise UnknownAccount(_("There are several accounts and none is the default: say which."))
    raise UnknownAccount(
        _("There is no account: set SEPAHAN[“API_KEY”] in the settings or store a token in the admin.")
    )


def active_accounts(account: ApiKey | str | None = None) -> list[ApiKey]:
    """The accounts that a command works for: the one named, or all that are active."""
    if account is not None:
        return [resolve(account)]
    settings_account()
    rows = ApiKey.objects.filter(is_active=True)
    if not setting("API_KEY"):
        rows = rows.filter(origin=None)
    return list(rows)


def default_sender(api_key: ApiKey) -> str:
    """The line to send from when none is given: the account's default line, the setting, its only line."""
    lines = list(SenderLine.objects.filter(api_key=api_key, is_active=True).order_by("-is_default", "pk")[:2])
    if lines and lines[0].is_default:
        return lines[0].number
    if setting("SENDER"):
        return str(setting("SENDER"))
    return lines[0].number if len(lines) == 1 else ""


def visible_to(user: Any) -> QuerySet[ApiKey]:
    """The accounts that a member of staff may see and use: those limited to no group, or to one of theirs."""
    rows = ApiKey.objects.all()
    # A project's own model of users need not have either.
    if getattr(user, "is_superuser", False):
        return rows
    if not hasattr(user, "groups"):
        return rows.filter(is_limited=False)
    return rows.filter(Q(is_limited=False) | Q(groups__in=user.groups.all())).distinct()


def hidden_from(user: Any) -> list[int]:
    """The ids of the accounts that this member of staff may not see; usually none."""
    if getattr(user, "is_superuser", False):
        return []
    return list(ApiKey.objects.exclude(pk__in=visible_to(user).values("pk")).values_list("pk", flat=True))


def is_used(api_key: ApiKey) -> bool:
    """Whether messages or requests belong to the account, so that it can't be deleted."""
    return api_key.messages.exists() or api_key.inbound_messages.exists() or api_key.requests.exists()


# Its client


def token_of(api_key: ApiKey) -> Secret:
    """The account's token. AccountUnusable says why there is none."""
    token = Secret(setting("API_KEY").strip()) if api_key.is_from_settings else api_key.token
    if isinstance(token, UnreadableSecret):
        raise AccountUnusable(
            _(
                "The token of the account “%(title)s” can't be decrypted: put the key it was stored with "
                "into SEPAHAN[“ENCRYPTION_KEYS”] or SECRET_KEY_FALLBACKS, or enter the token again."
            )
            % {"title": api_key.title}
        )
    if not token:
        raise AccountUnusable(_("The account “%(title)s” has no token.") % {"title": api_key.title})
    return Secret(token)


def address_of(api_key: ApiKey) -> str:
    """Where the account's token is sent to. That of the settings goes nowhere but where the settings say."""
    own = "" if api_key.is_from_settings else api_key.base_url
    return own or str(setting("BASE_URL"))


_clients: dict[int, tuple[tuple[Any, ...], "SepahanClient"]] = {}
_clients_pid = os.getpid()
_clients_lock = threading.Lock()


def client_for(api_key: ApiKey) -> "SepahanClient":
    """The account's client, kept for as long as its settings are the same, so connections stay open.

    AccountUnusable when the account has no token or a setting can't be used.
    """
    wait = timeouts()
    arguments = {
        "base_url": address_of(api_key),
        "timeout": (wait.connect, wait.read),
        "ca_bundle": setting("CA_BUNDLE"),
        "max_requests_per_second": setting("MAX_REQUESTS_PER_SECOND"),
    }
    token = token_of(api_key)
    made_from = (setting("CLIENT"), token, *arguments.values())
    global _clients_pid
    with _clients_lock:
        if _clients_pid != os.getpid():  # two processes on one connection would read each other's answers
            _clients.clear()
            _clients_pid = os.getpid()
        known = _clients.get(api_key.pk)
        if known is not None and known[0] == made_from:
            return known[1]
        try:
            client: SepahanClient = import_string(made_from[0])(token, **arguments)
        except ImportError as error:
            raise ImproperlyConfigured(f'SEPAHAN["CLIENT"] can\'t be imported: {error}') from error
        except ValueError as error:
            raise AccountUnusable(
                _("The account “%(title)s” can't be used: %(why)s") % {"title": api_key.title, "why": error}
            ) from None
        _clients[api_key.pk] = (made_from, client)
        return client


def forget_clients() -> None:
    """Drop the kept clients; for tests and after a change of settings."""
    with _clients_lock:
        _clients.clear()


def generate_api_key(
    *,
    title: str,
    username: str,
    password: str,
    domain: str,
    ips: Iterable[str] = (),
    base_url: str = "",
) -> ApiKey:
    """Make a token at the gateway and store it as an account; the panel's password is not kept.

    The title is checked before the call, so that no token is made that can't be stored. Raises the
    gateway's errors, and AccountUnusable when an address or the title can't be used.
    """
    if not title or ApiKey.objects.filter(title=title).exists():
        raise AccountUnusable(_("There is an account with the title “%(title)s” already.") % {"title": title})
    username, password = Secret(username), Secret(password)
    wait = timeouts()
    try:
        # The client insists on a token, and this one method doesn't send it.
        client: SepahanClient = import_string(setting("CLIENT"))(
            "none",
            base_url=base_url or setting("BASE_URL"),
            timeout=(wait.connect, wait.read),
            ca_bundle=setting("CA_BUNDLE"),
            max_requests_per_second=None,
        )
        # At once a Secret, also of a client that gives a plain text: what fails below must not show it.
        token = Secret(
            client.generate_api_key(
                title=title, username=username, password=password, domain=domain, ips=tuple(ips)
            )
        )
    except ValueError as error:
        raise AccountUnusable(str(error)) from None
    is_first = not ApiKey.objects.filter(is_default=True).exists() and not setting("API_KEY")
    return ApiKey.objects.create(title=title, token=token, base_url=base_url, is_default=is_first)


# Its pause: the gateway refuses the account, or it has no credit


def is_held(api_key: ApiKey, *, now: datetime) -> bool:
    """Whether the account's messages must wait now. A new token ends a pause that the old one caused."""
    if api_key.paused_until is None or _token_changed(api_key):
        return False
    if not api_key.pause_kind:  # set by the project's own code, for as long as it likes
        return now < api_key.paused_until
    _first, longest = PAUSES[PauseKind(api_key.pause_kind)]
    # A pause longer than the longest was begun by a clock that was ahead.
    return now < api_key.paused_until <= now + longest


def is_backing_off(api_key: ApiKey, *, now: datetime) -> bool:
    """Whether the gateway has failed so often that a patient caller waits now."""
    _first, longest = BACKOFF
    return api_key.backoff_until is not None and now < api_key.backoff_until <= now + longest


def is_refused(api_key: ApiKey, *, now: datetime) -> bool:
    """Whether the account must not call at all now, not even for states or inbound messages."""
    return api_key.pause_kind == PauseKind.ACCOUNT and is_held(api_key, now=now)


def _token_changed(api_key: ApiKey) -> bool:
    return bool(api_key.paused_token) and api_key.paused_token != _fingerprint(api_key)


def _fingerprint(api_key: ApiKey) -> str:
    """Tells one token from another without telling the token."""
    try:
        token = token_of(api_key)
    except AccountUnusable:
        return ""
    value = Secret(f"{token}@{api_key.base_url}")
    return salted_hmac("sepahan_django.paused_token", value, algorithm="sha256").hexdigest()


def pause(api_key: ApiKey, *, kind: PauseKind, reason: str, since: datetime | None = None) -> None:
    """Let the account's messages wait, each time longer. `account_paused` is sent when it was not paused.

    `since` is when the call that was refused began: of many workers' calls that were under way when the
    pause began, the first refusal counts.
    """
    retrying(lambda: _pause(api_key, kind=kind, reason=reason, since=since))


def _pause(api_key: ApiKey, *, kind: PauseKind, reason: str, since: datetime | None) -> None:
    first, longest = PAUSES[kind]
    with transaction.atomic():
        row = _locked(api_key)
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
        row.paused_token = _fingerprint(row)
        row.save(
            update_fields=["paused_until", "pause_kind", "pause_reason", "paused_token", "pauses_in_a_row"]
        )
        if is_new:
            logger.warning("The account %s is paused: %s", row.title, reason)
            signals.send_on_commit(signals.account_paused, sender=ApiKey, api_key=row, reason=reason)


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
    """End the pause and the back-off: the account works again, or a person says *try again now*."""
    if not (api_key.paused_until or api_key.failures_in_a_row or api_key.backoff_until):
        return  # it was working; a write after each request would only make workers wait for each other
    troubled = Q(paused_until__isnull=False) | Q(failures_in_a_row__gt=0) | Q(backoff_until__isnull=False)
    working = {
        "paused_until": None,
        "pause_kind": "",
        "pause_reason": "",
        "paused_token": "",  # nosec B105
        "pauses_in_a_row": 0,
        "backoff_until": None,
        "failures_in_a_row": 0,
    }
    if retrying(lambda: ApiKey.objects.filter(troubled, pk=api_key.pk).update(**working)):
        logger.info("The account %s works again.", api_key.title)


def let_in(api_key: ApiKey) -> None:
    """The gateway has answered something else than a submission: ends a pause of the account that is over.

    Not where messages wait: whether they are let in as well, the one of them that tries first finds out.
    """
    now = timezone.now()
    if api_key.pause_kind != PauseKind.ACCOUNT or api_key.paused_until is None or is_held(api_key, now=now):
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
        row = _locked(api_key)
        row.failures_in_a_row = min(row.failures_in_a_row + 1, 30)
        # The first failure costs no wait: a single lost answer must not hold up the next message.
        length = min(first * 2 ** (row.failures_in_a_row - 2), longest) * (row.failures_in_a_row > 1)
        row.backoff_until = timezone.now() + length * random.uniform(0.5, 1)  # noqa: S311 - jitter
        row.save(update_fields=["failures_in_a_row", "backoff_until"])
        if row.failures_in_a_row == 1:
            logger.warning("The gateway can't send for the account %s: %s", row.title, reason)


def _locked(api_key: ApiKey) -> ApiKey:
    """The row as it is now, locked to the end of the transaction.

    The UPDATE comes first because SQLite takes its write lock only then, and a transaction that has read
    before can't wait for it.
    """
    ApiKey.objects.filter(pk=api_key.pk).update(failures_in_a_row=F("failures_in_a_row"))
    return ApiKey.objects.select_for_update().get(pk=api_key.pk)


# Its credit


def refresh_credit(api_key: ApiKey) -> int:
    """Ask the gateway for the account's credit and keep it. Rials.

    Ends a pause for want of credit when there is more of it than before. Raises the gateway's errors.
    """
    credit = client_for(api_key).credit()
    has_more, row = retrying(lambda: _keep_credit(api_key, credit))
    if row.pause_kind == PauseKind.CREDIT and has_more:
        resume(row)
    return credit


def _keep_credit(api_key: ApiKey, credit: int) -> tuple[bool, ApiKey]:
    with transaction.atomic():
        row = _locked(api_key)
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


def pause_for_credit(api_key: ApiKey, *, reason: str) -> None:
    """The gateway says that there is too little credit.

    The credit is asked for first: only more than what was too little ends the pause.
    """
    try:
        refresh_credit(api_key)
    except (SepahanError, AccountError):
        ApiKey.objects.filter(pk=api_key.pk).update(credit=None)  # whatever comes next counts as more
    pause(api_key, kind=PauseKind.CREDIT, reason=reason)


def _note_level(row: ApiKey) -> None:
    """Send `credit_low` when the credit has come below the limit, once until it is above it again."""
    limit = setting("LOW_CREDIT")
    if limit is None or row.credit is None:
        return
    is_low = row.credit < limit
    changed = ApiKey.objects.filter(pk=row.pk, credit_was_low=not is_low).update(credit_was_low=is_low)
    if changed and is_low:
        signals.send_on_commit(signals.credit_low, sender=ApiKey, api_key=row, credit=row.credit)
