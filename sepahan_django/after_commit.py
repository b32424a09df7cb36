"""Sending one message, and what happens to queued ones after commit, by `SEPAHAN["DISPATCH"]`."""

import logging
import threading
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone

from sepahan_django import outbox
from sepahan_django.conf import DISPATCHES, choice
from sepahan_django.models import ApiKey, OutboundMessage, Priority
from sepahan_django.outbox import SendOptions, submit_now

logger = logging.getLogger("sepahan_django")


class _Pending(threading.local):
    """The messages of this thread's transaction that wait for its commit.

    Those of a transaction that was rolled back stay in it: they name rows that don't exist, which a claim
    doesn't find.
    """

    def __init__(self) -> None:
        self.messages: list[OutboundMessage] = []

    def take(self) -> list[OutboundMessage]:
        messages, self.messages = self.messages, []
        return messages


_pending = _Pending()


def send_one(
    to: object,
    text: str,
    *,
    sender: str | None = None,
    account: ApiKey | str | None = None,
    send_at: datetime | None = None,
    expires_at: datetime | None = None,
    idempotency_key: str | None = None,
    priority: int = Priority.NORMAL,
    created_by: Any = None,
) -> tuple[OutboundMessage, bool]:
    """Queue one message and send it after commit; returns it and whether it is new.

    An `idempotency_key` used before gives the earlier message, and nothing is sent. ValueError, before
    anything is stored, for what can't be sent. What the caller notes of a new message belongs in the same
    transaction.
    """
    options = SendOptions.checked(
        sender=sender,
        account=account,
        send_at=send_at,
        expires_at=expires_at,
        priority=priority,
        created_by=created_by,
    )
    message, is_new = outbox.queue(options, to=to, text=text, idempotency_key=idempotency_key)
    if is_new:
        dispatch(message)
    return message, is_new


def dispatch(message: OutboundMessage) -> None:
    """Send this new message after commit, if that is how the project wants it.

    All messages of one transaction go together, so that a hundred of them cost one request: the first
    callback takes them all, and the others find none.
    """
    if message.due_at > timezone.now() or choice("DISPATCH", DISPATCHES) == "none":
        return
    connection = transaction.get_connection(DEFAULT_DB_ALIAS)
    if not connection.in_atomic_block:
        if not connection.get_autocommit():
            return  # Django runs no commit hooks here: a worker finds the message
        _pending.take()
    _pending.messages.append(message)
    # Robust: what goes wrong here is logged, and the caller, whose message is stored, goes on.
    transaction.on_commit(_dispatch_pending, robust=True)


def wake_workers(api_key: ApiKey) -> None:
    """After commit, tell the task queue that there is work; other workers poll."""
    if choice("DISPATCH", DISPATCHES) == "task":
        transaction.on_commit(lambda: _enqueue(api_key), robust=True)


def _dispatch_pending() -> None:
    messages = _pending.take()
    if not messages:
        return
    if choice("DISPATCH", DISPATCHES) == "task":
        for api_key in {message.api_key for message in messages}:
            _enqueue(api_key)
        return
    submit_now([message.pk for message in messages])
    by_pk = OutboundMessage.objects.in_bulk([message.pk for message in messages[:1000]])
    for message in messages:
        if message.pk in by_pk:  # the caller still holds the object, and reads what has happened
            message.copy_from(by_pk[message.pk])


def _enqueue(api_key: ApiKey) -> None:
    """Hand the sending to the task queue. Without one the messages stay queued, and the log says so."""
    from sepahan_django.tasks import enqueue_sending

    try:
        enqueue_sending(api_key)
    except Exception:
        logger.exception("The sending task could not be enqueued; the messages stay queued.")
