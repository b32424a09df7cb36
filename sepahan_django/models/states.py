"""The states of messages and requests, and the one table of what may follow what."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MessageState(models.TextChoices):
    """Where an outbound message stands. Each is true whatever has crashed."""

    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    UNDELIVERED = "undelivered", _("Not delivered")
    FAILED = "failed", _("Failed")
    IN_DOUBT = "in_doubt", _("In doubt")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")


TRANSITIONS: dict[MessageState, frozenset[MessageState]] = {
    MessageState.QUEUED: frozenset(
        {
            MessageState.SENDING,  # claimed
            MessageState.CANCELLED,  # by an operator
            MessageState.EXPIRED,  # past expires_at
        }
    ),
    MessageState.SENDING: frozenset(
        {
            MessageState.SENT,  # the gateway has it
            MessageState.FAILED,  # the gateway refused it
            MessageState.QUEUED,  # certainly not received: waits for another request
            MessageState.EXPIRED,  # certainly not received, and past expires_at
            MessageState.IN_DOUBT,  # can no longer be determined
        }
    ),
    MessageState.SENT: frozenset({MessageState.DELIVERED, MessageState.UNDELIVERED}),
    MessageState.FAILED: frozenset({MessageState.QUEUED}),  # an operator sends it again
    MessageState.IN_DOUBT: frozenset(
        {
            MessageState.SENT,  # an operator marks it as sent
            MessageState.QUEUED,  # an operator sends it again
        }
    ),
    MessageState.DELIVERED: frozenset(),
    MessageState.UNDELIVERED: frozenset(),
    MessageState.CANCELLED: frozenset(),
    MessageState.EXPIRED: frozenset(),
}
"""The state machine of OutboundMessage. docs/states.rst draws it."""


def sources(target: MessageState) -> frozenset[MessageState]:
    """The states from which a message may come to `target`."""
    return frozenset(state for state, targets in TRANSITIONS.items() if target in targets)


class InvalidTransition(ValueError):
    """A message was to be moved between two states that the table doesn't connect."""


class RequestState(models.TextChoices):
    """Where one request to the gateway stands."""

    READY = "ready", _("Ready")
    SENDING = "sending", _("On its way")
    IN_DOUBT = "in_doubt", _("In doubt")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")
    NOT_SENT = "not_sent", _("Not sent")
    UNRESOLVED = "unresolved", _("Needs a decision")


class Priority(models.IntegerChoices):
    """The lanes out: every request is filled from the most urgent first."""

    URGENT = 0, _("Urgent")
    NORMAL = 1, _("Normal")
    BULK = 2, _("Bulk")
