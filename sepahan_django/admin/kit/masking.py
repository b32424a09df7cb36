"""Columns and lookups that are hidden from those who may not see texts, numbers or the credit."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from sepahan_django.admin.kit import display
from sepahan_django.admin.kit.permissions import may, may_see_content
from sepahan_django.values.phones import mask

HIDDEN = "•••"


TEXTS = (models.CharField, models.TextField, models.JSONField)


class RestrictedLookups(admin.ModelAdmin):  # type: ignore[type-arg]
    """Refuses a lookup in the address (`?text__contains=`) that would reveal, letter by letter, what the
    page hides from this user. Django's own rule allows lookups on every field of the model itself.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        name = lookup.split("__")[0]
        if request is None or name in self.closed_to(request):
            return False
        return super().lookup_allowed(lookup, value, request)

    def closed_to(self, request: HttpRequest) -> set[str]:
        """The fields that this user may not look things up by."""
        closed: set[str] = set()
        if not may_see_content(request):
            closed |= self.content_fields()
        if not may(request, "view_credit"):
            closed |= set(self.money_fields)
        return closed

    money_fields: tuple[str, ...] = ()
    """Fields that reveal the credit."""
    plain_fields: tuple[str, ...] = ()
    """Texts that every user of the page may see."""

    def content_fields(self) -> set[str]:
        """Every text of the model but those declared as plain or filtered by: a new one is closed."""
        plain = {*self.plain_fields, *map(str, self.list_filter)}
        return {
            field.name
            for field in self.opts.concrete_fields
            if isinstance(field, TEXTS) and not field.choices and field.name not in plain
        }


class MaskedColumns(RestrictedLookups):
    """Replaces columns with texts and numbers for users who may not see them.

    `content_columns` names them: what is shown otherwise, or None for nothing at all. `money_columns` are
    left out for those who may not see the credit.
    """

    content_columns: dict[str, str | None] = {}
    money_columns: tuple[str, ...] = ()

    def _permitted_names(self, request: HttpRequest, names: Iterable[Any]) -> list[Any]:
        if not may(request, "view_credit"):
            names = [name for name in names if name not in self.money_columns]
        if may_see_content(request):
            return list(names)
        swapped = (self.content_columns.get(name, name) for name in names)
        return [name for name in swapped if name is not None]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self._permitted_names(request, super().get_list_display(request))

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        links = super().get_list_display_links(request, list_display) or ()
        return self._permitted_names(request, links)

    def get_search_fields(self, request: HttpRequest) -> Any:
        # A search would reveal, digit by digit, what the list hides.
        return super().get_search_fields(request) if may_see_content(request) else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            (name, {**options, "fields": self._permitted_names(request, options["fields"])})
            for name, options in super().get_fieldsets(request, obj)
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        instead = [name for name in self.content_columns.values() if name]
        return [*super().get_readonly_fields(request, obj), *instead]

    @admin.display(description=gettext_lazy("text"))
    def hidden(self, row: Model) -> str:
        return HIDDEN

    @staticmethod
    def masked(number: str) -> str:
        return display.number(mask(number))
