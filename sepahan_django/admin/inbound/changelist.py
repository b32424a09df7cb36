"""The list of inbound messages, and the page of one."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django import inbox
from sepahan_django.accounts import AccountError, active_accounts
from sepahan_django.admin.conversations.page import conversation_path, conversation_url
from sepahan_django.admin.inbound.actions import INBOUND_ACTIONS
from sepahan_django.admin.inbound.filters import (
    AttentionFilter,
    InboundLineFilter,
    ReceivedFilter,
    filter_by_sender,
)
from sepahan_django.admin.kit import display
from sepahan_django.admin.kit.base import RecordAdmin, actions_of
from sepahan_django.admin.kit.exports import Exporting
from sepahan_django.admin.kit.filters import AccountFilter
from sepahan_django.admin.kit.permissions import (
    hidden_accounts,
    may,
    may_converse,
    may_mark_read,
    may_see_content,
)
from sepahan_django.models import InboundMessage
from sepahan_django.values.digits import localize_number


def _action(name: str) -> Any:
    work = INBOUND_ACTIONS[name]

    @admin.action(description=work.label)
    def act(
        model_admin: "InboundMessageAdmin", request: HttpRequest, queryset: "QuerySet[InboundMessage]"
    ) -> None:
        work.run(request, queryset)

    act.__name__ = name
    return act


@admin.register(InboundMessage)
class InboundMessageAdmin(Exporting, RecordAdmin):
    """Inbound messages: read, answered, handled, passed on to the project's code again."""

    class Media:
        js = ("sepahan_django/picker.js",)

    export_permission = "export_inbound"
    change_list_template = "sepahan_django/admin/inbound_list.html"
    change_form_template = "sepahan_django/admin/inbound_form.html"
    list_display = ("from_and_talk", "short_text", "attention", "received", "to_line")
    list_display_links = ("short_text",)
    list_filter = (AttentionFilter, ReceivedFilter, AccountFilter, InboundLineFilter)
    content_columns = {
        "from_and_talk": "masked_from",
        "from_number": "masked_from",
        "short_text": "hidden",
        "body": "hidden",
        "error": None,
    }
    search_fields = ("sender",)
    search_help_text = gettext_lazy("A number in any format, a sender name, or the beginning of either")
    actions = tuple(map(_action, INBOUND_ACTIONS))
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "from_number",
                    "to_line",
                    "api_key",
                    "body",
                    "received",
                    "attention",
                    "read",
                    "handled",
                )
            },
        ),
        (gettext_lazy("Processing"), {"fields": ("passed_on", "attempts", "error")}),
        (gettext_lazy("Gateway details"), {"fields": ("written_date", "pulled", "acknowledged")}),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("pull/", view(self.pull), name="sepahan_django_pull"),
            conversation_path(self.admin_site),
            path("<int:pk>/work/", view(self.work), name="sepahan_django_inbound_work"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {"may_pull": may(request, "pull_inbox"), **(extra_context or {})}
        return super().changelist_view(request, context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        message = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if message is not None:
            context["works"] = [
                (name, work.label)
                for name, work in INBOUND_ACTIONS.items()
                if work.may(request) and work.is_offered_for(message)
            ]
            # The page's script marks it as read once it is visible.
            context["reads"] = message.read_at is None and may_mark_read(request)
            context["conversation"] = self._conversation(message) if may_converse(request) else ""
        return super().change_view(request, object_id, form_url, context)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # A range of dates is read in the order of its own index, as in the list of outbound messages.
        return ("-received_at", "-pk") if ReceivedFilter.is_on(request) else ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[InboundMessage], search_term: str
    ) -> tuple[QuerySet[InboundMessage], bool]:
        """By sender, by what its index can find."""
        if not search_term.strip() or not may_see_content(request):
            return queryset, False
        return filter_by_sender(queryset, search_term), False

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        actions = actions_of(super(), request, action_location)
        return {
            name: one
            for name, one in actions.items()
            if name not in INBOUND_ACTIONS or INBOUND_ACTIONS[name].may(request)
        }

    # Work

    def work(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A button of a message's page: does one of the works about that message."""
        work = INBOUND_ACTIONS.get(request.POST.get("work", ""))
        allowed = work.may(request) if work else any(one.may(request) for one in INBOUND_ACTIONS.values())
        if not allowed:
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        rows = self.get_queryset(request).filter(pk=pk)
        if work is None or not rows.exists():
            raise Http404
        if request.headers.get("accept") == "application/json":  # the page's script, which shows no message
            return JsonResponse(
                {"marked": inbox.mark_read(rows) if work is INBOUND_ACTIONS["mark_read"] else 0}
            )
        work.run(request, rows)
        site = self.admin_site.name
        if work.returns_to_message:
            return HttpResponseRedirect(reverse(f"{site}:sepahan_django_inboundmessage_change", args=[pk]))
        return HttpResponseRedirect(reverse(f"{site}:sepahan_django_inboundmessage_changelist"))

    @method_decorator(transaction.non_atomic_requests)  # what was marked at the gateway must stay stored
    def pull(self, request: HttpRequest) -> HttpResponse:
        """Fetch new inbound messages now."""
        if not may(request, "pull_inbox"):
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
        hidden = hidden_accounts(request)
        stored = 0
        for account in [row for row in active_accounts() if row.pk not in hidden]:
            report = inbox.pull(account)
            stored += report.tally["stored"]
            for title, why in report.troubles.items():
                # The reason why an inbox stopped quotes SMS.
                said = why if may_see_content(request) else _("It failed.")
                self.message_user(request, f"{title}: {said}", messages.ERROR)
        return stored

    # Columns

    @admin.display(description=gettext_lazy("sender"), ordering="sender")
    def from_and_talk(self, message: InboundMessage) -> str:
        """The number, and a link to its conversation."""
        number, address = self.from_number(message), self._conversation(message)
        return (
            format_html('{}<br><a href="{}">{}</a>', number, address, _("Conversation"))
            if address
            else number
        )

    @admin.display(description=gettext_lazy("sender"))
    def from_number(self, message: InboundMessage) -> str:
        return _bold_if_unread(message, display.number(message.sender))

    @admin.display(description=gettext_lazy("sender"))
    def masked_from(self, message: InboundMessage) -> str:
        return _bold_if_unread(message, self.masked(message.sender))

    @admin.display(description=gettext_lazy("line"))
    def to_line(self, message: InboundMessage) -> str:
        return display.number(message.line)

    @admin.display(description=gettext_lazy("text"))
    def short_text(self, message: InboundMessage) -> str:
        return _bold_if_unread(message, display.text(message.text) if message.text else display.EMPTY)

    @admin.display(description=gettext_lazy("text"))
    def body(self, message: InboundMessage) -> str:
        return display.full_text(message.text)

    @admin.display(description=gettext_lazy("state"))
    def attention(self, message: InboundMessage) -> str:
        """What staff have to do: read it, handle it, nothing; and whether processing failed."""
        if message.done_at is not None:
            shown = display.state("handled", _("Handled"))
        elif message.read_at is None:
            shown = display.state("unread", _("Unread"))
        else:
            shown = display.state("read", _("Read"))
        if not message.dispatch_error:
            return shown
        return format_html("{} {}", shown, display.state("failed", _("Processing failed")))

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

    @admin.display(description=gettext_lazy("acknowledged at"))
    def acknowledged(self, message: InboundMessage) -> str:
        return display.moment(message.acknowledged_at)

    @admin.display(description=gettext_lazy("read at"))
    def read(self, message: InboundMessage) -> str:
        return display.moment(message.read_at)

    @admin.display(description=gettext_lazy("handled at"))
    def handled(self, message: InboundMessage) -> str:
        if message.done_by is None:
            return display.moment(message.done_at)
        who = display.untrusted(str(message.done_by))
        return format_html("{} · {}", display.moment(message.done_at), who)

    @admin.display(description=gettext_lazy("processed at"))
    def passed_on(self, message: InboundMessage) -> str:
        return display.moment(message.dispatched_at)

    @admin.display(description=gettext_lazy("failed attempts"))
    def attempts(self, message: InboundMessage) -> str:
        return localize_number(message.dispatch_attempts)

    @admin.display(description=gettext_lazy("processing error"))
    def error(self, message: InboundMessage) -> str:
        return display.untrusted(message.dispatch_error)

    @admin.display(description=gettext_lazy("raw gateway date"))
    def written_date(self, message: InboundMessage) -> str:
        return display.number(message.gateway_date)

    def _conversation(self, message: InboundMessage) -> str:
        return conversation_url(message.sender, site=self.admin_site)


def _bold_if_unread(message: InboundMessage, shown: str) -> str:
    """In bold while unread; the state column has the word for it."""
    return format_html("<strong>{}</strong>", shown) if message.read_at is None else shown
