"""Who sees what: accounts limited to groups, texts and numbers hidden from those who may not see them."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from sepahan_django import accounts
from sepahan_django.admin import display
from sepahan_django.conf import setting
from sepahan_django.models import MessageState, OutboundMessage
from sepahan_django.values.phones import mask
from sepahan_django.values.visible import visible

HIDDEN = "•••"


def may_see_content(request: HttpRequest) -> bool:
    """Whether texts and whole numbers are shown to this user."""
    return display.may(request, "view_content")


def most_recipients(request: HttpRequest) -> int | None:
    """How many recipients this user may send to at once; None for any number."""
    return None if display.may(request, "send_to_many") else int(setting("MANY"))


def visible_rows(request: HttpRequest, rows: "QuerySet[Any]", account: str = "api_key") -> "QuerySet[Any]":
    """Those of these rows whose account the user may see; `account` is the name of the field."""
    # Usually nothing is hidden, and then the query of a large table stays as simple as it was.
    hidden = accounts.hidden_from(request.user)
    return rows.exclude(**{f"{account}__in": hidden}) if hidden else rows


def visible_campaigns(request: HttpRequest, rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """The campaigns without a message of an account that the user may not see."""
    hidden = accounts.hidden_from(request.user)
    if not hidden:
        return rows
    # All the states, by name, so that account and campaign are looked up in one index.
    theirs = OutboundMessage.objects.filter(
        campaign=OuterRef("pk"), state__in=MessageState.values, api_key__in=hidden
    )
    return rows.exclude(Exists(theirs))


class AccountFilter(admin.SimpleListFilter):
    """By account, of those that the user may see."""

    title = gettext_lazy("account")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = accounts.visible_to(request.user).values_list("pk", "title")[:50]
        return [(str(pk), visible(title)) for pk, title in rows]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        value = self.value()
        return queryset.filter(api_key=int(value)) if value and value.isdecimal() else queryset


class ContentColumns(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows other columns in the place of those with texts and numbers to whoever may not see them.

    `content_columns` names them: what is shown otherwise, or None for nothing at all.
    """

    content_columns: dict[str, str | None] = {}

    def _shown(self, request: HttpRequest, names: Iterable[Any]) -> list[Any]:
        if may_see_content(request):
            return list(names)
        swapped = (self.content_columns.get(name, name) for name in names)
        return [name for name in swapped if name is not None]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self._shown(request, super().get_list_display(request))

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        links = super().get_list_display_links(request, list_display) or ()
        return self._shown(request, links)

    def get_search_fields(self, request: HttpRequest) -> Any:
        # A search would tell, one digit after another, what the list hides.
        return super().get_search_fields(request) if may_see_content(request) else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            (name, {**options, "fields": self._shown(request, options["fields"])})
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
