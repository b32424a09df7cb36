"""The gateway's eight methods, typed in and out.

What the gateway does, and how its answers are read, is in docs/gateway.rst; the comments name its sections.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import jdatetime

from sepahan_django.gateway import answers
from sepahan_django.gateway.addresses import check_base_url
from sepahan_django.gateway.errors import NotSubmitted, OutcomeUnknown
from sepahan_django.gateway.pace import Pace, TooBusy
from sepahan_django.gateway.results import ReceivedMessage, SendResult
from sepahan_django.gateway.secrets import Secret, SecretBytes
from sepahan_django.gateway.transport import Failure, Transport

T = TypeVar("T")

MAX_BATCH = 100
"""Messages or ids a request."""
TEHRAN = ZoneInfo("Asia/Tehran")


class SepahanClient:
    """A client for one account. Safe to share between threads.

    Every method raises NotSubmitted, OutcomeUnknown or Rejected (`sepahan_django.gateway.errors`), and
    ValueError, before anything leaves, for what the gateway is known to refuse. No call takes longer than
    the two time-outs together, apart from waiting for its turn under `max_requests_per_second`.
    """

    def __init__(
        self,
        token: str,
        base_url: str = "https://api.sepahansms.com",
        timeout: tuple[float, float] | float = (5, 30),
        ca_bundle: str | None = None,
        max_requests_per_second: float | None = None,
    ) -> None:
        """`timeout` is in seconds, to connect and to read; `ca_bundle` the path of a PEM file."""
        self._token = Secret(_header_value(token, "The token"))
        self.base_url = check_base_url(base_url)
        connect, read = (timeout, timeout) if isinstance(timeout, int | float) else timeout
        if not (0 < connect < float("inf") and 0 < read < float("inf")):
            raise ValueError("Time-outs must be positive numbers of seconds.")
        self._transport = Transport(connect=connect, read=read, ca_bundle=ca_bundle)
        self._pace = Pace(max_requests_per_second)
        self._turn = threading.local()

    def __repr__(self) -> str:
        return f"SepahanClient(base_url={self.base_url!r})"

    def __enter__(self) -> "SepahanClient":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the calling thread's connections."""
        self._transport.close()

    def wait_turn(self) -> None:
        """Wait for the rate limit now; this thread's next call goes out without waiting.

        For a caller that has to decide at the last moment whether to call. NotSubmitted when the limit
        allows none for longer than a call may take.
        """
        if getattr(self._turn, "taken", False):
            return
        try:
            self._pace.wait(most=self._transport.connect + self._transport.read)
        except TooBusy:
            raise NotSubmitted("too many requests are waiting for the rate limit") from None
        self._turn.taken = True

    # Sending

    def send(
        self, *, sender: str, text: str, recipients: Sequence[str], request_id: str | None = None
    ) -> SendResult:
        """Send one text to up to 100 numbers (`09xxxxxxxxx`) from one line."""
        _check_count(recipients, "recipients")
        _check_texts([text])
        body = {"senderNumber": sender, "smsText": text, "receiverNumbers": list(recipients)}
        return self._post("Send", "/api/Sms/Send", body, answers.send_result, request_id=request_id)

    def send_p2p(
        self,
        *,
        senders: Sequence[str],
        texts: Sequence[str],
        recipients: Sequence[str],
        request_id: str | None = None,
    ) -> SendResult:
        """Send text i from line i to number i, up to 100 of them."""
        _check_count(recipients, "recipients")
        if not len(senders) == len(texts) == len(recipients):
            raise ValueError("senders, texts and recipients must have the same length.")
        _check_texts(texts)
        body = {
            "senderNumbers": list(senders),
            "smsTexts": list(texts),
            "receiverNumbers": list(recipients),
        }
        return self._post("SendP2P", "/api/Sms/SendP2P", body, answers.send_result, request_id=request_id)

    def check_request_id(self, request_id: str) -> bool:
        """Whether a request with this id was received in the last four hours."""
        path = f"/api/Requests/checkRequestId/{quote(_header_value(request_id, 'The request-Id'), safe='')}"
        return self._call("checkRequestId", "GET", path, None, answers.is_duplicate)

    # What became of it

    def status(self, ids: Sequence[int]) -> list[int]:
        """The delivery statuses of messages of the last 24 hours, in the order of `ids` (up to 100)."""
        return self._statuses("status", ids)

    def old_status(self, ids: Sequence[int]) -> list[int]:
        """The same for messages of the last two weeks; from 01:00 to 05:00 Tehran time only."""
        return self._statuses("oldStatus", ids)

    def _statuses(self, method: str, ids: Sequence[int]) -> list[int]:
        _check_count(ids, "ids")
        count = len(ids)
        return self._post(
            method, f"/api/SmsReport/{method}", list(ids), lambda value: answers.statuses(value, count=count)
        )

    def credit(self) -> int:
        """The remaining credit, in Rials."""
        return self._call("credit", "GET", "/api/SmsReport/credit", None, answers.whole_number)

    # Inbound

    def receive(
        self,
        line: str | None = None,
        start_date: date | str | None = None,
        count: int = MAX_BATCH,
        mark_as_read: bool = True,
    ) -> list[ReceivedMessage]:
        """Up to `count` unread inbound messages, of one line or of all.

        `start_date` is a day (an aware datetime counts as its day in Tehran) or a text to send as it is;
        without it the gateway looks back 24 hours. With `mark_as_read` they are given out this once.
        """
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MAX_BATCH:
            raise ValueError(f"count must be from 1 to {MAX_BATCH}.")
        body: dict[str, Any] = {"numberOfMessages": count, "markAsRead": bool(mark_as_read)}
        if line is not None:
            body["privateNumber"] = line
        if start_date is not None:
            body["startDate"] = start_date if isinstance(start_date, str) else _jalali(start_date)
        return self._post("Receive", "/api/SmsReport/Receive", body, answers.received)

    # Tokens

    def generate_api_key(
        self, *, title: str, username: str, password: str, domain: str, ips: Sequence[str] = ()
    ) -> str:
        """Make a token with the panel's user name and password; returns it. Sends no token itself."""
        password = Secret(password)
        body: dict[str, Any] = {
            "title": title,
            "userName": username,
            "password": password,
            "domainName": domain,
        }
        if ips:
            body["filterIps"] = list(ips)
        return self._post(
            "GenerateApiKey",
            "/api/auth/GenerateApiKey",
            body,
            answers.token,
            has_token=False,
            secrets=(password,),
        )

    # The exchange

    def _post(
        self,
        method: str,
        path: str,
        body: Any,
        value_of: Callable[[Any], T],
        *,
        request_id: str | None = None,
        **options: Any,
    ) -> T:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if request_id is not None:
            headers["request-Id"] = _header_value(request_id, "The request-Id")
        try:
            data = SecretBytes(json.dumps(body, ensure_ascii=False).encode())
        except (TypeError, UnicodeEncodeError):
            # From None: the library's error would quote what was to be sent.
            raise ValueError("The request body can't be encoded as JSON in UTF-8.") from None
        return self._call(method, "POST", path, data, value_of, headers=headers, **options)

    def _call(
        self,
        method: str,
        verb: str,
        path: str,
        body: bytes | None,
        value_of: Callable[[Any], T],
        *,
        headers: Mapping[str, str] | None = None,
        has_token: bool = True,
        secrets: Sequence[str] = (),
    ) -> T:
        self.wait_turn()
        self._turn.taken = False
        failure = None
        try:
            answer = self._transport.exchange(
                verb,
                self.base_url + path,
                token=self._token if has_token else None,
                body=body,
                headers=headers or {},
            )
        except Failure as error:
            failure = error
        if failure is not None:
            kind = OutcomeUnknown if failure.left else NotSubmitted
            raise kind(failure.reason, method=method)
        sent = (self._token, *secrets) if has_token else secrets
        return answers.read(method, answer, value_of, redact=_redactor(sent))


