"""The buttons on the page of one message."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django import delivery, outbox
from sepahan_django.admin.kit import history, outcomes
from sepahan_django.admin.kit.permissions import may
from sepahan_django.after_commit import dispatch
from sepahan_django.models import MessageState, OutboundMessage, OutboundMessageQuerySet


@dataclass(frozen=True)
class MessageAction:
    """An operator's action on a message in one state; with `sends`, it goes out at once."""

    state: MessageState
    work: Callable[[OutboundMessageQuerySet], int]
    said: Promise | str
    sends: bool = False


MESSAGE_ACTIONS = {
    "send-now": MessageAction(
        MessageState.QUEUED,
        outbox.send_now,
        gettext_lazy("Sent without waiting for the scheduled time."),
        sends=True,
    ),
    "cancel": MessageAction(MessageState.QUEUED, outbox.cancel, gettext_lazy("Cancelled.")),
    "send-again": MessageAction(
        MessageState.FAILED, outbox.send_again, gettext_lazy("Sent again after failing."), sends=True
    ),
}
REFRESH = "refresh"


class MessageActions(admin.ModelAdmin):  # type: ignore[type-arg]
    """URLs below a message's page, each for a POST by users who may view messages and send them."""

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(self.act_on_message),
                {"name": name},
                name=f"sepahan_django_message_{name.replace('-', '_')}",
            )
            for name in (*MESSAGE_ACTIONS, REFRESH)
        ] + super().get_urls()

    def act_on_message(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Run the action if the message is still in the right state, and report the result."""
        if not self.has_view_permission(request) or not may(request, "send_message"):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        message = self.get_object(request, unquote(object_id))
        if message is None:
            raise Http404
        if name == REFRESH:
            self._refresh(request, message)
        else:
            self._do(request, message, MESSAGE_ACTIONS[name])
        return HttpResponseRedirect(
            reverse(f"{self.admin_site.name}:sepahan_django_outboundmessage_change", args=[message.pk])
        )

    def _do(self, request: HttpRequest, message: OutboundMessage, act: MessageAction) -> None:
        rows = OutboundMessage.objects.filter(pk=message.pk)
        if not history.act(request, rows, states=[act.state], work=act.work, said=str(act.said)):
            message.refresh_from_db()
            told = _("Nothing was changed: the state is now “%(state)s”.")
            self.message_user(request, told % {"state": message.get_state_display()}, messages.WARNING)
            return
        message.refresh_from_db()
        if act.sends:
            dispatch(message)
        outcomes.tell_state(request, message)

    def _refresh(self, request: HttpRequest, message: OutboundMessage) -> None:
        history.note(request, [message], _("Delivery status checked."))
        report = delivery.refresh(OutboundMessage.objects.filter(pk=message.pk))
        for title, why in report.troubles.items():
            self.message_user(request, f"{title}: {why}", messages.ERROR)
        if not report.troubles:
            message.refresh_from_db()
            outcomes.tell_state(request, message)
