"""How the pages show things: numbers left to right, times in Jalali, states as a word and a colour."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sepahan_django.conf import CURRENCY_UNITS, choice
from sepahan_django.models import ApiKey
from sepahan_django.values.digits import is_persian, localize_digits, localize_number
from sepahan_django.values.jalali import format_datetime
from sepahan_django.values.visible import visible

EMPTY = "—"


def number(value: str) -> str:
    """A phone number or an id: kept left to right and in Latin digits, so that it can be copied."""
    shown = visible(value)
    return format_html('<bdi dir="ltr" class="sepahan-number">{}</bdi>', shown) if value else EMPTY


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


def moment_text(value: datetime) -> str:
    """A time in Jalali, where there can be no markup."""
    return format_datetime(value)


def text(value: str, *, most: int = 60) -> str:
    """A message's text, cut, in its own direction."""
    shown = Truncator(visible(value)).chars(most)
    return format_html('<span dir="auto" class="sepahan-text">{}</span>', shown)


def full_text(value: str) -> str:
    """A message's text with its line breaks, in its own direction."""
    return format_html('<div dir="auto" class="sepahan-bubble">{}</div>', visible(value))


def untrusted(value: str) -> str:
    """Text from elsewhere (the gateway, a receiver, a title), isolated in its own direction."""
    return (
        format_html('<span dir="auto" class="sepahan-foreign">{}</span>', visible(value)) if value else EMPTY
    )


def raw(value: str) -> str:
    """Raw machine output, folded away."""
    if not value:
        return EMPTY
    return format_html(
        '<details><summary>{}</summary><pre dir="ltr" class="sepahan-raw" tabindex="0">{}</pre></details>',
        _("Show"),
        visible(value),
    )


def state(value: str, label: Any, hint: Any = "") -> str:
    """A state as a word and a colour; on hover, what it means."""
    if not hint:
        return format_html('<span class="sepahan-state sepahan-state-{}">{}</span>', value, label)
    return format_html(
        '<span class="sepahan-state sepahan-state-{}" title="{}">{}</span>', value, hint, label
    )


def money(rials: int | None) -> str:
    """An amount of Rials in the unit that the project shows; in Toman with the Rials on hover."""
    if rials is None:
        return EMPTY
    if _shows_rials():
        return money_text(rials)
    return format_html('<span title="{}">{}</span>', _rials(rials), _tomans(rials))


def money_text(rials: int) -> str:
    """An amount of Rials in the unit that the project shows, where there can be no markup."""
    return _rials(rials) if _shows_rials() else _tomans(rials)


def money_unit() -> str:
    """The unit that the project shows, for the head of a column of bare amounts."""
    return _("Rials") if _shows_rials() else _("Toman")


def money_amount(rials: int) -> str:
    """A bare amount, only where `money_unit` stands beside it."""
    return localize_number(rials) if _shows_rials() else _amount_of_tomans(rials)


def _shows_rials() -> bool:
    return choice("CURRENCY_UNIT", CURRENCY_UNITS) == "rial"


def _rials(rials: int) -> str:
    return _("%(amount)s Rials") % {"amount": localize_number(rials)}


def _tomans(rials: int) -> str:
    return _("%(amount)s Toman") % {"amount": _amount_of_tomans(rials)}


def _amount_of_tomans(rials: int) -> str:
    whole, rest = divmod(abs(rials), 10)
    amount = localize_number(whole) + (
        localize_digits(f"{'٫' if is_persian() else '.'}{rest}") if rest else ""
    )
    return f"-{amount}" if rials < 0 else amount


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
        return _("not checked yet")
    shown = money(account.credit)
    if account.credit_checked_at is None:
        return shown
    return format_html("{} ({})", shown, age(account.credit_checked_at))
