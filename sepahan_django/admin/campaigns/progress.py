"""How far a campaign is, in words and as a bar; the same for the page, the list and the script."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from sepahan_django.admin.kit import display
from sepahan_django.models import MessageState
from sepahan_django.reports.campaign_progress import Phase, Standing
from sepahan_django.values.digits import localize_number
from sepahan_django.values.jalali import format_datetime

IN_BAR = (
    MessageState.DELIVERED,
    MessageState.SENT,
    MessageState.UNDELIVERED,
    MessageState.FAILED,
    MessageState.IN_DOUBT,
    MessageState.CANCELLED,
    MessageState.EXPIRED,
    MessageState.SENDING,
)
"""In this order from where reading begins; what is queued is the bar's empty rest."""
LENGTH = 100
"""Of the bar, in units of the SVG."""
WAIT, LONG_WAIT = 2, 10
"""Seconds from one look to the next; the longer one while nothing is expected to happen."""


@dataclass(frozen=True)
class Part:
    """The part of the bar that one state takes up."""

    x: str
    width: str


@dataclass(frozen=True)
class ShownProgress:
    """What is shown, ready to be put into the page. `counts` and `bar` are by state."""

    phase: str
    phase_label: str
    is_open: bool
    wait: int
    percent: int
    sentence: str
    counts: dict[str, str]
    bar: dict[str, Part]
    handed_over: str
    delivered: str
    offers: dict[str, str]
    """What can be done with it now, and for how many; empty for what can't."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def shown_progress(standing: Standing, *, now: datetime) -> ShownProgress:
    """How far it is, in the language of the moment."""
    phase = standing.phase(now)
    percent = share(standing.total - standing.left, standing.total)
    return ShownProgress(
        phase=phase.value,
        phase_label=phase.label,
        is_open=standing.left > 0,
        wait=WAIT if phase is Phase.GOING else LONG_WAIT,
        percent=percent,
        sentence=sentence(standing, now=now),
        counts={state.value: localize_number(count) for state, count in standing.counts.items() if count},
        bar=bar(standing),
        handed_over=localize_number(standing.handed_over),
        delivered=_delivered(standing),
        offers=_offers(standing),
    )


def share(part: int, whole: int) -> int:
    """A part in hundredths, rounded down: a hundred is all of it. 0 of nothing."""
    return part * 100 // whole if whole else 0


def percent_text(value: int) -> str:
    return _("%(number)s%%") % {"number": localize_number(value)}


def sentence(standing: Standing, *, now: datetime) -> str:
    """How far it is, in one sentence."""
    if not standing.total:
        return _("No SMS.")
    gone = standing.total - standing.left
    if not gone and standing.next_due is not None and standing.phase(now) is Phase.PLANNED:
        return _("%(total)s SMS, scheduled for %(when)s.") % {
            "total": localize_number(standing.total),
            "when": format_datetime(standing.next_due),
        }
    if not standing.left:
        said = _("%(total)s SMS, none left.")
    else:
        said = _("%(gone)s of %(total)s SMS done (%(percent)s), %(left)s left.")
    return said % {
        "gone": localize_number(gone),
        "total": localize_number(standing.total),
        "left": localize_number(standing.left),
        "percent": percent_text(share(gone, standing.total)),
    }


def _delivered(standing: Standing) -> str:
    delivered = standing.counts[MessageState.DELIVERED]
    if not standing.handed_over:
        return display.EMPTY
    return _("%(count)s (%(percent)s of those sent)") % {
        "count": localize_number(delivered),
        "percent": percent_text(share(delivered, standing.handed_over)),
    }


def _offers(standing: Standing) -> dict[str, str]:
    queued, failed = standing.counts[MessageState.QUEUED], standing.counts[MessageState.FAILED]
    is_paused = standing.paused_at is not None
    left = localize_number(standing.left)
    return {
        "pause": left if standing.left and not is_paused else "",
        "resume": left if standing.left and is_paused else "",
        "cancel": localize_number(queued) if queued else "",
        "retry": localize_number(failed) if failed else "",
    }


def bar(standing: Standing) -> dict[str, Part]:
    """Where each state's part of the bar lies, in the direction of reading."""
    parts, before = {}, 0.0
    for state in IN_BAR:
        width = LENGTH * standing.counts[state] / standing.total if standing.total else 0.0
        x = LENGTH - before - width if get_language_bidi() else before
        # In Latin digits and with a point whatever the language.
        parts[state.value] = Part(f"{abs(x):.3f}", f"{width:.3f}")
        before += width
    return parts


def bar_svg(parts: dict[str, Part]) -> str:
    """The bar, for where its words stand beside it."""
    rects = format_html_join(
        "",
        '<rect class="sepahan-part-{}" data-sepahan-part="{}" x="{}" width="{}" y="0" height="8"></rect>',
        ((state, state, part.x, part.width) for state, part in parts.items()),
    )
    return format_html(
        '<svg class="sepahan-progress" viewBox="0 0 {} 8" preserveAspectRatio="none" direction="ltr" '
        'aria-hidden="true">{}</svg>',
        LENGTH,
        rects,
    )


def phase_badge(phase: Phase) -> str:
    """The phase as a word and a colour."""
    return display.state(phase.value, phase.label)
