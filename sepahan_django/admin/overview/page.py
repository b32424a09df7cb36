"""The app's overview page: outbound and inbound figures, the queue, and whether the jobs run."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from sepahan_django import accounts
from sepahan_django.admin.kit import display
from sepahan_django.admin.kit.addresses import page_address
from sepahan_django.admin.kit.base import AppAdmin
from sepahan_django.admin.kit.charts import Chart, Series, bar_chart
from sepahan_django.admin.kit.permissions import (
    hidden_accounts,
    may,
    may_see_content,
    may_see_inbound,
    may_view_anything,
)
from sepahan_django.admin.overview import first_run
from sepahan_django.models import Job, JobRun, MessageState, Overview
from sepahan_django.reports import figures
from sepahan_django.reports.figures import Day, Figures
from sepahan_django.values.digits import localize_digits, localize_number
from sepahan_django.values.jalali import format_date, to_jalali_day
from sepahan_django.values.visible import visible

SPANS = (1, 7, 30)
"""Days that the figures are summed over."""
MAX_UNREAD_COUNTED = 1000
"""The unread messages are counted up to this number."""


@admin.register(Overview)
class OverviewAdmin(AppAdmin):
    """A place in the admin's list of the app, whose list is the overview."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_view_anything(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_view_anything(request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name="sepahan_django_overview_changelist"),
            path("first-run/", view(self.first_run), name="sepahan_django_first_run"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        request.current_app = self.admin_site.name
        if not may_view_anything(request):
            raise PermissionDenied
        now = timezone.now()
        hidden = hidden_accounts(request)
        days = figures.last_days(max(SPANS), now=now, hidden=hidden)
        may_see_money = may(request, "view_credit")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Overview"),
            "opts": self.opts,
            "spans": [_("Today"), *(_span_title(span) for span in SPANS[1:])],
            "rows": _rows(days, with_money=may_see_money),
            "charts": _charts(days, with_money=may_see_money),
            "days": [_day_row(day, with_money=may_see_money) for day in reversed(days)],
            "may_see_money": may_see_money,
            "queue": _queue(now, hidden),
            "unread": _unread(hidden) if may_see_inbound(request) else "",
            "inbound": page_address(request, "sepahan_django_inboundmessage_changelist"),
            "doubts": page_address(request, "sepahan_django_doubts")
            if may(request, "resolve_in_doubt")
            else "",
            # A job's error names accounts and may repeat a number.
            "jobs": _jobs(with_words=may_see_content(request) and not hidden),
            "credits": [
                (str(row), display.credit(row))
                for row in accounts.active_accounts()[:50]
                if row.pk not in hidden
            ]
            if may_see_money
            else [],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "sepahan_django/admin/overview.html", context)

    @method_decorator(sensitive_post_parameters())
    def first_run(self, request: HttpRequest) -> HttpResponse:
        return first_run.first_run_view(request, site=self.admin_site)


def _span_title(span: int) -> str:
    return _("Last %(count)s days") % {"count": localize_number(span)}


def _rows(days: Sequence[Day], *, with_money: bool) -> list[tuple[str, list[str]]]:
    """A row for each figure, with its sums over the spans."""
    sums = [figures.summed(days[-span:]) for span in SPANS]
    shown = [_values(one, with_money=with_money) for one in sums]
    return [(name, [values[index] for values in shown]) for index, name in enumerate(_names(with_money))]


def _names(with_money: bool) -> list[str]:
    names = [
        _("Sent"),
        str(MessageState.DELIVERED.label),
        str(MessageState.UNDELIVERED.label),
        str(MessageState.FAILED.label),
        _("Received"),
    ]
    return [*names, _("Cost")] if with_money else names


def _values(one: Figures, *, with_money: bool) -> list[str]:
    counts = (one.sent, one.delivered, one.undelivered, one.failed, one.received)
    values = [localize_number(count) for count in counts]
    return [*values, display.money(one.cost)] if with_money else values


def _day_row(day: Day, *, with_money: bool) -> tuple[str, list[str]]:
    return format_date(day.day), _values(day, with_money=with_money)


def _charts(days: Sequence[Day], *, with_money: bool) -> list[Chart]:
    span = {"first": format_date(days[0].day), "last": format_date(days[-1].day)}
    shared: dict[str, Any] = {
        "description": _("Daily figures from %(first)s to %(last)s; the table below has the same figures.")
        % span,
        "labels": [localize_digits(to_jalali_day(day.day)[5:]) for day in days],
        "right_to_left": get_language_bidi(),
    }
    outbound = [
        Series("delivered", str(MessageState.DELIVERED.label), [day.delivered for day in days]),
        Series("sent", _("Sent, no report yet"), [day.unreported for day in days]),
        Series("undelivered", str(MessageState.UNDELIVERED.label), [day.undelivered for day in days]),
        Series("failed", str(MessageState.FAILED.label), [day.failed for day in days]),
    ]
    inbound = [Series("received", _("Received"), [day.received for day in days])]
    charts = [
        bar_chart("outbound", _("Outbound SMS by day"), outbound, show=localize_number, **shared),
        bar_chart("inbound", _("Inbound SMS by day"), inbound, show=localize_number, **shared),
    ]
    if with_money:
        cost = [Series("cost", _("Cost"), [day.cost for day in days])]
        title = _("Cost by day (%(unit)s)") % {"unit": display.money_unit()}
        charts.append(bar_chart("cost", title, cost, show=display.money_amount, **shared))
    return charts


def _queue(now: datetime, hidden: Collection[int]) -> dict[str, Any]:
    waiting = figures.queue(now=now, hidden=hidden)
    return {
        "due": localize_number(waiting.due),
        "planned": localize_number(waiting.planned),
        "paused": localize_number(waiting.paused) if waiting.paused else "",
        "in_doubt": localize_number(waiting.in_doubt),
        "oldest": display.age(waiting.oldest) if waiting.oldest else display.EMPTY,
    }


def _unread(hidden: Collection[int]) -> str:
    count = figures.unread(hidden=hidden, most=MAX_UNREAD_COUNTED)
    if count > MAX_UNREAD_COUNTED:
        return _("more than %(count)s") % {"count": localize_number(MAX_UNREAD_COUNTED)}
    return localize_number(count)


def _jobs(*, with_words: bool) -> list[dict[str, str]]:
    """Each job: when it last ran, and whether it succeeded."""
    runs = {run.name: run for run in JobRun.objects.filter(name__in=Job.values)}
    return [_job(job, runs.get(job), with_words=with_words) for job in Job]


def _job(job: Job, run: JobRun | None, *, with_words: bool) -> dict[str, str]:
    seen = run.seen_at if run else None
    said = run.last_error if run else ""
    if said and not with_words:
        said = _("It failed.")
    return {
        "name": str(job.label),
        "command": f"sepahan_{job}",
        "seen": display.moment(seen) if seen else "",
        "age": display.age(seen) if seen else _("never run"),
        "ended_well": display.moment(run.last_ok_at if run else None),
        "error": visible(said),
    }
