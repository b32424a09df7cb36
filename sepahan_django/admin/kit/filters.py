"""Filters of several lists: by account, by Jalali dates, by the beginning of a number."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django import accounts
from sepahan_django.admin.kit.addresses import parse_pk
from sepahan_django.admin.kit.widgets import JalaliDateInput
from sepahan_django.values import date_ranges
from sepahan_django.values.digits import localize_digits
from sepahan_django.values.jalali import (
    InvalidDate,
    day_start,
    parse_typed_date,
    parse_typed_datetime,
    tehran_today,
)
from sepahan_django.values.visible import visible

NAMES: dict[str, Promise | str] = {
    date_ranges.TODAY: gettext_lazy("Today"),
    date_ranges.YESTERDAY: gettext_lazy("Yesterday"),
    date_ranges.WEEK: gettext_lazy("This week"),
    date_ranges.MONTH: gettext_lazy("This month"),
    date_ranges.LAST_MONTH: gettext_lazy("Last month"),
    date_ranges.YEAR: gettext_lazy("This year"),
}


class RangeForm(forms.Form):
    """From–to, as it was typed; what is wrong with it the filter says."""

    def __init__(self, *, first: tuple[str, str], last: tuple[str, str], error_id: str) -> None:
        super().__init__(auto_id="sepahan-%s")
        wrong = {"aria-invalid": "true", "aria-describedby": error_id} if error_id else {}
        for (name, typed), label in ((first, _("From")), (last, _("To"))):
            self.fields[name] = forms.CharField(
                label=label,
                initial=typed,
                widget=JalaliDateInput(attrs={"placeholder": localize_digits("1405/09/03"), **wrong}),
            )


class JalaliRangeFilter(admin.ListFilter):
    """By a date field, in Tehran days. Subclasses name the `field`, the `title` and the `parameter_name`.

    A range that can't be read finds nothing rather than everything, since a list may be exported or acted
    on as a whole; `error` says why, and the typed text stays. The list's page needs `picker.js`.
    """

    template = "sepahan_django/admin/date_filter.html"
    field = ""
    parameter_name = ""

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in (self.parameter_name, self._from, self._to):
            if name in params:
                self.used_parameters[name] = str(params.pop(name)[-1])[:100]
        self.error = ""
        self.error_id = f"sepahan-{self.parameter_name}-error"
        self.start: datetime | None = None
        self.end: datetime | None = None
        try:
            self.start, self.end = self._bounds()
        except InvalidDate as error:
            self.error = str(error)
        if self.start and self.end and self.start >= self.end:
            self.error = _("The range ends before it begins.")

    @classmethod
    def is_on(cls, request: HttpRequest) -> bool:
        """Whether the list that is asked for is narrowed by this filter."""
        name = cls.parameter_name
        return any(request.GET.get(one) for one in (name, f"{name}_from", f"{name}_to"))

    def expected_parameters(self) -> list[str | None]:
        return [self.parameter_name, self._from, self._to]

    @property
    def _from(self) -> str:
        return f"{self.parameter_name}_from"

    @property
    def _to(self) -> str:
        return f"{self.parameter_name}_to"

    def _typed(self, name: str) -> str:
        return str(self.used_parameters.get(name, "")).strip()

    def _bounds(self) -> tuple[datetime | None, datetime | None]:
        """The first moment of the range and the first after it; InvalidDate for what can't be read."""
        span = self._typed(self.parameter_name)
        if span:
            if span not in date_ranges.SPANS:
                raise InvalidDate(span)
            first, after = date_ranges.days_of(span, today=tehran_today(timezone.now()))
            return day_start(first), day_start(after)
        typed_from, typed_to = self._typed(self._from), self._typed(self._to)
        return (
            parse_typed_datetime(typed_from) if typed_from else None,
            _end(typed_to) if typed_to else None,
        )

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        if self.error:
            return queryset.none()
        if self.start:
            queryset = queryset.filter(**{f"{self.field}__gte": self.start})
        if self.end:
            queryset = queryset.filter(**{f"{self.field}__lt": self.end})
        return queryset

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        own = self.expected_parameters()
        chosen = self._typed(self.parameter_name)
        typed = bool(self._typed(self._from) or self._typed(self._to))
        yield {
            "selected": not chosen and not typed,
            "query_string": changelist.get_query_string(remove=own),
            "display": _("All"),
        }
        for span in date_ranges.SPANS:
            yield {
                "selected": chosen == span,
                "query_string": changelist.get_query_string({self.parameter_name: span}, own),
                "display": NAMES[span],
            }
        # For the form below: the list's other parameters, which a GET form would drop.
        self.others = [
            (name, value)
            for name, values in changelist.filter_params.items()
            if name not in own
            for value in values
        ]
        self.form = RangeForm(
            first=(self._from, self._typed(self._from)),
            last=(self._to, self._typed(self._to)),
            error_id=self.error_id if self.error and not chosen else "",
        )


def _end(typed: str) -> datetime:
    """The first moment after what was typed: a day is meant as a whole, a time to its minute."""
    if ":" in typed:
        return parse_typed_datetime(typed) + timedelta(minutes=1)
    return day_start(parse_typed_date(typed) + timedelta(days=1))


class AccountFilter(admin.SimpleListFilter):
    """By account, of those that the user may see."""

    title = gettext_lazy("account")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = accounts.visible_to(request.user).values_list("pk", "title")[:50]
        return [(str(pk), visible(title)) for pk, title in rows]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        # What can't be an account finds nothing rather than everything: a list may be exported.
        return queryset.filter(api_key=parse_pk(self.value())) if self.value() else queryset


RANGE_END_SUFFIX = "9" * 20
"""Behind the beginning of a number it sorts after all that begin so, in whatever order the database sorts."""
