"""Fields for a Jalali date: a text that can always be typed, with a calendar beside it where scripts run."""

import json
from datetime import date, datetime
from typing import Any

from django import forms
from django.forms.widgets import Script
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from sepahan_django.values.jalali import format_date, format_datetime


class JalaliDateInput(forms.TextInput):
    """A day, such as 1405/09/03; parse what comes back with `values.jalali.parse_typed_date`.

    With `minimum="now"` the calendar offers nothing that is past. That is a help and no check.
    """

    picker = "date"

    class Media:
        css = {"all": ("sepahan_django/admin.css",)}
        js = ("sepahan_django/picker.js",)

    def __init__(self, attrs: dict[str, Any] | None = None, *, minimum: str = "") -> None:
        super().__init__(attrs)
        self.minimum = minimum

    def format_value(self, value: Any) -> str | None:
        """A date or a moment in Jalali; what was typed as it was typed."""
        if isinstance(value, datetime):
            # A form field hands over local times without their zone.
            return self.written(timezone.make_aware(value) if timezone.is_naive(value) else value)
        if isinstance(value, date):
            return format_date(value)
        shown: str | None = super().format_value(value)
        return shown

    def written(self, value: datetime) -> str:
        return format_date(value)

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        attrs = super().build_attrs(base_attrs, extra_attrs)
        attrs["class"] = f"{attrs.get('class', '')} sepahan-date".strip()
        attrs.setdefault("dir", "ltr")
        attrs.setdefault("autocomplete", "off")
        attrs["data-sepahan-picker"] = self.picker
        attrs["data-sepahan-texts"] = json.dumps(texts(), ensure_ascii=False)
        if self.minimum:
            attrs["data-sepahan-min"] = self.minimum
        return attrs


class JalaliDateTimeInput(JalaliDateInput):
    """A moment, such as 1405/09/03 14:20; parse what comes back with `values.jalali.parse_typed_datetime`."""

    picker = "datetime"

    def written(self, value: datetime) -> str:
        return format_datetime(value)


def texts() -> dict[str, str]:
    """What the calendar says, in the page's language; names of months and days the browser knows."""
    return {
        "open": _("Calendar"),
        "today": _("Today"),
        "previousMonth": _("Previous month"),
        "nextMonth": _("Next month"),
        "previousYear": _("Previous year"),
        "nextYear": _("Next year"),
        "hour": _("Hour"),
        "minute": _("Minute"),
        "choose": _("Select"),
        "cancel": _("Close"),
        "past": _("This time has passed."),
    }


class CountedText(forms.Textarea):
    """A text whose characters and parts are counted as it is typed; the server counts again.

    `last_line` is counted as well while the checkbox with the id `last_line_box` is ticked.
    """

    class Media:
        js = (Script("sepahan_django/counter.js", defer=True),)

    def __init__(
        self, attrs: dict[str, Any] | None = None, *, last_line: str = "", last_line_box: str = ""
    ) -> None:
        shown = {"rows": 5, "dir": "auto", "class": "vLargeTextField", **(attrs or {})}
        super().__init__({**shown, "data-sepahan-suffix": last_line_box} if last_line_box else shown)
        self.last_line = last_line

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        counter = f"{(attrs or {}).get('id', name)}-count"
        box = super().render(name, value, {**(attrs or {}), "data-sepahan-counter": counter}, renderer)
        return format_html(
            '<div class="sepahan-counted">{}<div class="help sepahan-count" id="{}" aria-live="polite" '
            'data-none="{}" data-count="{}" data-unicode="{}" data-opt-out="{}"></div></div>',
            box,
            counter,
            _("No text yet"),
            _("{characters} characters · {parts} SMS · {left} left in this one"),
            _("Unicode because of {characters}"),
            self.last_line,
        )
