"""Filters of the list of inbound messages, each served by an index without a join."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from sepahan_django.admin.kit.filters import RANGE_END_SUFFIX, JalaliRangeFilter
from sepahan_django.admin.kit.permissions import visible_rows
from sepahan_django.models import InboundMessage
from sepahan_django.values.phones import beginnings, normalize_mobile, spellings
from sepahan_django.values.visible import visible

MAX_LINES = 30


class AttentionFilter(admin.SimpleListFilter):
    """Unread, not handled yet, handled."""

    title = gettext_lazy("state")
    parameter_name = "attention"

    CONDITIONS = {
        "unread": Q(read_at__isnull=True),
        "open": Q(done_at__isnull=True),
        "handled": Q(done_at__isnull=False),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("unread", gettext_lazy("Unread")),
            ("open", gettext_lazy("Not handled")),
            ("handled", gettext_lazy("Handled")),
        ]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        condition = self.CONDITIONS.get(self.value() or "")
        return queryset.filter(condition) if condition is not None else queryset


class ReceivedFilter(JalaliRangeFilter):
    """By when it came in, as the gateway dates it."""

    title = gettext_lazy("date")
    field = "received_at"
    parameter_name = "received"


class InboundLineFilter(admin.SimpleListFilter):
    """By the line that was written to, of those that the user may see."""

    title = gettext_lazy("line")
    parameter_name = "line"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(line, visible(line)) for line in lines_written_to(request)]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        value = (self.value() or "").replace("\x00", "")
        return queryset.filter(line=value) if value else queryset


def lines_written_to(request: HttpRequest) -> list[str]:
    """The lines that have received messages: each found in the index as the first after the previous one.

    A DISTINCT would read the index of a million messages to find three lines.
    """
    rows = visible_rows(request, InboundMessage.objects.all()).order_by("line").values_list("line", flat=True)
    lines: list[str] = []
    while len(lines) < MAX_LINES:
        line = (rows.filter(line__gt=lines[-1]) if lines else rows).first()
        if line is None:
            break
        lines.append(line)
    return [line for line in lines if line]


def filter_by_sender(rows: "QuerySet[Any]", term: str) -> "QuerySet[Any]":
    """Filter the messages by sender: a number in any format, or the beginning of a number or name."""
    term = term.strip()
    found = Q(sender__in=spellings(term))
    try:
        normalize_mobile(term)
    except ValueError:
        pass
    else:
        return rows.filter(found)
    # Ranges and no LIKE, which takes no index where the database sorts by a language.
    for start in beginnings(term):
        found |= Q(sender__gte=start, sender__lte=f"{start}{RANGE_END_SUFFIX}")
    if not beginnings(term):
        found |= Q(sender__gte=term, sender__lte=f"{term}{'z' * 20}")
    return rows.filter(found)
