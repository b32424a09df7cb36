"""The requests that went to the gateway."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from sepahan_django.admin.kit import display
from sepahan_django.admin.kit.base import RecordAdmin
from sepahan_django.admin.kit.filters import AccountFilter
from sepahan_django.admin.kit.permissions import may
from sepahan_django.admin.outbound.filters import CreatedFilter
from sepahan_django.models import SendRequest


@admin.register(SendRequest)
class SendRequestAdmin(RecordAdmin):
    """What went out, under which request-Id, and what came of it."""

    class Media:
        js = ("sepahan_django/picker.js",)

    list_display = ("request_number", "api_key", "state", "first", "attempts", "error_code", "price")
    list_filter = ("state", CreatedFilter, AccountFilter)
    content_columns = {"error": None, "raw_answer": None}
    money_columns = ("price",)
    money_fields = ("total_price",)
    plain_fields = ("request_id",)
    list_select_related = ("api_key",)
    fields = (
        "request_number",
        "api_key",
        "state",
        "attempts",
        "first",
        "last",
        "again",
        "finished",
        "error_code",
        "error",
        "sms_count",
        "price",
        "raw_answer",
    )

    def _permitted_names(self, request: HttpRequest, names: Iterable[Any]) -> list[Any]:
        shown = super()._permitted_names(request, names)
        return shown if may(request, "view_credit") else [name for name in shown if name != "price"]

    @admin.display(description=gettext_lazy("request-Id"))
    def request_number(self, request: SendRequest) -> str:
        return display.number(request.request_id)

    @admin.display(description=gettext_lazy("error"))
    def error(self, request: SendRequest) -> str:
        return display.untrusted(request.error_message)

    @admin.display(description=gettext_lazy("last attempt at"))
    def last(self, request: SendRequest) -> str:
        return display.moment(request.last_attempt_at)

    @admin.display(description=gettext_lazy("first attempt at"))
    def first(self, request: SendRequest) -> str:
        return display.moment(request.first_attempt_at)

    @admin.display(description=gettext_lazy("next attempt at"))
    def again(self, request: SendRequest) -> str:
        return display.moment(request.due_at)

    @admin.display(description=gettext_lazy("finished at"))
    def finished(self, request: SendRequest) -> str:
        return display.moment(request.finished_at)

    @admin.display(description=gettext_lazy("price"))
    def price(self, request: SendRequest) -> str:
        return display.money(request.total_price)

    @admin.display(description=gettext_lazy("raw answer"))
    def raw_answer(self, request: SendRequest) -> str:
        return display.raw(request.answer)
