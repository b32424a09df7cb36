"""Orders, whose state an action moves on; and the votes."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from example_project.shop.models import Order, Vote
from example_project.shop.services import move_order
from sepahan_django.admin import SendSmsMixin


@admin.register(Order)
class OrderAdmin(SendSmsMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("customer", "mobile", "state")
    actions = ("ship",)
    sepahan_phone = "mobile"
    # What an SMS to the selected orders can use, by the titles that staff know.
    sepahan_columns = (
        ("pk", gettext_lazy("order")),
        ("customer", gettext_lazy("customer")),
        ("state", gettext_lazy("state")),
    )

    @admin.action(description=gettext_lazy("Mark as shipped and tell the customer"), permissions=["change"])
    def ship(self, request: HttpRequest, queryset: "QuerySet[Order]") -> None:
        for order in queryset[:100]:
            try:
                move_order(order, Order.State.SHIPPED)
            except ValueError as error:
                self.message_user(request, f"{order}: {error}", messages.ERROR)
            else:
                self.message_user(request, _("%(order)s: told by SMS.") % {"order": order})


@admin.register(Vote)
class VoteAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("mobile", "choice")
    list_filter = ("choice",)
