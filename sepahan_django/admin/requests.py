"""The requests that went to the gateway."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from sepahan_django.admin import display
from sepahan_django.admin.readonly import RecordAdmin
from sepahan_django.admin.rights import AccountFilter
from sepahan_django.models import SendRequest


@admin.register(SendRequest)
class SendRequestAdmin(RecordAdmin):
    """What went out, under which request-Id, and what came of it."""

    list_display = ("request_number", "api_key", "state", "first", "attempts", "error_code", "price")
    list_filter = ("state", AccountFilter)
    content_columns = {"error": None}
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
    )

    @admin.display(description=gettext_lazy("request-Id"))
    def request_number(self, request: SendRequest) -> str:
        return display.number(request.request_id)

    @admin.display(description=gettext_lazy("error"))
    def error(self, request: SendRequest) -> str:
        return display.foreign(request.error_message)

    @admin.display(description=gettext_lazy("last attempt at"))
    def last(self, request: SendRequest) -> str:
        return display.moment(request.last_attempt_at)

    @admin.display(description=gettext_lazy("first attempt at"))
    def first(self, request: SendRequest) -> str:
        return display.moment(request.first_attempt_at)

    @admin.display(description=gettext_lazy("taken up again at"))
    def again(self, request: SendRequest) -> str:
        return display.moment(request.due_at)

    @admin.display(description=gettext_lazy("finished at"))
    def finished(self, request: SendRequest) -> str:
        return display.moment(request.finished_at)

    @admin.display(description=gettext_lazy("price"))
    def price(self, request: SendRequest) -> str:
        return display.money(request.total_price)
