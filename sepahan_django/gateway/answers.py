"""Reading what the gateway answers, in all shapes that it is known to use (docs/gateway.rst, Envelope)."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

from sepahan_django.gateway.codes import REFUSED_BEFORE_THE_GATEWAY, ErrorCode
from sepahan_django.gateway.errors import OutcomeUnknown, Rejected, SepahanError
from sepahan_django.gateway.results import MAX_ANSWER_LENGTH, ReceivedMessage, SendResult
from sepahan_django.gateway.secrets import Secret
from sepahan_django.gateway.transport import Answer

logger = logging.getLogger("sepahan_django")

T = TypeVar("T")

INT64 = range(-(2**63), 2**63)
MAX_WORDS_LENGTH = 500
RECEIVE_STATUSES = frozenset(
    {ErrorCode.LINE_INVALID, ErrorCode.LINE_EXPIRED, ErrorCode.COUNT_INVALID, ErrorCode.LINE_INACTIVE}
)
"""What Receive says by the HTTP status itself."""


class Malformed(Exception):
    """The answer can't be understood."""


def read(method: str, answer: Answer, value_of: Callable[[Any], T], *, redact: Callable[[str], str]) -> T:
    """The value of a successful answer; Rejected or OutcomeUnknown otherwise, and nothing else.

    `value_of` turns the envelope's value into the result or raises Malformed. `redact` takes secrets out
    of the gateway's own words. The errors, and a `SendResult`, have the body with them.
    """
    value, error = _read(method, answer, value_of, redact)
    if error is not None:
        error.answer = kept(method, answer, redact)
        # Here, where no local name holds the answer's words: an error report shows them.
        raise error
    if isinstance(value, SendResult):
        value = replace(value, answer=kept(method, answer, redact))
    return cast(T, value)


def kept(method: str, answer: Answer, redact: Callable[[str], str]) -> str:
    """The part of a body that is kept. Nothing of an answer with a new token, since an unreadable part may be
    the token, which is not known yet and so can't be redacted."""
    if method == "GenerateApiKey":
        return ""
    # Redacted as a whole and cut afterwards, so that no token is cut in two and no longer recognised.
    return redact(answer.body.decode("utf-8", "replace").replace("\x00", "\ufffd"))[:MAX_ANSWER_LENGTH]


def _read(
    method: str, answer: Answer, value_of: Callable[[Any], T], redact: Callable[[str], str]
) -> tuple[T | None, SepahanError | None]:
    """The value, or the error to raise."""
    envelope = _envelope(answer.body)
    if envelope is None:
        return None, _without_envelope(method, answer)
    success = _flag(envelope.get("isSuccess"))
    if success is False:
        return None, _rejection(method, answer, envelope.get("error"), redact)
    try:
        value = value_of(envelope["value"] if success else envelope["result"])
    except (Malformed, KeyError):
        pass
    else:
        if envelope.get("error"):
            said = _words(envelope["error"], redact)
            logger.warning("%s: the gateway reported success together with an error: %r", method, said)
        return value, None
    if success is None and answer.status in REFUSED_BEFORE_THE_GATEWAY:
        return None, _without_envelope(method, answer)
    return None, _unreadable(method, answer)


def _envelope(body: bytes) -> dict[str, Any] | None:
    """The answer's envelope, of either kind; None where there is none."""
    try:
        # An invalid UTF-8 byte must not hide the ids around it.
        data = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    if _flag(data.get("isSuccess")) is not None:
        return data
    return data if "isSuccess" not in data and "result" in data else None


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def _rejection(method: str, answer: Answer, error: Any, redact: Callable[[str], str]) -> Rejected:
    code, message = None, ""
    details: list[str] = []
    if isinstance(error, dict):
        code = _number_or_none(error.get("code"))
        message = _words(error.get("message"), redact)
        listed = error.get("details")
        details = [_words(one, redact) for one in (listed[:20] if isinstance(listed, list) else [listed])]
    else:
        message = _words(error, redact)
    if code is None and method == "Receive" and answer.status in RECEIVE_STATUSES:
        code = answer.status
    return Rejected(
        message,
        method=method,
        code=code,
        details=[one for one in details if one],
        http_status=answer.status,
    )


def _without_envelope(method: str, answer: Answer) -> Rejected | OutcomeUnknown:
    is_receive = method == "Receive" and answer.status in RECEIVE_STATUSES
    if not is_receive and answer.status not in REFUSED_BEFORE_THE_GATEWAY:
        return _unreadable(method, answer)
    return Rejected(
        "refused before the gateway answered",
        method=method,
        code=answer.status if is_receive else None,
        http_status=answer.status,
        readable=False,
    )


def _unreadable(method: str, answer: Answer) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"the answer (HTTP {answer.status}, {len(answer.body)} bytes) can't be read",
        method=method,
        http_status=answer.status,
    )


def _words(value: Any, redact: Callable[[str], str]) -> str:
    """The gateway's words. Secrets are redacted first: after a cut, part of one might not be recognised.

    Halves of characters, which no log takes, are replaced.
    """
    return redact(_part(value))[:MAX_WORDS_LENGTH].encode("utf-8", "replace").decode()


def whole_number(value: Any) -> int:
    """A 64-bit integer, written as a number or as text. Never from a float: ids are above 2**53."""
    if isinstance(value, str) and len(value) <= 20:
        text = value.strip()
        if text.removeprefix("-").isascii() and text.removeprefix("-").isdecimal():
            value = int(text)
    if isinstance(value, bool) or not isinstance(value, int) or value not in INT64:
        raise Malformed
    return value


def _number_or_none(value: Any) -> int | None:
    try:
        return whole_number(value)
    except Malformed:
        return None


def send_result(value: Any) -> SendResult:
    """Of `send` and `sendP2P`. The ids are the whole of it; a count or price that can't be read is None."""
    if not isinstance(value, dict) or not isinstance(value.get("ids"), list):
        raise Malformed
    return SendResult(
        ids=[whole_number(one) for one in value["ids"]],
        sms_count=_number_or_none(value.get("smsCount")),
        total_price=_number_or_none(value.get("totalPrice")),
    )


def is_duplicate(value: Any) -> bool:
    """Of `checkRequestId`."""
    flag = _flag(value.get("isDuplicate") if isinstance(value, dict) else value)
    if flag is None:
        raise Malformed
    return flag


def statuses(value: Any, *, count: int) -> list[int]:
    """Of `status` and `oldStatus`: as many as were asked for."""
    if not isinstance(value, list) or len(value) != count:
        raise Malformed
    return [whole_number(one) for one in value]


def received(value: Any) -> list[ReceivedMessage]:
    """Of `Receive`. A part that is missing is empty, so that no message is lost for it."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Malformed
    return [
        ReceivedMessage(
            line=_part(one.get("privateNumber")),
            date=_part(one.get("date")),
            sender=_part(one.get("sendNumber")),
            text=_part(one.get("messageText")),
        )
        for one in value
    ]


def _part(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def token(value: Any) -> Secret:
    """Of `GenerateApiKey`: in an object, or bare."""
    found = value.get("token") if isinstance(value, dict) else value
    if not isinstance(found, str) or not found.strip():
        raise Malformed
    return Secret(found.strip())
