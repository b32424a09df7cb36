"""Which account and which line, and who may see them."""

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from sepahan_django.accounts.errors import UnknownAccount
from sepahan_django.conf import setting
from sepahan_django.models import ApiKey, SenderLine
from sepahan_django.values.sentences import sentence as _

SETTINGS_TITLE = "settings"


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
    """Return the account given as a row, a title, or None for the default.

    The default is the row marked as default, else the account in the settings, else the only account.
    Raises UnknownAccount if there is none.
    """
    if isinstance(account, ApiKey):
        found: ApiKey | None = account
    elif isinstance(account, str):
        found = _titled(account)
    elif account is None:
        found = _default()
    else:
        raise UnknownAccount(_("An account must be given by its title or as an ApiKey."))
    assert found is not None
    if not found.is_active:
        raise UnknownAccount(_("The account “%(title)s” is not active.", title=found.title))
    return found


def _titled(title: str) -> ApiKey:
    found = ApiKey.objects.filter(title=title).first()
    if found is None and title == SETTINGS_TITLE:
        found = settings_account()
    if found is None:
        raise UnknownAccount(_("There is no account with the title “%(title)s”.", title=title))
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
        raise UnknownAccount(_("There are several accounts and none is the default. Name one."))
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
