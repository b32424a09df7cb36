"""The gateway's rules, each method as a function from the request's values to the answer's value.

Where the gateway's document leaves the order of its checks open: the token first, then whether the
request can be understood, then request-Id, numbers, texts, line and credit. A refused request does not
use up its request-Id.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from sepahan_django.gateway.codes import DeliveryStatus, ErrorCode
from sepahan_django.sandbox import calendar
from sepahan_django.sandbox.models import (
    FIRST_ID,
    Gateway,
    Line,
    PhoneMessage,
    ReceivedRequest,
    SentMessage,
    Token,
)

MAX_BATCH = 100
MEMORY = timedelta(hours=4)
FRESH = timedelta(hours=24)
OLD = timedelta(days=14)
NIGHT = range(1, 5)

SENTENCES = {
    ErrorCode.TOKEN_INVALID: "توکن نامعتبر است.",
    ErrorCode.TOKEN_NOT_APPROVED: "توکن تایید نشده است.",
    ErrorCode.IP_NOT_ALLOWED: "آی پی درخواست دهنده نامعتبر است.",
    ErrorCode.RECIPIENT_INVALID: "فرمت شماره گیرنده نامعتبر است.",
    ErrorCode.TEXT_EMPTY: "حداقل یکی از نودهای آرایه ارسالی، متن پیام آن خالی است.",
    ErrorCode.LENGTHS_DIFFER: "عدم تطابق تعداد آرایه‌های ارسالی",
    ErrorCode.TOO_MANY: "تعداد آرایه‌های ارسالی بیش از 100 نود است.",
    ErrorCode.PROVIDER_INACTIVE: "سرویس دهنده ارسال پیامک غیر فعال است.",
    ErrorCode.SENDER_INVALID: "شماره فرستنده نامعتبر است.",
    ErrorCode.CREDIT_TOO_LOW: "موجودی کاربر کافی نیست.",
    ErrorCode.REQUEST_ID_USED: "شناسه درخواست ارسالی تکراری است.",
    ErrorCode.INPUT_INVALID: "مقادیر ورودی نامعتبر است.",
    ErrorCode.IP_BLOCKED: "آی پی درخواست دهنده مسدود شده است.",
    ErrorCode.LINE_INVALID: "شماره دریافت کننده نامعتبر",
    ErrorCode.LINE_EXPIRED: "شماره دریافت کننده منقضی شده",
    ErrorCode.COUNT_INVALID: "تعداد پیام درخواستی نامعتبر",
    ErrorCode.LINE_INACTIVE: "شماره دریافت کننده فعال نمی باشد",
}


class Refusal(Exception):
    """The gateway says no."""

    def __init__(self, code: int, *details: str) -> None:
        super().__init__(code)
        self.code = code
        self.details = list(details)

    @property
    def sentence(self) -> str:
        return SENTENCES.get(ErrorCode(self.code), "") if self.code in list(ErrorCode) else "خطای ناشناخته"


@dataclass
class Call:
    """A request's values and where it comes from."""

    body: Any
    token: str
    ip: str
    request_id: str | None


def check_token(call: Call) -> Gateway:
    """Who is calling; Refusal if they may not."""
    gateway = Gateway.load()
    token = Token.objects.filter(token=call.token).first()
    if token is None:
        raise Refusal(ErrorCode.TOKEN_INVALID)
    if not token.is_active:
        raise Refusal(ErrorCode.TOKEN_NOT_APPROVED)
    allowed = [ip.strip() for ip in f"{token.ips},{gateway.allowed_ips}".split(",") if ip.strip()]
    if allowed and call.ip not in allowed:
        raise Refusal(ErrorCode.IP_NOT_ALLOWED)
    if gateway.refusals:
        Gateway.objects.filter(pk=gateway.pk, refusals__gt=0).update(refusals=F("refusals") - 1)
        raise Refusal(gateway.refusal_code)
    return gateway


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise Refusal(ErrorCode.INPUT_INVALID)
    return values


