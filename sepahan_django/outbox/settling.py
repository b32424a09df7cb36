"""Recording what came of a request, each outcome in one transaction.

Every function first closes the request on condition that the caller still holds it. That makes it safe to
run late (another process has taken the request up: nothing is written) and safe to run twice (a commit
whose answer was lost is retried, and finds the request closed).
"""

import logging
import random
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from sepahan_django import accounts, delivery, signals
from sepahan_django.db.bulk import update_from_values
from sepahan_django.db.storable import storable
from sepahan_django.db.transactions import retrying
from sepahan_django.gateway import SendResult
from sepahan_django.gateway.codes import Verdict
from sepahan_django.gateway.errors import Rejected, SepahanError
from sepahan_django.gateway.results import MAX_ANSWER_LENGTH
from sepahan_django.models import MessageState, OutboundMessage, RequestState, SendRequest
from sepahan_django.outbox.claiming import Claim, claim_duration
from sepahan_django.values.sentences import sentence as _
from sepahan_django.wording import error_text, explain

logger = logging.getLogger("sepahan_django")

MEMORY = timedelta(hours=4)
"""How long the gateway remembers request-Ids (docs/gateway.rst, checkRequestId)."""
MAX_DOUBT_PAUSE = timedelta(minutes=10)

Tally = Counter[str]
"""What came of messages: how many by state, and `requests`."""


def accepted(claim: Claim, result: SendResult | None, *, error: SepahanError | None = None) -> Tally:
    """The gateway has the request. Without a result its ids are lost: sent, and not to be followed.

    `error` is the refusal that said so, where one did.

    Ids are told apart by position. When there are more or fewer of them than messages nothing tells which
    is whose, so no message gets one.
    """
    posted = claim.messages
    ids: Sequence[int] = result.ids if result and len(result.ids) == len(posted) else [0] * len(posted)
    # Only a result says which messages were in what the gateway took: those left out for their age were not.
    sent_too = [] if result else [m for m in claim.expired if _was_in_every_attempt(m, claim.request)]
    said = _answer(result or error)
    try:
        return retrying(lambda: _accepted(claim, result, ids, sent_too, said))
    except IntegrityError:
        # Two settlements brought the same id at the same moment, so whose it is can't be told.
        return retrying(lambda: _accepted(claim, result, [min(number, 0) for number in ids], sent_too, said))


def _accepted(
    claim: Claim,
    result: SendResult | None,
    ids: Sequence[int],
    sent_too: list[OutboundMessage],
    said: dict[str, Any],
) -> Tally:
    now = timezone.now()
    with transaction.atomic():
        if not _close(
            claim,
            RequestState.ACCEPTED,
            sms_count=result.sms_count if result else None,
            total_price=result.total_price if result else None,
            **said,
        ):
            return Tally()
        known = _not_unique(claim, ids)
        numbered = [
            (message, number) for message, number in zip(claim.messages, ids, strict=True) if number > 0
        ]
        followed = [(message, number) for message, number in numbered if number not in known]
        plain = [m for m, number in zip(claim.messages, ids, strict=True) if number == 0 or number in known]
        refused = [(m, number) for m, number in zip(claim.messages, ids, strict=True) if number < 0]

        tally = _sent([m for m, _number in followed], sent_at=now, status_due_at=delivery.first_ask(now))
        update_from_values(OutboundMessage, "gateway_id", [(m.pk, number) for m, number in followed])
        for message, number in followed:
            message.gateway_id = number
        tally += _sent(plain + sent_too, sent_at=now)
        for code in sorted({number for _m, number in refused}):
            these = [m for m, number in refused if number == code]
            tally += _failed(these, code=code, message=error_text(code))
        if result:
            tally += _expired(claim.expired)
            if result.total_price:
                accounts.spend(claim.request.api_key, result.total_price)
        else:
            _keep_undecided(claim, [m for m in claim.expired if m not in sent_too])
    return tally


def _was_in_every_attempt(message: OutboundMessage, request: SendRequest) -> bool:
    last = request.last_attempt_at
    return request.attempts <= 1 or last is None or message.expires_at is None or message.expires_at > last


