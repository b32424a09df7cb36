"""Texts to begin from."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django.admin.kit import display
from sepahan_django.admin.kit.base import AppAdmin
from sepahan_django.admin.kit.widgets import CountedText
from sepahan_django.models import MessageTemplate
from sepahan_django.values.placeholders import InvalidPlaceholder, placeholders


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A template, whose braces must be placeholders."""

    class Meta:
        model = MessageTemplate
        fields = ("title", "text")
        widgets = {"text": CountedText()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "text" in self.fields:  # a page for looking only has none
            self.fields["text"].strip = False  # type: ignore[attr-defined]
            self.fields["text"].help_text = _(
                "%(example)s stands for the column of that name in the list or file of recipients. "
                "To write a brace itself, double it."
            ) % {"example": f"{{{_('name')}}}"}

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n")
        if not text.strip():
            raise forms.ValidationError(_("The text is empty."))
        try:
            placeholders(text)
        except InvalidPlaceholder as error:
            raise forms.ValidationError(str(error)) from None
        return text


@admin.register(MessageTemplate)
class MessageTemplateAdmin(AppAdmin):
    """Templates: a title to find them by, and a text with placeholders."""

    form = TemplateForm
    list_display = ("name", "short_text", "columns")
    search_fields = ("title",)
    list_per_page = 50

    @admin.display(description=gettext_lazy("title"), ordering="title")
    def name(self, template: MessageTemplate) -> str:
        return display.untrusted(template.title)

    @admin.display(description=gettext_lazy("text"))
    def short_text(self, template: MessageTemplate) -> str:
        return display.text(template.text)

    @admin.display(description=gettext_lazy("columns used"))
    def columns(self, template: MessageTemplate) -> str:
        try:
            names = placeholders(template.text)
        except InvalidPlaceholder:  # not written on this page
            return display.EMPTY
        return display.untrusted(" · ".join(names))
