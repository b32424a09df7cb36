"""Storing what is to be sent, in the caller's transaction."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sepahan_django import accounts
from sepahan_django.models import ApiKey, Campaign, OutboundMessage, OutboundMessageQuerySet, Priority
from sepahan_django.values.phones import normalize_line, normalize_mobile

INSERT_CHUNK = 1000
"""Rows an INSERT; bounds the memory of a mass sending."""


class InvalidMessage(ValueError):
    """What the caller gave can't be a message; str() is one sentence that says why."""


class IdempotencyConflict(InvalidMessage):
    """The idempotency key was used before with another recipient or text."""


@dataclass(frozen=True)
class SendOptions:
    """What all messages of one sending share, checked."""

    api_key: ApiKey
    sender: str
    priority: int
    due_at: datetime
    send_at: datetime | None = None
    expires_at: datetime | None = None
    campaign: Campaign | None = None
    created_by: Any = None

    @classmethod
    def checked(
        cls,
        *,
        sender: str | None,
        account: ApiKey | str | None,
        send_at: datetime | None,
        expires_at: datetime | None,
        priority: int = Priority.NORMAL,
        campaign: Campaign | str | None = None,
        created_by: Any = None,
    ) -> "SendOptions":
        """The options that these make; ValueError says what is wrong with them."""
        api_key = accounts.resolve(account)
        if priority not in Priority.values:
            raise InvalidMessage(_("The priority must be 0 (urgent), 1 (normal) or 2 (bulk)."))
        line = sender or accounts.default_sender(api_key)
        if not line:
            raise InvalidMessage(
                _("No sender line: give one, set SEPAHAN[“SENDER”], or make a line the account's default.")
            )
        _check_aware(send_at, "send_at")
        _check_aware(expires_at, "expires_at")
        if send_at and expires_at and expires_at <= send_at:
            raise InvalidMessage(_("expires_at must be later than send_at."))
        return cls(
            api_key=api_key,
            sender=normalize_line(line),
            priority=priority,
            due_at=send_at or timezone.now(),
            send_at=send_at,
            expires_at=expires_at,
            campaign=Campaign.objects.create(title=campaign) if isinstance(campaign, str) else campaign,
            created_by=created_by,
        )

    def message(self, to: object, text: str, *, idempotency_key: str | None = None) -> OutboundMessage:
        """One message with these options, not yet saved. ValueError when number or text can't be used."""
        return OutboundMessage(
            recipient=normalize_mobile(to),
            text=_checked_text(text),
            sender=self.sender,
            api_key=self.api_key,
            campaign=self.campaign,
            created_by=self.created_by,
            priority=self.priority,
            due_at=self.due_at,
            send_at=self.send_at,
            expires_at=self.expires_at,
            idempotency_key=idempotency_key,
        )


def _check_aware(value: datetime | None, name: str) -> None:
    if value is None:
        return
    if not isinstance(value, datetime):
        raise InvalidMessage(_("%(name)s must be a datetime.") % {"name": name})
    if timezone.is_naive(value):
        raise InvalidMessage(_("%(name)s must have a time zone.") % {"name": name})


def _checked_text(text: str) -> str:
    if not isinstance(text, str):
        text = str(text)  # a lazy translation, say
    if not text.strip():
        raise InvalidMessage(_("The text is empty."))
    if "\x00" in text:
        raise InvalidMessage(_("The text contains a NUL character, which can't be sent."))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidMessage(_("The text contains an incomplete character (a lone surrogate).")) from None
    return text


def queue(
    options: SendOptions, *, to: object, text: str, idempotency_key: str | None = None
) -> tuple[OutboundMessage, bool]:
    """Store one message; returns it and whether it is new.

    With an `idempotency_key` used before it is the earlier message; IdempotencyConflict if that one had
    another recipient or text.
    """
    message = options.message(to, text, idempotency_key=idempotency_key)
    if idempotency_key is None:
        message.save(force_insert=True)
        return message, True
    if not isinstance(idempotency_key, str) or not 0 < len(idempotency_key) <= 200:
        raise InvalidMessage(_("An idempotency key must be a text of 1 to 200 characters."))
    earlier = _earlier(message)
    if earlier is not None:
        return earlier, False
    try:
        # Two callers with one key: the unique column lets one in, and the other finds that one's row.
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError:
        with transaction.atomic():
            # Locked, since a snapshot taken before that one's commit (REPEATABLE READ) would not show it.
            earlier = _earlier(message, OutboundMessage.objects.select_for_update())
        if earlier is None:
            raise
        return earlier, False
    return message, True


def _earlier(message: OutboundMessage, rows: OutboundMessageQuerySet | None = None) -> OutboundMessage | None:
    rows = OutboundMessage.objects.all() if rows is None else rows
    earlier = rows.filter(idempotency_key=message.idempotency_key).first()
    if earlier and (earlier.recipient, earlier.text) != (message.recipient, message.text):
        raise IdempotencyConflict(
            _("The idempotency key was already used with a different recipient or text.")
        )
    return earlier


def queue_many(options: SendOptions, pairs: Iterable[tuple[object, str]]) -> int:
    """Store a message for each (to, text); returns how many. All of them or, with a ValueError, none.

    The pairs are read as they are stored: a million cost no more memory than a thousand.
    """
    count = 0
    with transaction.atomic():
        for chunk in _chunks(_messages(options, pairs)):
            OutboundMessage.objects.bulk_create(chunk)
            count += len(chunk)
    return count


def _messages(options: SendOptions, pairs: Iterable[tuple[object, str]]) -> Iterator[OutboundMessage]:
    for number, pair in enumerate(pairs, start=1):
        try:
            to, text = pair
        except (TypeError, ValueError):
            raise InvalidMessage(
                _("Item %(number)s is not a pair of recipient and text.") % {"number": number}
            ) from None
        yield options.message(to, text)


def _chunks(messages: Iterator[OutboundMessage]) -> Iterator[list[OutboundMessage]]:
    while chunk := list(islice(messages, INSERT_CHUNK)):
        yield chunk
