"""The outcome of what a page has just sent, in one sentence."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from sepahan_django.models import MessageState, OutboundMessage
from sepahan_django.values.visible import visible
from sepahan_django.wording import STATES


@dataclass(frozen=True)
class Sentences:
    """What a page says of each outcome; `refused` takes the reason as %(why)s."""

    handed_over: Promise | str
    refused: Promise | str
    queued: Promise | str


OF_A_TEST = Sentences(
    handed_over=gettext_lazy("Sent to the gateway: check your phone."),
    refused="%(why)s",
    queued=gettext_lazy("The SMS is queued and will be sent by the worker."),
)
OF_A_REPLY = Sentences(
    handed_over=gettext_lazy("The reply was sent to the gateway."),
    refused=gettext_lazy("The gateway refused the reply: %(why)s"),
    queued=gettext_lazy("The reply is queued and will be sent by the worker."),
)


def once_committed(tell: Callable[[], None]) -> None:
    """Call `tell` after commit: with ATOMIC_REQUESTS the request is one transaction, and nothing is sent
    before its end.

    At once outside a transaction, also with autocommit off, where Django does not see the commit.
    """
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(tell)
    else:
        tell()


def tell_outcome(request: HttpRequest, message: OutboundMessage, sentences: Sentences) -> None:
    """Show the outcome of one message, as it is after commit."""
    once_committed(lambda: _tell_outcome(request, message, sentences))


def _tell_outcome(request: HttpRequest, message: OutboundMessage, sentences: Sentences) -> None:
    if message.state in (MessageState.SENT, MessageState.DELIVERED):
        messages.success(request, str(sentences.handed_over))
    elif message.state == MessageState.FAILED:
        messages.error(request, str(sentences.refused) % {"why": visible(message.error_message)})
    elif message.state in (MessageState.QUEUED, MessageState.SENDING):
        messages.warning(request, str(sentences.queued))
    else:
        _tell_state(request, message)


def tell_state(request: HttpRequest, message: OutboundMessage) -> None:
    """Show the message's state after commit, and what it means."""
    once_committed(lambda: _tell_state(request, message))


def _tell_state(request: HttpRequest, message: OutboundMessage) -> None:
    state = MessageState(message.state)
    is_bad = state in (MessageState.FAILED, MessageState.UNDELIVERED, MessageState.IN_DOUBT)
    level = messages.WARNING if is_bad else messages.SUCCESS
    messages.add_message(request, level, f"{state.label}: {STATES[state]}")
