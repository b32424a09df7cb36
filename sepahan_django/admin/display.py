"""How the pages show things: numbers left to right, times in Jalali, states as a word and a colour."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sepahan_django.models import ApiKey
from sepahan_django.values.jalali import format_datetime, localize_number

EMPTY = "—"


def number(value: str) -> str:
    """A phone number or an id: kept left to right and in Latin digits, so that it can be copied."""
    return format_html('<bdi dir="ltr" class="sepahan-number">{}</bdi>', value) if value else EMPTY


def moment(value: datetime | None) -> str:
    """A time in Jalali, Tehran; the Gregorian one on hover."""
    if value is None:
        return EMPTY
    shown = format_datetime(value)
    return format_html(
        '<time datetime="{}" title="{}" dir="ltr">{}</time>',
        value.isoformat(),
        value.isoformat(" ", "minutes"),
        shown,
    )


def text(value: str, *, most: int = 60) -> str:
    """A message's text, cut, in its own direction."""
    return format_html('<span dir="auto" class="sepahan-text">{}</span>', Truncator(value).chars(most))


def full_text(value: str) -> str:
    """A message's text with its line breaks, in its own direction."""
    return format_html('<div dir="auto" class="sepahan-bubble">{}</div>', value)


def state(value: str, label: Any) -> str:
    """A state as a word and a colour."""
    return format_html('<span class="sepahan-state sepahan-state-{}">{}</span>', value, label)


def rials(value: int | None) -> str:
    """An amount with its unit."""
    return EMPTY if value is None else _("%(amount)s Rials") % {"amount": localize_number(value)}


def age(value: datetime) -> str:
    """How long ago, in words."""
    minutes = max(int((timezone.now() - value).total_seconds() // 60), 0)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(count)s minute ago", "%(count)s minutes ago", minutes) % {
            "count": localize_number(minutes)
        }
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(count)s hour ago", "%(count)s hours ago", hours) % {
            "count": localize_number(hours)
        }
    days = hours // 24
    return ngettext("%(count)s day ago", "%(count)s days ago", days) % {"count": localize_number(days)}


def credit(account: ApiKey) -> str:
    """The credit last seen and its age."""
    if account.credit is None:
        return _("not asked yet")
    shown = rials(account.credit)
    if account.credit_checked_at is None:
        return shown
    return _("%(credit)s (%(age)s)") % {"credit": shown, "age": age(account.credit_checked_at)}


def may(request: HttpRequest, permission: str) -> bool:
    """Whether the user has one of this app's permissions."""
    return request.user.has_perm(f"sepahan_django.{permission}")


def account_notes(request: HttpRequest) -> list[str]:
    """What is wrong with the accounts, one sentence each, for the head of the pages."""
    notes = []
    for account in ApiKey.objects.filter(is_active=True)[:50]:
        if account.paused_until is not None:
            notes.append(
                _("The account “%(title)s” is paused: %(why)s")
                % {"title": account.title, "why": account.pause_reason}
            )
        if account.inbox_stopped_at is not None:
            notes.append(
                _("The inbox of “%(title)s” has stopped: %(why)s")
                % {"title": account.title, "why": account.inbox_stop_reason}
            )
    return notes
