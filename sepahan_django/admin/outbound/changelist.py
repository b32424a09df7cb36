"""The list of outbound messages."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django import delivery, outbox
from sepahan_django.admin import compose
from sepahan_django.admin.kit import display, history
from sepahan_django.admin.kit.base import RecordAdmin
from sepahan_django.admin.kit.exports import Exporting
from sepahan_django.admin.kit.filters import RANGE_END_SUFFIX, AccountFilter
from sepahan_django.admin.kit.permissions import max_recipients, may, may_see_content
from sepahan_django.admin.outbound.buttons import MessageActions
from sepahan_django.admin.outbound.doubts import doubts_view
from sepahan_django.admin.outbound.filters import CampaignFilter, CreatedFilter, SenderLineFilter
from sepahan_django.admin.outbound.message import page_context
from sepahan_django.models import ApiKey, MessageState, OutboundMessage, OutboundMessageQuerySet
from sepahan_django.values.digits import latin_digits, localize_number
from sepahan_django.values.phones import normalize_mobile
from sepahan_django.wording import STATES

MAX_MOBILE_DIGITS = 14
"""Digits of a mobile number in its longest format; the gateway's ids have more."""


@admin.register(OutboundMessage)
class OutboundMessageAdmin(MessageActions, Exporting, RecordAdmin):
    """Outbound messages: viewed, refreshed, cancelled, sent again. Sending is on a separate page."""

    class Media:
        js = ("sepahan_django/picker.js",)

    export_permission = "export_messages"
    change_list_template = "sepahan_django/admin/outbound_list.html"
    list_display = ("to", "state_shown", "short_text", "created", "sent", "delivered")
    list_display_links = ("to", "short_text")
    list_filter = ("state", CreatedFilter, SenderLineFilter, AccountFilter, CampaignFilter)
    content_columns = {"to": "masked_to", "short_text": "hidden"}
    search_fields = ("recipient",)
    search_help_text = gettext_lazy("A mobile number or its beginning, in any format; or a gateway id")
    actions = ("refresh_states", "cancel_queued", "send_failed_again")
    change_form_template = "sepahan_django/admin/outbound_form.html"
    # What the page shows above these is in `outbound/message.py`.
    fieldsets = (
        (gettext_lazy("Sending"), {"fields": ("line", "api_key", "campaign", "created_by", "priority")}),
    )

    def get_urls(self) -> list[URLPattern]:
        # admin_view handles login and CSRF.
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
            "may_send": may(request, "send_message"),
            "may_decide": may(request, "resolve_in_doubt"),
            "state_helps": [(display.state(one, one.label), STATES[one]) for one in MessageState],
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: OutboundMessage | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context["story"] = page_context(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # By the key, which is quickest; a range of dates is read in the order of its own index, or else a
        # database walks from the newest message to the range.
        return ("-created_at", "-pk") if CreatedFilter.is_on(request) else ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[OutboundMessage], search_term: str
    ) -> tuple[QuerySet[OutboundMessage], bool]:
        """By number, exactly or by its beginning: both use the index, which a search inside would not."""
        # The gateway's id is looked for account by account, since that is how its index begins.
        term = "".join(latin_digits(search_term).split()) if may_see_content(request) else ""
        if not term:
            return queryset, False
        try:
            return queryset.filter(recipient=normalize_mobile(term)), False
        except ValueError:
            digits = "".join(character for character in term if character.isdecimal())
            if not digits:
                return queryset.none(), False
            if digits == term and len(digits) > MAX_MOBILE_DIGITS:
                is_id = len(digits) < 20 and int(digits) < 2**63
                keys = list(ApiKey.objects.values_list("pk", flat=True))
                found = (
                    queryset.filter(api_key__in=keys, gateway_id=int(digits)) if is_id else queryset.none()
                )
                return found, False
            start = digits if digits.startswith("0") else f"0{digits}"
            return queryset.filter(recipient__gte=start, recipient__lte=f"{start}{RANGE_END_SUFFIX}"), False

    # Columns

    @admin.display(description=gettext_lazy("recipient"), ordering="recipient")
    def to(self, message: OutboundMessage) -> str:
        return display.number(message.recipient)

    @admin.display(description=gettext_lazy("recipient"))
    def masked_to(self, message: OutboundMessage) -> str:
        return self.masked(message.recipient)

    @admin.display(description=gettext_lazy("text"))
    def short_text(self, message: OutboundMessage) -> str:
        return display.text(message.text)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, message: OutboundMessage) -> str:
        return display.state(message.state, message.get_state_display(), STATES.get(message.state, ""))

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

    # Actions

    def has_send_permission(self, request: HttpRequest) -> bool:
        return may(request, "send_message")

    @admin.action(description=gettext_lazy("Refresh delivery statuses"), permissions=["view"])
    def refresh_states(self, request: HttpRequest, queryset: OutboundMessageQuerySet) -> None:
        report = delivery.refresh(queryset)
        for title, why in report.troubles.items():
            self.message_user(request, f"{title}: {why}", messages.ERROR)
        self._add_count_message(request, _("%(count)s delivery statuses changed."), report.tally["changed"])

    @admin.action(description=gettext_lazy("Cancel queued messages"), permissions=["send"])
    def cancel_queued(self, request: HttpRequest, queryset: OutboundMessageQuerySet) -> None:
        done = history.act(
            request, queryset, states=[MessageState.QUEUED], work=outbox.cancel, said=_("Cancelled.")
        )
        self._add_count_message(request, _("%(count)s SMS cancelled."), done)

    @admin.action(description=gettext_lazy("Send failed messages again"), permissions=["send"])
    def send_failed_again(self, request: HttpRequest, queryset: OutboundMessageQuerySet) -> None:
        failed = queryset.filter(state=MessageState.FAILED)
        most = max_recipients(request)
        if most is not None and failed[: most + 1].count() > most:
            said = _("You may send to at most %(most)s recipients at once.")
            self.message_user(request, said % {"most": localize_number(most)}, messages.ERROR)
            return
        said = _("Sent again after failing.")
        done = history.act(request, failed, states=[MessageState.FAILED], work=outbox.send_again, said=said)
        self._add_count_message(request, _("%(count)s SMS queued again."), done)

    def _add_count_message(self, request: HttpRequest, sentence: str, count: int) -> None:
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, sentence % {"count": localize_number(count)}, level)