def send(call: Call, gateway: Gateway) -> dict[str, Any]:
    """One text to many."""
    body = call.body
    if not isinstance(body, dict) or not all(
        isinstance(body.get(k), str) for k in ("smsText", "senderNumber")
    ):
        raise Refusal(ErrorCode.INPUT_INVALID)
    recipients = _texts(body.get("receiverNumbers"))
    count = len(recipients)
    return _accept(call, gateway, [body["senderNumber"]] * count, [body["smsText"]] * count, recipients)


def send_p2p(call: Call, gateway: Gateway) -> dict[str, Any]:
    """Text i from line i to number i."""
    body = call.body if isinstance(call.body, dict) else {}
    senders, texts, recipients = (
        _texts(body.get(name)) for name in ("senderNumbers", "smsTexts", "receiverNumbers")
    )
    if not len(senders) == len(texts) == len(recipients):
        raise Refusal(ErrorCode.LENGTHS_DIFFER)
    return _accept(call, gateway, senders, texts, recipients)


def _accept(
    call: Call, gateway: Gateway, senders: Sequence[str], texts: Sequence[str], recipients: Sequence[str]
) -> dict[str, Any]:
    if not recipients:
        raise Refusal(ErrorCode.INPUT_INVALID)
    if len(recipients) > MAX_BATCH:
        raise Refusal(ErrorCode.TOO_MANY)
    if not gateway.is_active:
        raise Refusal(ErrorCode.PROVIDER_INACTIVE)
    with transaction.atomic():
        # The row is written first, and so locked: two requests with one id come one after the other.
        Gateway.objects.filter(pk=gateway.pk).update(credit=F("credit"))
        if call.request_id and _is_known(call.request_id):
            raise Refusal(ErrorCode.REQUEST_ID_USED)
        if not all(re.fullmatch(r"09[0-9]{9}", recipient) for recipient in recipients):
            raise Refusal(ErrorCode.RECIPIENT_INVALID)
        if not all(text.strip() for text in texts):
            raise Refusal(ErrorCode.TEXT_EMPTY)
        lines = set(
            Line.objects.filter(is_active=True, number__in=set(senders)).values_list("number", flat=True)
        )
        if not lines >= set(senders):
            raise Refusal(ErrorCode.SENDER_INVALID)
        parts = [_parts(text) for text in texts]
        price = sum(
            count * (gateway.latin_price if text.isascii() else gateway.persian_price)
            for text, count in zip(texts, parts, strict=True)
        )
        if not Gateway.objects.filter(pk=gateway.pk, credit__gte=price).update(credit=F("credit") - price):
            raise Refusal(ErrorCode.CREDIT_TOO_LOW)
        if call.request_id:
            ReceivedRequest.objects.create(request_id=call.request_id)
        taken = [
            SentMessage.objects.create(line=line, text=text, recipient=recipient)
            for line, text, recipient in zip(senders, texts, recipients, strict=True)
        ]
    return {"ids": [message.gateway_id for message in taken], "smsCount": sum(parts), "totalPrice": price}


