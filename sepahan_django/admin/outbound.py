"""The list of outbound messages."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django import delivery, outbox
from sepahan_django.admin import compose, display, trail
from sepahan_django.admin.doubts import doubts_view
from sepahan_django.admin.exporting import Exporting
from sepahan_django.admin.readonly import RecordAdmin
from sepahan_django.admin.rights import AccountFilter, may_see_content, most_recipients
from sepahan_django.labels import delivery_text, error_text
from sepahan_django.models import MessageState, OutboundMessage
from sepahan_django.models.outbound import OutboundMessageQuerySet
from sepahan_django.values.jalali import latin_digits, localize_number
from sepahan_django.values.phones import normalize_mobile


@admin.register(OutboundMessage)
class OutboundMessageAdmin(Exporting, RecordAdmin):
    """Outbound messages: looked at, refreshed, cancelled, sent again. Sending has a page of its own."""

    export_permission = "export_messages"
    change_list_template = "sepahan_django/admin/outbound_list.html"
    list_display = ("to", "short_text", "state_shown", "created", "sent", "delivered")
    list_display_links = ("to", "short_text")
    list_filter = ("state", AccountFilter)
    content_columns = {
        "to": "masked_to",
        "short_text": "hidden",
        "body": "hidden",
        "explanation": "plain_explanation",
    }
    list_select_related = ("api_key",)
    search_fields = ("recipient",)
    search_help_text = gettext_lazy("A mobile number, or how it begins, in any writing")
    actions = ("refresh_states", "cancel_queued", "send_failed_again")
    fieldsets = (
        (None, {"fields": ("to", "body", "state_shown", "explanation")}),
        (
            gettext_lazy("Sending"),
            {
                "fields": (
                    "line",
                    "api_key",
                    "campaign",
                    "created_by",
                    "priority",
                    "created",
                    "planned",
                    "deadline",
                )
            },
        ),
        (
            gettext_lazy("At the gateway"),
            {"fields": ("sent", "delivered", "delivery_shown", "next_question", "gateway_number", "request")},
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        # admin_view sees to the login and to CSRF.
        view = self.admin_site.admin_view
        return [
            *compose.urls(self.admin_site),
            path("in-doubt/", view(self.doubts), name="sepahan_django_doubts"),
            *super().get_urls(),
        ]

    def doubts(self, request: HttpRequest) -> HttpResponse:
        return doubts_view(request, site=self.admin_site)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {
            "may_send": display.may(request, "send_message"),
            "may_decide": display.may(request, "resolve_in_doubt"),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[OutboundMessage], search_term: str
    ) -> tuple[QuerySet[OutboundMessage], bool]:
        """By number, exactly or by its beginning: both use the index, which a search inside would not."""
        term = "".join(latin_digits(search_term).split()) if may_see_content(request) else ""
        if not term:
            return queryset, False
        try:
            return queryset.filter(recipient=normalize_mobile(term)), False
        except ValueError:
            digits = "".join(character for character in term if character.isdecimal())
            if not digits:
                return queryset.none(), False
            start = digits if digits.startswith("0") else f"0{digits}"
            return queryset.filter(recipient__gte=start, recipient__lt=f"{start}:"), False

    # Columns

    @admin.display(description=gettext_lazy("recipient"), ordering="recipient")
    def to(self, message: OutboundMessage) -> str:
        return display.number(message.recipient)

    @admin.display(description=gettext_lazy("recipient"))
    def masked_to(self, message: OutboundMessage) -> str:
        return self.masked(message.recipient)

    @admin.display(description=gettext_lazy("explanation"))
    def plain_explanation(self, message: OutboundMessage) -> str:
        """Without the gateway's own words, which may repeat a number."""
        return error_text(message.error_code) if message.error_code is not None else display.EMPTY

    @admin.display(description=gettext_lazy("text"))
    def short_text(self, message: OutboundMessage) -> str:
        return display.text(message.text)

    @admin.display(description=gettext_lazy("text"))
    def body(self, message: OutboundMessage) -> str:
        return display.full_text(message.text)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, message: OutboundMessage) -> str:
        return display.state(message.state, message.get_state_display())

    @admin.display(description=gettext_lazy("explanation"))
    def explanation(self, message: OutboundMessage) -> str:
        known = error_text(message.error_code) if message.error_code is not None else ""
        parts = [known, message.error_message if message.error_message != known else ""]
        return display.foreign(" — ".join(part for part in parts if part))

    @admin.display(description=gettext_lazy("sender line"))
    def line(self, message: OutboundMessage) -> str:
        return display.number(message.sender)

    @admin.display(description=gettext_lazy("created at"), ordering="created_at")
    def created(self, message: OutboundMessage) -> str:
        return display.moment(message.created_at)

    @admin.display(description=gettext_lazy("sent at"))
    def sent(self, message: OutboundMessage) -> str:
        return display.moment(message.sent_at)

    @admin.display(description=gettext_lazy("delivered at"))
    def delivered(self, message: OutboundMessage) -> str:
        return display.moment(message.delivered_at)

    @admin.display(description=gettext_lazy("send at"))
    def planned(self, message: OutboundMessage) -> str:
        return display.moment(message.send_at)

    @admin.display(description=gettext_lazy("not after"))
    def deadline(self, message: OutboundMessage) -> str:
        return display.moment(message.expires_at)

    @admin.display(description=gettext_lazy("delivery is asked for at"))
    def next_question(self, message: OutboundMessage) -> str:
        return display.moment(message.status_due_at)

    @admin.display(description=gettext_lazy("delivery status"))
    def delivery_shown(self, message: OutboundMessage) -> str:
        return delivery_text(message.delivery_status) or display.EMPTY

    @admin.display(description=gettext_lazy("gateway's id"))
    def gateway_number(self, message: OutboundMessage) -> str:
        return display.number(str(message.gateway_id or ""))

    # Actions

    def has_send_permission(self, request: HttpRequest) -> bool:
        return display.may(request, "send_message")

    @admin.action(description=gettext_lazy("Refresh the delivery states"), permissions=["view"])
    def refresh_states(self, request: HttpRequest, queryset: OutboundMessageQuerySet) -> None:
        report = delivery.refresh(queryset)
        for title, why in report.troubles.items():
            self.message_user(request, f"{title}: {why}", messages.ERROR)
        self._tell(request, _("%(count)s delivery states have changed."), report.tally["changed"])

    @admin.action(description=gettext_lazy("Cancel those still queued"), permissions=["send"])
    def cancel_queued(self, request: HttpRequest, queryset: OutboundMessageQuerySet) -> None:
        done = trail.act(
            request, queryset, states=[MessageState.QUEUED], work=outbox.cancel, said=_("Cancelled.")
        )
        self._tell(request, _("%(count)s SMS cancelled."), done)

    @admin.action(description=gettext_lazy("Send failed ones again"), permissions=["send"])
    def send_failed_again(self, request: HttpRequest, queryset: OutboundMessageQuerySet) -> None:
        failed = queryset.filter(state=MessageState.FAILED)
        most = most_recipients(request)
        if most is not None and failed[: most + 1].count() > most:
            said = _("You may send to %(most)s recipients at once and no more.")
            self.message_user(request, said % {"most": localize_number(most)}, messages.ERROR)
            return
        said = _("Sent again after it had failed.")
        done = trail.act(request, failed, states=[MessageState.FAILED], work=outbox.send_again, said=said)
        self._tell(request, _("%(count)s SMS queued again."), done)

    def _tell(self, request: HttpRequest, sentence: str, count: int) -> None:
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, sentence % {"count": localize_number(count)}, level)