def _keep_undecided(claim: Claim, messages: list[OutboundMessage]) -> None:
    """The gateway has one of several attempts, and these were in the first and not in the last.

    Nothing tells which one it has, so nothing tells whether they were sent. They wait, in a request that goes
    nowhere, until the four hours of the first attempt are over, and then need a decision.
    """
    if not messages:
        return
    first = claim.request.first_attempt_at
    request = SendRequest.objects.create(
        request_id=SendRequest.fresh_request_id(),
        api_key=claim.request.api_key,
        state=RequestState.IN_DOUBT,
        attempts=1,
        first_attempt_at=first,
        last_attempt_at=first,
        due_at=(first or timezone.now()) + MEMORY,
        error_message=_(
            "Some attempts of request %(id)s included these messages and some did not.",
            id=claim.request.request_id,
        ),
    )
    OutboundMessage.objects.filter(pk__in=[m.pk for m in messages]).update(request=request)


def _not_unique(claim: Claim, ids: Sequence[int]) -> set[int]:
    """Ids that occur twice or already belong to a message, so that they can't be assigned."""
    positive = [number for number in ids if number > 0]
    stored = OutboundMessage.objects.filter(api_key=claim.request.api_key_id, gateway_id__in=positive)
    twice = {number for number, count in Counter(positive).items() if count > 1}
    return twice | {number for number in stored.values_list("gateway_id", flat=True) if number}


def drop_expired(claim: Claim) -> Tally:
    """Those past their time leave a request that has never been out: they were certainly not sent."""

    def operation() -> Tally:
        with transaction.atomic():
            mine = SendRequest.objects.filter(
                pk=claim.request.pk, claims=claim.request.claims, finished_at=None
            )
            if not mine.update(claims=claim.request.claims):
                return Tally()
            return _expired(claim.expired)

    tally = retrying(operation)
    claim.expired = []
    return tally


def rejected(claim: Claim, error: Rejected) -> tuple[Tally, list[int]]:
    """The gateway refused the request, so nothing of it was sent.

    Returns the tally and the ids of the requests that a split made.
    """
    messages = claim.messages
    senders = {message.sender for message in messages}
    match error.verdict:
        case Verdict.SOME_MESSAGE_AT_FAULT if len(messages) > 1:
            half = len(messages) // 2
            parts = [messages[:half], messages[half:]]
        case Verdict.LINE_AT_FAULT if len(senders) > 1:
            first = messages[0].sender
            parts = [[m for m in messages if m.sender == first], [m for m in messages if m.sender != first]]
        case Verdict.ACCOUNT_AT_FAULT | Verdict.NO_CREDIT | Verdict.TRY_LATER:
            return retrying(lambda: _released(claim, RequestState.REJECTED, error)), []
        case _:
            return retrying(lambda: _refused(claim, error)), []
    return retrying(lambda: _split(claim, error, parts))


def _refused(claim: Claim, error: Rejected) -> Tally:
    with transaction.atomic():
        if not _close(claim, RequestState.REJECTED, error=error):
            return Tally()
        text = " ".join([error.message, *error.details]).strip()
        if error.code is not None and not text:
            text = error_text(error.code)
        return _failed(claim.messages, code=error.code, message=text) + _expired(claim.expired)


def _split(claim: Claim, error: Rejected, parts: list[list[OutboundMessage]]) -> tuple[Tally, list[int]]:
    """Two requests in the place of one, so that the bad message is alone in the end.

    The messages stay `sending`: each belongs to a request with a new id that has never been sent.
    """
    made = []
    now = timezone.now()
    with transaction.atomic():
        if not _close(claim, RequestState.REJECTED, error=error):
            return Tally(), []
        for part in parts:
            request = SendRequest.objects.create(
                request_id=SendRequest.fresh_request_id(),
                api_key=claim.request.api_key,
                state=RequestState.READY,
                due_at=now,
            )
            pks = [message.pk for message in part]
            OutboundMessage.objects.filter(pk__in=pks, request=claim.request).update(request=request)
            made.append(request.pk)
        return _expired(claim.expired), made


def released(claim: Claim, error: SepahanError | None = None) -> Tally:
    """The request never left: its messages wait for another one."""
    return retrying(lambda: _released(claim, RequestState.NOT_SENT, error))


