"""What the page of one message shows: its history, the next steps, and its request."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sepahan_django.admin.kit import display
from sepahan_django.admin.kit.addresses import page_address
from sepahan_django.admin.kit.masking import HIDDEN
from sepahan_django.admin.kit.permissions import may, may_see_content, may_view
from sepahan_django.models import MessageState, OutboundMessage, SendRequest
from sepahan_django.values.digits import localize_number
from sepahan_django.values.phones import mask
from sepahan_django.values.visible import visible
from sepahan_django.wording import STATES, delivery_text, error_text


@dataclass(frozen=True)
class Event:
    """One line of the timeline; future events are marked with `is_ahead`."""

    at: datetime
    moment: str
    title: str
    note: str = ""
    is_ahead: bool = False


@dataclass(frozen=True)
class Button:
    """A POST to one of the message's addresses; `address` is relative to its page."""

    address: str
    label: str


def page_context(request: HttpRequest, message: OutboundMessage) -> dict[str, Any]:
    """What the template shows, with what this user may not see left out."""
    whole = may_see_content(request)
    sent_with = message.request
    return {
        "number": display.number(message.recipient if whole else mask(message.recipient)),
        "text": display.full_text(message.text) if whole else HIDDEN,
        "state": display.state(message.state, message.get_state_display()),
        "sentence": STATES.get(message.state, ""),
        "explanation": explanation(message, whole=whole),
        "delivery": delivery_text(message.delivery_status),
        "gateway_id": display.number(str(message.gateway_id)) if message.gateway_id else "",
        "events": events(message),
        "question": delivery_note(message),
        "is_in_doubt": message.state == MessageState.IN_DOUBT,
        "request": request_facts(request, sent_with) if sent_with else None,
        "buttons": buttons(message) if may(request, "send_message") else [],
        "doubts": _doubts(request, message),
        "conversation": page_address(request, "sepahan_django_conversation", message.recipient)
        if whole and message.recipient
        else "",
    }


def explanation(message: OutboundMessage, *, whole: bool) -> str:
    """Why it failed or waits; without `whole` not in the gateway's own words, which may repeat a number."""
    known = error_text(message.error_code) if message.error_code is not None else ""
    if not whole:
        return known
    parts = [known, message.error_message if message.error_message != known else ""]
    return " — ".join(visible(part) for part in parts if part)


def buttons(message: OutboundMessage) -> list[Button]:
    """The actions on a message in its state, for users who may send."""
    if message.state == MessageState.QUEUED:
        return [Button("send-now", _("Send now")), Button("cancel", _("Cancel message"))]
    if message.state == MessageState.FAILED and message.recipient:
        return [Button("send-again", _("Send again"))]
    if message.state == MessageState.SENT and message.gateway_id:
        return [Button("refresh", _("Check delivery status"))]
    return []


def _doubts(request: HttpRequest, message: OutboundMessage) -> str:
    if message.state != MessageState.IN_DOUBT or not may(request, "resolve_in_doubt"):
        return ""
    return page_address(request, "sepahan_django_doubts")


# The timeline


def events(message: OutboundMessage) -> list[Event]:
    """What has happened and what is planned, in the order of time."""
    now = timezone.now()
    found: list[Event] = []

    def add(at: datetime | None, title: str, note: str = "") -> None:
        if at is not None:
            found.append(Event(at, display.moment(at), title, note, is_ahead=at > now))

    by = _("by %(user)s") % {"user": visible(str(message.created_by))} if message.created_by else ""
    add(message.created_at, _("Created"), by)
    if message.send_at and message.due_at < message.send_at:
        add(message.due_at, _("Moved ahead of its scheduled time"))
    elif message.send_at:
        add(message.send_at, _("Scheduled time"))
    _add_attempts(message, add)
    add(message.sent_at, _("Accepted by the gateway"))
    add(message.delivered_at, _("Reached the handset"))
    if message.state == MessageState.SENT:
        add(message.status_due_at, _("Next delivery check"))
    if message.expires_at and message.state == MessageState.EXPIRED:
        add(message.expires_at, _("Expired before it was sent"))
    elif message.expires_at and message.state in (MessageState.QUEUED, MessageState.SENDING):
        add(message.expires_at, _("Expires"))
    # Sorting is stable, so that what has one time stays in the order of the way it goes.
    return sorted(found, key=lambda event: event.at.replace(second=0, microsecond=0))


def _add_attempts(message: OutboundMessage, add: Any) -> None:
    request = message.request
    if request is None:
        return
    again = request.attempts > 1
    add(request.first_attempt_at, _("First attempt") if again else _("Submitted to the gateway"))
    if again:
        count = ngettext("%(count)s attempt in total", "%(count)s attempts in total", request.attempts)
        add(request.last_attempt_at, _("Last attempt"), count % {"count": localize_number(request.attempts)})
    if message.state == MessageState.FAILED:
        add(request.finished_at, _("Refused"))
    elif message.state == MessageState.IN_DOUBT:
        add(request.finished_at, _("Given up: the gateway no longer remembered the request"))
    elif message.state == MessageState.SENDING:
        add(request.due_at, _("Next query to the gateway"))


def delivery_note(message: OutboundMessage) -> str:
    """When its delivery is checked, or why no longer; empty if there is nothing to check."""
    if message.state in (MessageState.DELIVERED, MessageState.UNDELIVERED):
        return _("The delivery status is final and is no longer checked.")
    if message.state != MessageState.SENT:
        return ""
    if message.gateway_id is None:
        return _("The gateway id of this message is unknown, so its delivery can't be checked.")
    if message.status_due_at is None:
        return _("It is no longer checked: the gateway reports on a message for a few weeks only.")
    if message.status_due_at <= timezone.now() - timedelta(minutes=1):
        return _("It is due for a check, with the next run of sepahan_sync_status.")
    return ""


# The request


def request_facts(request: HttpRequest, sent_with: SendRequest) -> dict[str, Any]:
    """What is known of a request, for the pages of its messages."""
    whole = may_see_content(request)
    address = ""
    if may_view(request, "sendrequest"):
        address = page_address(request, "sepahan_django_sendrequest_change", sent_with.pk)
    return {
        "id": display.number(sent_with.request_id),
        "address": address,
        "state": sent_with.get_state_display(),
        "messages": localize_number(sent_with.messages.count()),
        "attempts": localize_number(sent_with.attempts),
        "first": display.moment(sent_with.first_attempt_at),
        "last": display.moment(sent_with.last_attempt_at),
        "finished": display.moment(sent_with.finished_at),
        "parts": "" if sent_with.sms_count is None else localize_number(sent_with.sms_count),
        "price": display.money(sent_with.total_price)
        if sent_with.total_price is not None and may(request, "view_credit")
        else "",
        "error": display.untrusted(sent_with.error_message) if whole and sent_with.error_message else "",
        "answer": display.raw(sent_with.answer) if whole and sent_with.answer else "",
    }