def _redactor(secrets: Sequence[str]) -> Callable[[str], str]:
    """Takes what is secret in a call out of the gateway's own words, in letters of either case."""
    hidden = [
        (re.compile(re.escape(secret), re.IGNORECASE), _escaped(secret))
        for secret in secrets
        if len(secret) >= 4
    ]

    def redact(text: str) -> str:
        for plain, escaped in hidden:
            text = plain.sub("••••", text)
            if "\\" in text or "%" in text:
                text = escaped.sub("••••", text)
        return text

    return redact


def _escaped(secret: str) -> re.Pattern[str]:
    """The secret with any of its characters escaped, as JSON, or as an address, may have them."""

    def one(character: str) -> str:
        code = f"{ord(character):02x}"
        return rf"(?:\\{{0,2}}{re.escape(character)}|\\{{1,2}}u00{code}|%{code})"

    return re.compile("".join(map(one, secret)), re.IGNORECASE)


def _header_value(value: str, name: str) -> str:
    """A text that can stand in a header. The sentence doesn't repeat it."""
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise ValueError(f"{name} must be printable ASCII text and not empty.")
    if value != value.strip():
        raise ValueError(f"{name} must not begin or end with a space.")
    return value


def _check_count(items: Sequence[Any], name: str) -> None:
    if isinstance(items, str) or not 1 <= len(items) <= MAX_BATCH:
        raise ValueError(f"There must be 1 to {MAX_BATCH} {name} in a request.")


def _check_texts(texts: Sequence[str]) -> None:
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError("A text is empty.")


def _jalali(day: date) -> str:
    if isinstance(day, datetime) and day.tzinfo is not None:
        day = day.astimezone(TEHRAN)
    jalali = jdatetime.date.fromgregorian(year=day.year, month=day.month, day=day.day)
    return f"{jalali.year:04}/{jalali.month:02}/{jalali.day:02}"
