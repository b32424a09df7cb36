"""Orders, whose state an action moves on; and the votes."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from example_project.shop.models import Order, Vote
from example_project.shop.services import move_order
from sepahan_django.admin import SendSmsMixin, conversation_url


class ConversationLink(admin.ModelAdmin):  # type: ignore[type-arg]
    """Links each row to the conversation with its number."""

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(super().get_list_display(request))
        return [*columns, "conversation"] if request.user.has_perm("sepahan_django.view_content") else columns

    @admin.display(description=gettext_lazy("SMS"))
    def conversation(self, row: Any) -> str:
        address = conversation_url(row.mobile, site=self.admin_site)
        return format_html('<a href="{}">{}</a>', address, _("Conversation")) if address else "—"


@admin.register(Order)
class OrderAdmin(SendSmsMixin, ConversationLink):
    list_display = ("customer", "mobile", "state")
    actions = ("ship",)
    sepahan_phone = "mobile"
    # What an SMS to the selected orders can use, by the titles that staff know.
    sepahan_columns = (
        ("pk", gettext_lazy("order")),
        ("customer", gettext_lazy("customer")),
        ("state", gettext_lazy("state")),
    )

    @admin.action(description=gettext_lazy("Mark as shipped and notify the customer"), permissions=["change"])
    def ship(self, request: HttpRequest, queryset: "QuerySet[Order]") -> None:
        for order in queryset[:100]:
            try:
                move_order(order, Order.State.SHIPPED)
            except ValueError as error:
                self.message_user(request, f"{order}: {error}", messages.ERROR)
            else:
                self.message_user(request, _("%(order)s: customer notified by SMS.") % {"order": order})


@admin.register(Vote)
class VoteAdmin(ConversationLink):
    list_display = ("mobile", "choice")
    list_filter = ("choice",)