def _parts(text: str) -> int:
    """Roughly, as a bill has it: ASCII in 160 or 153, anything else in 70 or 67 UTF-16 units."""
    units, (single, joined) = (
        (len(text), (160, 153)) if text.isascii() else (len(text.encode("utf-16-le")) // 2, (70, 67))
    )
    return 1 if units <= single else -(-units // joined)


def _is_known(request_id: str) -> bool:
    since = timezone.now() - MEMORY
    return ReceivedRequest.objects.filter(request_id=request_id, received_at__gt=since).exists()


def check_request_id(call: Call, gateway: Gateway) -> dict[str, Any]:
    return {"isDuplicate": _is_known(call.request_id or "")}


def _messages(call: Call) -> tuple[list[int], dict[int, SentMessage]]:
    ids = call.body
    if not isinstance(ids, list) or not all(
        isinstance(one, int) and not isinstance(one, bool) for one in ids
    ):
        raise Refusal(ErrorCode.INPUT_INVALID)
    if len(ids) > MAX_BATCH:
        raise Refusal(ErrorCode.TOO_MANY)
    pks = [one - FIRST_ID for one in ids if 0 < one - FIRST_ID < 2**62]
    return ids, {message.gateway_id: message for message in SentMessage.objects.filter(pk__in=pks)}


def status(call: Call, gateway: Gateway) -> list[int]:
    """Of messages of the last 24 hours."""
    ids, found = _messages(call)
    since = timezone.now() - FRESH
    known = {key: message for key, message in found.items() if message.accepted_at > since}
    return [
        known[one].current_status(delivers=gateway.delivers) if one in known else DeliveryStatus.ID_NOT_FOUND
        for one in ids
    ]


def old_status(call: Call, gateway: Gateway) -> list[int]:
    """Of older messages, at night."""
    now = timezone.now()
    if gateway.keeps_night_hours and now.astimezone(calendar.TEHRAN).hour not in NIGHT:
        raise Refusal(ErrorCode.PROVIDER_INACTIVE, "این سرویس فقط بین ساعت ۱ تا ۵ بامداد قابل استفاده است.")
    ids, found = _messages(call)
    today = now.astimezone(calendar.TEHRAN).date()
    known = {
        key: message
        for key, message in found.items()
        if message.accepted_at.astimezone(calendar.TEHRAN).date() < today and message.accepted_at > now - OLD
    }
    return [
        known[one].current_status(delivers=gateway.delivers)
        if one in known
        else DeliveryStatus.DOES_NOT_EXIST
        for one in ids
    ]


def credit(call: Call, gateway: Gateway) -> int:
    return gateway.credit


def receive(call: Call, gateway: Gateway) -> list[dict[str, str]]:
    """Unread messages, oldest first, marked unless asked not to."""
    body = call.body if isinstance(call.body, dict) else {}
    count, line, marks = (
        body.get("numberOfMessages", MAX_BATCH),
        body.get("privateNumber"),
        body.get("markAsRead", True),
    )
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MAX_BATCH:
        raise Refusal(ErrorCode.COUNT_INVALID)
    since = timezone.now() - FRESH
    if body.get("startDate"):
        try:
            since = calendar.start_of(str(body["startDate"]))
        except ValueError:
            raise Refusal(ErrorCode.INPUT_INVALID) from None
    with transaction.atomic():
        Gateway.objects.filter(pk=gateway.pk).update(credit=F("credit"))  # the lock, as above
        waiting = PhoneMessage.objects.filter(is_read=False, sent_at__gte=since)
        if line:
            _check_line(str(line))
            waiting = waiting.filter(line=line)
        found = list(waiting.order_by("sent_at", "pk")[:count])
        if marks:
            PhoneMessage.objects.filter(pk__in=[message.pk for message in found]).update(is_read=True)
    return [
        {
            "privateNumber": message.line,
            "date": calendar.written(message.sent_at),
            "sendNumber": message.phone,
            "messageText": message.text,
        }
        for message in found
    ]


def _check_line(number: str) -> None:
    found = Line.objects.filter(number=number).first()
    if found is None:
        raise Refusal(ErrorCode.LINE_INVALID)
    if not found.is_active:
        raise Refusal(ErrorCode.LINE_INACTIVE)


def generate_api_key(call: Call, gateway: Gateway) -> dict[str, str]:
    """A token for the panel's user name and password."""
    body = call.body if isinstance(call.body, dict) else {}
    names = ("title", "userName", "password", "domainName")
    if not all(isinstance(body.get(name), str) and body[name] for name in names):
        raise Refusal(ErrorCode.INPUT_INVALID)
    given = (body["userName"], body["password"], body["domainName"])
    if given != (gateway.username, gateway.password, gateway.domain):
        raise Refusal(ErrorCode.INPUT_INVALID, "نام کاربری، رمز عبور یا دامنه درست نیست.")
    ips = _texts(body.get("filterIps") or [])
    made = Token.objects.create(title=body["title"][:100], token=secrets.token_hex(16), ips=",".join(ips))
    return {"token": made.token}