def _released(claim: Claim, state: RequestState, error: SepahanError | None) -> Tally:
    with transaction.atomic():
        if not _close(claim, state, error=error):
            return Tally()
        code = getattr(error, "code", None)
        text = explain(error) if error else ""
        _move(claim.messages, MessageState.QUEUED, request=None, error_code=code, error_message=text)
        return _expired(claim.expired)


def still_in_doubt(claim: Claim, error: SepahanError | None = None) -> Tally:
    """No readable answer: the request keeps its id and its messages, and is taken up again later."""
    tries = max(claim.request.claims - 1, 0)
    longest = max(MAX_DOUBT_PAUSE, claim_duration())
    pause = min(claim_duration() * 2 ** min(tries, 20), longest) * random.uniform(0.8, 1)  # noqa: S311 - jitter
    # The first time it is taken up no earlier than the claim ends, whatever went wrong how fast.
    due_at = claim.until if tries == 0 else timezone.now() + pause

    def operation() -> None:
        SendRequest.objects.filter(pk=claim.request.pk, claims=claim.request.claims).update(
            state=RequestState.IN_DOUBT,
            due_at=due_at,
            error_message=str(error) if error else "",
            **_answer(error),
        )

    retrying(operation)
    return Tally()


def close_expired(claim: Claim) -> Tally:
    """The gateway has said no to the end, and all its messages are past their time."""

    def operation() -> Tally:
        with transaction.atomic():
            return _expired(claim.expired) if _close(claim, RequestState.NOT_SENT) else Tally()

    return retrying(operation)


def leave_unresolved(claim: Claim) -> Tally:
    """It can no longer be determined whether it was received: an operator decides."""

    def operation() -> Tally:
        with transaction.atomic():
            if not _close(claim, RequestState.UNRESOLVED):
                return Tally()
            logger.warning(
                "Request %s can no longer be resolved; %d messages need a decision.",
                claim.request.request_id,
                len(claim.messages),
            )
            moved = _move(claim.messages + claim.expired, MessageState.IN_DOUBT)
            return Tally({MessageState.IN_DOUBT.value: moved})

    return retrying(operation)


def _close(claim: Claim, state: RequestState, *, error: SepahanError | None = None, **changes: Any) -> bool:
    """End the request, if this process still holds it. The first write of every settlement."""
    code = getattr(error, "code", None)
    return (
        SendRequest.objects.filter(pk=claim.request.pk, claims=claim.request.claims, finished_at=None).update(
            state=state,
            due_at=None,
            finished_at=timezone.now(),
            error_code=code,
            error_message=str(error) if error else "",
            **_answer(error),
            **changes,
        )
        == 1
    )


def _answer(source: SendResult | SepahanError | None) -> dict[str, Any]:
    """The change that keeps the answer's body; none where there is no body, so that an earlier one stays.

    Another client may lack this attribute, or put anything into it.
    """
    body = getattr(source, "answer", "")
    if not isinstance(body, str) or not body:
        return {}
    return {"answer": storable(body[:MAX_ANSWER_LENGTH])}


def _move(messages: Collection[OutboundMessage], state: MessageState, **changes: Any) -> int:
    if not messages:
        return 0
    moved = OutboundMessage.objects.filter(pk__in=[m.pk for m in messages]).move(state, **changes)
    for message in messages:
        message.note_state(state, **changes)
    return moved


def _sent(messages: Collection[OutboundMessage], **changes: Any) -> Tally:
    _move(messages, MessageState.SENT, **changes)
    _announce(signals.message_sent, messages)
    return Tally({MessageState.SENT.value: len(messages)})


def _failed(messages: Collection[OutboundMessage], *, code: int | None, message: str) -> Tally:
    _move(messages, MessageState.FAILED, error_code=code, error_message=message)
    _announce(signals.message_failed, messages)
    return Tally({MessageState.FAILED.value: len(messages)})


def _expired(messages: Collection[OutboundMessage]) -> Tally:
    _move(messages, MessageState.EXPIRED)
    _announce(signals.message_failed, messages)
    return Tally({MessageState.EXPIRED.value: len(messages)})


def _announce(signal: Any, messages: Collection[OutboundMessage]) -> None:
    for message in messages:
        signals.send_on_commit(signal, sender=OutboundMessage, message=message)
