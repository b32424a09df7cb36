"""What a project's code calls to send SMS."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from sepahan_django import outbox
from sepahan_django.after_commit import send_one, wake_workers
from sepahan_django.models import ApiKey, Campaign, OutboundMessage, Priority
from sepahan_django.outbox import IdempotencyConflict, InvalidMessage, SendOptions
from sepahan_django.values.phones import InvalidPhoneNumber

__all__ = ["IdempotencyConflict", "InvalidMessage", "InvalidPhoneNumber", "send_mass_sms", "send_sms"]


def send_sms(
    to: object,
    text: str,
    *,
    sender: str | None = None,
    account: ApiKey | str | None = None,
    send_at: datetime | None = None,
    expires_at: datetime | None = None,
    idempotency_key: str | None = None,
    priority: int = Priority.NORMAL,
) -> OutboundMessage:
    """Send one SMS; returns its row, whose `state` says what has happened so far.

    `to` is an Iranian mobile number in any format. `sender` is a line and `account` an ApiKey or its
    title; without them the defaults are used. `send_at` is the earliest and `expires_at` the latest moment
    to send; both are aware datetimes. An `idempotency_key` used before, with the same number and text,
    returns the earlier row and sends nothing.

    Raises ValueError, before anything is stored, for what the caller got wrong: InvalidPhoneNumber,
    InvalidMessage, IdempotencyConflict, UnknownAccount. Never raises for the gateway: a message that
    could not be submitted now is `queued` or `sending`, and a worker continues later.

    The row is part of the caller's transaction and goes out only after its commit.
    """
    message, _is_new = send_one(
        to,
        text,
        sender=sender,
        account=account,
        send_at=send_at,
        expires_at=expires_at,
        idempotency_key=idempotency_key,
        priority=priority,
    )
    return message


def send_mass_sms(
    pairs: Iterable[tuple[object, str]],
    *,
    sender: str | None = None,
    account: ApiKey | str | None = None,
    send_at: datetime | None = None,
    expires_at: datetime | None = None,
    campaign: Campaign | str | None = None,
    priority: int = Priority.BULK,
) -> int:
    """Queue one SMS for each (to, text) of any iterable, in bounded memory; returns how many.

    All are queued or, when one can't be a message, none: its ValueError is raised. `campaign` is a
    Campaign, or the title of a new one. They are sent by `sepahan_send_queued`.
    """
    with transaction.atomic():  # with the campaign, if it is new
        options = SendOptions.checked(
            sender=sender,
            account=account,
            send_at=send_at,
            expires_at=expires_at,
            priority=priority,
            campaign=campaign,
        )
        count = outbox.queue_many(options, pairs)
    wake_workers(options.api_key)
    return count
