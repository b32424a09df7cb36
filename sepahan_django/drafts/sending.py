"""Handing a checked draft to the outbox, once."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sepahan_django import outbox
from sepahan_django.after_commit import dispatch, send_one, wake_workers
from sepahan_django.drafts import rows
from sepahan_django.drafts.checking import Fingerprint, Prepared, blockers, going, prepare, too_many
from sepahan_django.drafts.errors import Blocked, Changed, Issue
from sepahan_django.models import Campaign, DraftRow, OutboundMessage, Priority, SendDraft
from sepahan_django.outbox import BATCH, SendOptions
from sepahan_django.values.digits import localize_number
from sepahan_django.values.jalali import format_datetime
from sepahan_django.values.phones import normalize_mobile


def send(draft: SendDraft, user: Any, *, fingerprint: str, most: int | None = None) -> Campaign:
    """Queue what the check with this fingerprint showed, in one transaction; returns the campaign.

    Up to a hundred that go now are sent on commit; more, or planned ones, are left to the workers.
    AlreadySent when it has gone out before (with its campaign), Blocked when something is in the way,
    Changed when it is not what was shown: then nothing goes out. `most` is as in `check`.

    What makes a crash between two lines safe: all of it is one transaction, which begins by taking the
    draft (an UPDATE that only one of two can do, and that the other waits for). Before its end nothing has
    happened, and the draft can be sent again; after it the messages are queued, whatever becomes of this
    process, and the draft can't be. Nothing is on the wire before the commit.
    """
    with transaction.atomic():
        rows.lock(draft)
        draft = SendDraft.objects.select_related("api_key").get(pk=draft.pk)  # as it is after the lock
        prepared = prepare(draft)
        if found := blockers(prepared):
            raise Blocked(found)
        count = draft.rows.filter(problem__in=rows.sendable(draft)).count()
        if most is not None and count > most:
            raise Blocked([Issue("too_many", too_many(count, most))])
        few = count <= BATCH and draft.send_at is None
        campaign = Campaign.objects.create(title=draft.title or default_title(count), created_by=user)
        seen = Fingerprint(prepared)
        stored = _queue(prepared, few=few, campaign=campaign, user=user, seen=seen)
        if not stored or seen.hexdigest() != fingerprint:
            raise Changed
        SendDraft.objects.filter(pk=draft.pk).update(sent_at=prepared.now, campaign=campaign)
        # The messages hold their numbers and texts now; what was refused is kept to be looked at.
        DraftRow.objects.filter(draft=draft, problem__in=rows.sendable(draft)).delete()
        return campaign


def default_title(count: int) -> str:
    """A default campaign title; without the text, which not all users of campaigns may see."""
    return _("%(count)s SMS · %(when)s") % {
        "count": localize_number(count),
        "when": format_datetime(timezone.now()),
    }


def _queue(prepared: Prepared, *, few: bool, campaign: Campaign, user: Any, seen: Fingerprint) -> int:
    send_at = prepared.draft.send_at
    options = SendOptions.checked(
        sender=prepared.line,
        account=prepared.account,
        send_at=send_at,
        expires_at=None,
        priority=Priority.NORMAL if few else Priority.BULK,
        campaign=campaign,
        created_by=user,
    )

    def pairs() -> Iterator[tuple[str, str]]:
        for _row, recipient, text in going(prepared):
            seen.add(recipient, text)
            yield recipient, text

    if not few:
        stored = outbox.queue_many(options, pairs())
        wake_workers(options.api_key)
        return stored
    stored = 0
    for recipient, text in pairs():
        message, _is_new = outbox.queue(options, to=recipient, text=text)
        dispatch(message)
        stored += 1
    return stored


def send_test(
    draft: SendDraft, number: object, *, user: Any = None, idempotency_key: str | None = None
) -> OutboundMessage:
    """The first message as it would go out, to one number, at once; not part of the campaign.

    Blocked when something other than the planned time is in the way, ValueError for an invalid number.
    """
    message, _is_new = send_one_test(draft, number, user=user, idempotency_key=idempotency_key)
    return message


def send_one_test(
    draft: SendDraft, number: object, *, user: Any = None, idempotency_key: str | None = None
) -> tuple[OutboundMessage, bool]:
    """As `send_test`; also returns whether the message is new, or the earlier one with this key."""
    to = normalize_mobile(number)
    prepared = prepare(draft)
    found = [issue for issue in blockers(prepared) if issue.code != "past"]
    text = None if found else next((text for _row, _to, text in going(prepared)), None)
    if not found and text is None:
        found = [Issue("nobody", _("No recipients remain."))]
    if found or text is None:
        raise Blocked(found)
    return send_one(
        to,
        text,
        sender=prepared.line,
        account=prepared.account,
        idempotency_key=idempotency_key,
        priority=Priority.URGENT,
        created_by=user or draft.created_by,
    )
