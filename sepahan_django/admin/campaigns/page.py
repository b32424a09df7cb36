"""What the page of one campaign shows: how far it is, when it went out, what it cost, what was refused."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from sepahan_django.admin.campaigns.progress import bar_svg, shown_progress
from sepahan_django.admin.kit import display
from sepahan_django.admin.kit.addresses import page_address
from sepahan_django.admin.kit.charts import Chart, Series, bar_chart
from sepahan_django.admin.kit.masking import HIDDEN
from sepahan_django.admin.kit.permissions import hidden_accounts, may, may_see_content, may_see_outbound
from sepahan_django.admin.outbound.filters import CampaignFilter
from sepahan_django.models import ApiKey, Campaign, DraftRow, MessageState, OutboundMessage, RowProblem
from sepahan_django.reports import campaign_progress
from sepahan_django.reports.campaign_progress import Cost, Step
from sepahan_django.values.digits import localize_number
from sepahan_django.values.jalali import format_date, format_datetime
from sepahan_django.values.phones import mask

MAX_REFUSED_ROWS_SHOWN = 20
"""Refused rows listed on the page; the others are counted."""
MAX_ACCOUNTS_SHOWN = 20
MAX_TICKS = 6
"""Under the chart, of which a label takes up the place of several bars."""


def load_page_data(campaign: Any) -> None:
    """Load what the page uses more than once: the progress, the first message, the accounts."""
    standing = campaign_progress.standings([campaign])[campaign.pk]
    campaign.standing = standing
    campaign.first_message = (
        OutboundMessage.objects.filter(pk=standing.first).first() if standing.first is not None else None
    )
    rows = ApiKey.objects.filter(pk__in=standing.accounts).order_by("title")
    campaign.account_titles = list(rows.values_list("title", flat=True)[:MAX_ACCOUNTS_SHOWN])


def context(request: HttpRequest, campaign: Any) -> dict[str, Any]:
    """For the template."""
    now = timezone.now()
    shown = shown_progress(campaign.standing, now=now)
    return {
        "campaign": campaign,
        "progress": shown,
        "bar": bar_svg(shown.bar),
        "states": _states(request, campaign, shown.counts),
        "total": localize_number(campaign.standing.total),
        "seen": display.moment(now),
        "messages_address": _messages_address(request, campaign),
        "addresses": _addresses(request, campaign),
        "may_send": may(request, "send_message"),
        "may_export": may(request, "export_messages"),
        "in_time": _sent_over_time(campaign),
        "refused": _refused(request, campaign),
        **_costs(request, campaign),
    }


def _addresses(request: HttpRequest, campaign: Campaign) -> dict[str, str]:
    names = ("progress", "pause", "resume", "cancel", "retry", "export")
    return {name: page_address(request, f"sepahan_django_campaign_{name}", campaign.pk) for name in names}


def _messages_address(request: HttpRequest, campaign: Campaign, **filters: str) -> str:
    """Of the campaign's messages in their list; empty for those who may not open it."""
    if not may_see_outbound(request):
        return ""
    address = page_address(request, "sepahan_django_outboundmessage_changelist")
    return f"{address}?{CampaignFilter.query(campaign.pk, **filters)}" if address else ""


def _states(request: HttpRequest, campaign: Campaign, counts: dict[str, str]) -> list[dict[str, Any]]:
    """Every state: those without a message are hidden until they have one."""
    return [
        {
            "state": state.value,
            "shown": display.state(state.value, state.label),
            "count": counts.get(state.value, ""),
            "address": _messages_address(request, campaign, state__exact=state.value),
        }
        for state in MessageState
    ]


# Over time


def _sent_over_time(campaign: Campaign) -> dict[str, Any] | None:
    found = campaign_progress.sent_over_time(campaign)
    if found is None:
        return None
    step, counts = found
    with_day = step is Step.DAY
    labels = [
        format_date(at)[5:] if with_day else format_datetime(at).rpartition(" ")[2] for at, _count in counts
    ]
    whole = [format_date(at) if with_day else format_datetime(at) for at, _count in counts]
    return {
        "chart": _chart(step, labels, [count for _at, count in counts], first=whole[0], last=whole[-1]),
        "rows": [
            (moment, localize_number(count))
            for moment, (_at, count) in zip(whole, counts, strict=True)
            if count
        ],
    }


def _chart(step: Step, labels: list[str], counts: list[int], *, first: str, last: str) -> Chart:
    titles = {
        Step.MINUTE: _("Sent per minute"),
        Step.TEN_MINUTES: _("Sent per 10 minutes"),
        Step.HOUR: _("Sent per hour"),
        Step.DAY: _("Sent per day"),
    }
    return bar_chart(
        "handed-over",
        titles[step],
        [Series("sent", _("Sent to the gateway"), counts)],
        description=_("From %(first)s to %(last)s; the same figures are in the table beside it.")
        % {"first": first, "last": last},
        labels=labels,
        show=localize_number,
        right_to_left=get_language_bidi(),
        tick_every=-(-len(labels) // MAX_TICKS),
    )


# Cost


def _costs(request: HttpRequest, campaign: Campaign) -> dict[str, str]:
    found = campaign_progress.cost(campaign)
    shown = {"parts": _about(found, localize_number(round(found.parts))) if found.parts else display.EMPTY}
    if may(request, "view_credit"):
        shown["cost"] = _about(found, display.money_text(round(found.price)))
    return shown


def _about(found: Cost, amount: str) -> str:
    return _("about %(amount)s") % {"amount": amount} if found.is_about else amount


# What was refused


def _refused(request: HttpRequest, campaign: Campaign) -> dict[str, Any] | None:
    """The rows that were given and not sent to."""
    draft = getattr(campaign, "draft", None)
    if draft is None or draft.api_key_id in hidden_accounts(request):
        return None
    problems = [problem.value for problem in RowProblem if problem.value]
    rows = draft.rows.filter(problem__in=problems)
    count = rows.count()
    if not count:
        return None
    whole = may_see_content(request)
    return {
        "rows": [_refused_row(row, whole=whole) for row in rows.order_by("pk")[:MAX_REFUSED_ROWS_SHOWN]],
        "count": localize_number(count),
        "others": localize_number(count - MAX_REFUSED_ROWS_SHOWN) if count > MAX_REFUSED_ROWS_SHOWN else "",
        "address": page_address(request, "sepahan_django_refused", draft.pk),
    }


def _refused_row(row: DraftRow, *, whole: bool) -> dict[str, str]:
    raw = row.raw if whole else mask(row.raw) if row.raw.isdecimal() else HIDDEN
    return {
        "number": localize_number(row.number),
        "raw": display.untrusted(raw),
        # The reason may repeat what was given.
        "reason": display.untrusted(row.reason) if row.reason and whole else str(row.get_problem_display()),
    }
