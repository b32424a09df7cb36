"""The list of inbound messages."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django import inbox
from sepahan_django.accounts import AccountError, active_accounts, hidden_from
from sepahan_django.admin import display
from sepahan_django.admin.exporting import Exporting
from sepahan_django.admin.readonly import RecordAdmin
from sepahan_django.admin.rights import AccountFilter
from sepahan_django.models import InboundMessage
from sepahan_django.values.jalali import localize_number


@admin.register(InboundMessage)
class InboundMessageAdmin(Exporting, RecordAdmin):
    """Inbound messages, to read and to reply to."""

    export_permission = "export_inbound"
    change_list_template = "sepahan_django/admin/inbound_list.html"
    list_display = ("from_number", "short_text", "received", "to_line", "handled", "reply")
    list_display_links = ("from_number", "short_text")
    list_filter = (AccountFilter,)
    content_columns = {
        "from_number": "masked_from",
        "short_text": "hidden",
        "body": "hidden",
        "error": None,
    }
    search_fields = ("sender__startswith",)
    ordering = ("-pk",)
    fields = (
        "from_number",
        "to_line",
        "body",
        "received",
        "written_date",
        "api_key",
        "pulled",
        "handled",
        "error",
        "reply",
    )

    def get_urls(self) -> list[URLPattern]:
        pull = path("pull/", self.admin_site.admin_view(self.pull), name="sepahan_django_pull")
        return [pull, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {"may_pull": display.may(request, "pull_inbox"), **(extra_context or {})}
        return super().changelist_view(request, context)

    @method_decorator(transaction.non_atomic_requests)  # what was marked at the gateway must stay stored
    def pull(self, request: HttpRequest) -> HttpResponse:
        """Fetch now what has come in."""
        if not display.may(request, "pull_inbox"):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            stored = self._pull_visible(request)
        except AccountError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            count = localize_number(stored)
            self.message_user(request, _("%(count)s new SMS.") % {"count": count}, messages.SUCCESS)
        return HttpResponseRedirect(
            reverse(f"{self.admin_site.name}:sepahan_django_inboundmessage_changelist")
        )

    def _pull_visible(self, request: HttpRequest) -> int:
        hidden = hidden_from(request.user)
        stored = 0
        for account in [row for row in active_accounts() if row.pk not in hidden]:
            report = inbox.pull(account)
            stored += report.tally["stored"]
            for title, why in report.troubles.items():
                self.message_user(request, f"{title}: {why}", messages.ERROR)
        return stored

    @admin.display(description=gettext_lazy("sender"), ordering="sender")
    def from_number(self, message: InboundMessage) -> str:
        return display.number(message.sender)

    @admin.display(description=gettext_lazy("sender"))
    def masked_from(self, message: InboundMessage) -> str:
        return self.masked(message.sender)

    @admin.display(description=gettext_lazy("line"))
    def to_line(self, message: InboundMessage) -> str:
        return display.number(message.line)

    @admin.display(description=gettext_lazy("text"))
    def short_text(self, message: InboundMessage) -> str:
        return display.text(message.text) if message.text else display.EMPTY

    @admin.display(description=gettext_lazy("text"))
    def body(self, message: InboundMessage) -> str:
        return display.full_text(message.text)

    @admin.display(description=gettext_lazy("received at"), ordering="received_at")
    def received(self, message: InboundMessage) -> str:
        """As the gateway wrote it where it can't be read."""
        return (
            display.moment(message.received_at)
            if message.received_at
            else display.number(message.gateway_date)
        )

    @admin.display(description=gettext_lazy("fetched at"))
    def pulled(self, message: InboundMessage) -> str:
        return display.moment(message.pulled_at)

    @admin.display(description=gettext_lazy("handled at"))
    def handled(self, message: InboundMessage) -> str:
        return display.moment(message.dispatched_at)

    @admin.display(description=gettext_lazy("receiver's error"))
    def error(self, message: InboundMessage) -> str:
        return display.foreign(message.dispatch_error)

    @admin.display(description=gettext_lazy("date as the gateway wrote it"))
    def written_date(self, message: InboundMessage) -> str:
        return display.number(message.gateway_date)

    @admin.display(description=gettext_lazy("reply"))
    def reply(self, message: InboundMessage) -> str:
        address = reverse(f"{self.admin_site.name}:sepahan_django_send")
        return format_html(
            '<a class="sepahan-reply" href="{}?reply_to={}">{}</a>', address, message.pk, _("Reply")
        )
