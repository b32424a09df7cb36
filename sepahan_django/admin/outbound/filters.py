"""Filters of the list of outbound messages. None of them joins a table or looks for distinct values."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from sepahan_django import accounts
from sepahan_django.admin.kit.addresses import parse_pk
from sepahan_django.admin.kit.filters import JalaliRangeFilter
from sepahan_django.admin.kit.permissions import visible_campaigns
from sepahan_django.conf import setting
from sepahan_django.models import Campaign, SenderLine
from sepahan_django.values.visible import visible

MAX_LINES = 50
RECENT_CAMPAIGNS = 10


class CreatedFilter(JalaliRangeFilter):
    """By when a record was written."""

    title = gettext_lazy("date")
    field = "created_at"
    parameter_name = "created"


class SenderLineFilter(admin.SimpleListFilter):
    """By the line that messages go out from, of those of the accounts that the user may see."""

    title = gettext_lazy("sender line")
    parameter_name = "line"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        lines = SenderLine.objects.filter(api_key__in=accounts.visible_to(request.user))
        rows = lines.order_by("-is_default", "pk").values_list("number", "label")[:MAX_LINES]
        found = {number: f"{number} · {visible(label)}" if label else number for number, label in rows}
        for more in (str(setting("SENDER") or ""), self.value() or ""):
            if more:
                found.setdefault(more, visible(more))
        return list(found.items())

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        return queryset.filter(sender=self.value()) if self.value() else queryset


class CampaignFilter(admin.SimpleListFilter):
    """By campaign: the last ones, and the one that a link from elsewhere names."""

    title = gettext_lazy("campaign")
    parameter_name = "campaign"

    @classmethod
    def query(cls, campaign: int, **others: str) -> str:
        """The query with which a link to the list asks for this campaign, and for what other filters say."""
        return urlencode({cls.parameter_name: campaign, **others})

    def has_output(self) -> bool:
        # Also where there is no campaign to offer: what isn't shown Django doesn't apply.
        return bool(self.lookup_choices or self.value())

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = visible_campaigns(request, Campaign.objects.order_by("-pk"))
        found = {pk: visible(title) for pk, title in rows.values_list("pk", "title")[:RECENT_CAMPAIGNS]}
        chosen = parse_pk(self.value())
        if chosen and chosen not in found:
            found |= {pk: visible(title) for pk, title in rows.filter(pk=chosen).values_list("pk", "title")}
        return [(str(pk), title) for pk, title in found.items()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        return queryset.filter(campaign=parse_pk(self.value())) if self.value() else queryset
