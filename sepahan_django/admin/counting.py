"""A box for a message's text, with the counter that the browser keeps below it."""

from typing import Any

from django import forms
from django.forms.widgets import Script
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _


class CountedText(forms.Textarea):
    """A text whose characters and parts are counted as it is typed; the server counts again."""

    class Media:
        js = (Script("sepahan_django/counter.js", defer=True),)

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 5, "dir": "auto", "class": "vLargeTextField", **(attrs or {})})

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        counter = f"{(attrs or {}).get('id', name)}-count"
        box = super().render(name, value, {**(attrs or {}), "data-sepahan-counter": counter}, renderer)
        return format_html(
            '<div class="sepahan-counted">{}<div class="help sepahan-count" id="{}" aria-live="polite" '
            'data-none="{}" data-count="{}" data-unicode="{}"></div></div>',
            box,
            counter,
            _("No text yet"),
            _("{characters} characters · {parts} SMS · {left} left in this one"),
            _("Unicode because of {characters}"),
        )
