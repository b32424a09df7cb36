"""A gateway that misbehaves on demand: a real HTTP server on loopback, with a ledger of what it took.

It is written from the gateway's contract and shares no code with the client or the sandbox.
"""

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

FIRST_ID = 639_027_944_154_527_200

ACCEPT = "accept"
DROP_ANSWER = "take the request, drop the answer"
DROP_REQUEST = "drop the request"
TAKE_LATER = "take the request once it was said that there is none"
HTTP_500 = "answer 500, not looked at"
TAKE_AND_500 = "take the request, answer 500"
HTML = "answer HTML"
CUT = "take the request, cut the answer"
ENDLESS = "never end the answer"
TRICKLE = "a byte at a time"
FEW_IDS = "take the request, too few ids"
MANY_IDS = "take the request, too many ids"
HANG = "take the request, answer when told to"
LATE = "take the request, answer after the client's time-out"
NEGATIVE_IDS = "take the request but for every third message, which gets a negative id"
REFUSE_AND_REMEMBER = "refuse the request, and know its request-Id from then on"
REORDER = "give out inbound messages newest first"
MORE_BETWEEN = "more come in right before the answer"
IGNORE_MARKS = "give out inbound messages and leave them unread"

MEMORY = 4 * 3600
"""Seconds for which request-Ids are known."""
REFUSED = -4


@dataclass
class Sms:
    """One SMS that the gateway took."""

    id: int
    sender: str
    recipient: str
    text: str
    request_id: str | None
    at: float = 0


@dataclass
class Inbound:
    """One SMS that waits to be fetched."""

    line: str
    date: str
    sender: str
    text: str
    is_read: bool = False
    at: float = 0


@dataclass
class State:
    """What the gateway knows, and what it is told to do next."""

    ledger: list[Sms] = field(default_factory=list)
    now: Callable[[], float] = time.time
    """The gateway's clock, in seconds since 1970."""
    request_ids: dict[str, float] = field(default_factory=dict)
    """When each request-Id was received."""
    late: dict[str, Callable[[], None]] = field(default_factory=dict)
    script: deque[Any] = field(default_factory=deque)
    """One entry a send request: a fault from above, an error code, or a function of the ids."""
    check_script: deque[Any] = field(default_factory=deque)
    receive_script: deque[Any] = field(default_factory=deque)
    status_script: deque[Any] = field(default_factory=deque)
    bad_numbers: set[str] = field(default_factory=set)
    late_seconds: float = 0
    statuses: dict[int, int] = field(default_factory=dict)
    inbound: list[Inbound] = field(default_factory=list)
    honours_marks: bool = True
    newest_first: bool = False
    credit: int = 1_000_000
    words: str = "no"
    """What a refusal says."""
    requests: list[tuple[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    received: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def count(self, method: str) -> int:
        """How many requests of a method came in."""
        return sum(name == method for name, _body in self.requests)

    def submitted_ids(self) -> list[str | None]:
        """The request-Ids that came with send requests, in order."""
        return [
            headers.get("request-Id") or headers.get("Request-Id")
            for (name, _body), headers in zip(self.requests, self.headers, strict=True)
            if name.startswith("Send")
        ]

    def knows(self, request_id: str | None) -> bool:
        """Whether a request with this id was received in the last four hours."""
        received = self.request_ids.get(request_id or "")
        return received is not None and self.now() - received < MEMORY

    def recipients(self) -> list[str]:
        """Whom SMS were sent to, in order, once for each SMS."""
        return [sms.recipient for sms in self.ledger]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # of five, the default, a sixth client at once would have to wait and retry


class FaultyGateway:
    """The server. `state` may be looked at and changed at any time."""

    def __init__(self, port: int = 0) -> None:
        self.state = State()
        self.lock = threading.RLock()
        gateway = self

        class Handler(_Handler):
            owner = gateway

        self.server = _Server(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> "FaultyGateway":
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.state.go_on.set()
        with suppress(OSError):
            # Wakes the thread, which would look only at the end of its interval otherwise.
            self.server.socket.shutdown(socket.SHUT_RDWR)
        self.server.shutdown()
        self.server.server_close()

    def take(self, messages: list[tuple[str, str, str]], request_id: str | None) -> list[int]:
        """Write (sender, recipient, text) into the ledger; returns the ids."""
        with self.lock:
            now = self.state.now()
            if request_id:
                self.state.request_ids[request_id] = now
            first = FIRST_ID + len(self.state.ledger)
            taken = [
                Sms(first + index, sender, recipient, text, request_id, now)
                for index, (sender, recipient, text) in enumerate(messages)
            ]
            self.state.ledger += taken
            self.record(
                "took", request_id, now, [(sms.id, sms.sender, sms.recipient, sms.text) for sms in taken]
            )
            return [sms.id for sms in taken]

    def control(self, body: Any) -> Any:
        """What a gateway in a process of its own is told by its owner."""

    def note(self, method: str, body: Any, headers: dict[str, str]) -> None:
        """Keep a request for a test to look at."""
        with self.lock:
            self.state.requests.append((method, body))
            self.state.headers.append(headers)

    def is_night(self) -> bool:
        """Whether oldStatus answers now; always, but for a gateway that is asked to keep its hours."""
        return True

    def status(self, one: int, *, is_old: bool) -> int:
        """The delivery status of an id."""
        return self.state.statuses.get(one, 1)

    def unread(self, body: Any) -> list[Inbound]:
        """What a Receive with this body may give out, oldest first."""
        line = body.get("privateNumber")
        return [one for one in self.state.inbound if not one.is_read and line in (None, one.line)]

    def may_reorder(self, body: Any, waiting: list[Inbound]) -> bool:
        """Whether REORDER is done to this request."""
        return True

    def mark(self, found: list[Inbound]) -> None:
        """Mark these as read."""
        for one in found:
            one.is_read = True

    def let_more_in(self) -> None:
        """What MORE_BETWEEN does; a test that uses it says what comes."""

    def remember(self, request_id: str) -> None:
        """Know a request-Id of which nothing was taken."""
        self.state.request_ids[request_id] = self.state.now()
        self.record("remembered", request_id, self.state.now())

    def record(self, what: str, *facts: Any) -> None:
        """Keep a fact where it survives this process; a gateway of one test's has no need to."""

    def between(self, work: Callable[[], Any]) -> Callable[[Any], Any]:
        """An entry for a script that does some work at the gateway's moment, in a thread of its own."""

        def entry(value: Any) -> Any:
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            return value

        return entry

    def next_of(self, script: "deque[Any]") -> Any:
        """The fault, if any, of the request that a script has come to."""
        with self.lock:
            return script.popleft() if script else ACCEPT


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a body waits until the other side has acknowledged the head
    owner: FaultyGateway

    def log_message(self, *args: object) -> None:
        pass

    @property
    def state(self) -> State:
        return self.owner.state

    def do_GET(self) -> None:
        self.serve(None)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        data = self.rfile.read(length)
        if len(data) < length:
            return self.hang_up()  # its sender was killed before the end of it
        return self.serve(json.loads(data) if data else None)

    def serve(self, body: Any) -> None:
        path = self.path.rstrip("/").split("/api/", 1)[-1]
        method = path.split("/")[1] if path.startswith("Requests/") else path.split("/")[-1]
        if method == "control":
            return self.answer(self.owner.control(body))
        self.owner.note(method, body, dict(self.headers))
        {
            "Send": self.send_one_text,
            "SendP2P": self.send_many_texts,
            "checkRequestId": lambda _body: self.check(unquote(path.rsplit("/", 1)[-1])),
            "status": self.statuses,
            "oldStatus": self.old_statuses,
            "credit": lambda _body: self.answer(self.state.credit),
            "Receive": self.receive,
            "GenerateApiKey": lambda _body: self.answer({"token": "b2fa64f05d774e56a948727441b898c3"}),
        }[method](body)

    # Answers

    def reply(self, status: int, content: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def answer(self, value: Any) -> None:
        self.reply(200, json.dumps({"isSuccess": True, "value": value, "error": None}).encode())

    def refuse(self, code: int | None, status: int = 401) -> None:
        error = {"code": code, "message": self.state.words, "details": ["because"]}
        self.reply(status, json.dumps({"isSuccess": False, "value": None, "error": error}).encode())

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(2)

    def break_answer(self, fault: str) -> bool:
        """Answer with one of the faults that every method may have; whether it was one."""
        if fault in (HTTP_500, TAKE_AND_500):
            self.reply(500, b"<h1>500</h1>", "text/html")
        elif fault == HTML:
            self.reply(200, b"<html>a captive portal</html>", "text/html")
        elif fault == CUT:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"isSuccess": true, "val')
            self.hang_up()
        elif fault in (ENDLESS, TRICKLE):
            self.send_response(200)
            self.end_headers()
            try:
                until = time.monotonic() + 20
                while time.monotonic() < until and not self.state.go_on.wait(0.05):
                    self.wfile.write(b" ")
            except OSError:
                pass
            self.close_connection = True
        elif fault in (DROP_ANSWER, DROP_REQUEST, TAKE_LATER):
            self.hang_up()
        else:
            return False
        return True

    # Methods

    def send_one_text(self, body: Any) -> None:
        self.take([(body["senderNumber"], to, body["smsText"]) for to in body["receiverNumbers"]])

    def send_many_texts(self, body: Any) -> None:
        names = ("senderNumbers", "receiverNumbers", "smsTexts")
        self.take(list(zip(*(body[name] for name in names), strict=True)))

    def take(self, messages: list[tuple[str, str, str]]) -> None:
        request_id = self.headers.get("request-Id")
        with self.owner.lock:
            fault = self.owner.next_of(self.state.script)
            if self.state.knows(request_id):
                self.owner.record("said", -20)
                return self.refuse(-20)
            if fault in (DROP_REQUEST, HTTP_500, HTML):
                self.break_answer(fault)
                return None
            if fault == TAKE_LATER:
                self.state.late[str(request_id)] = lambda: self.owner.take(messages, request_id) and None
                self.break_answer(fault)
                return None
            if isinstance(fault, int):
                return self.refuse(fault)
            if fault == REFUSE_AND_REMEMBER:
                self.owner.remember(str(request_id))
                return self.refuse(-999)
            if self.state.bad_numbers & {to for _sender, to, _text in messages}:
                self.owner.record("said", -4)
                return self.refuse(-4)
            if fault == NEGATIVE_IDS:
                ids = self.take_in_part(messages, request_id)
            else:
                ids = self.owner.take(messages, request_id)
        self.state.received.set()
        if callable(fault):
            ids = fault(ids)
        if fault == FEW_IDS:
            ids = ids[:1]
        elif fault == MANY_IDS:
            ids = [*ids, ids[-1] + 1000]
        elif fault == HANG:
            self.state.go_on.wait(30)
        elif fault == LATE:
            self.state.go_on.wait(self.state.late_seconds)
        elif self.break_answer(str(fault)):
            return None
        try:
            self.answer({"ids": ids, "smsCount": len(messages), "totalPrice": 10 * len(messages)})
        except OSError:
            pass  # the other side has gone
        return None

    def take_in_part(self, messages: list[tuple[str, str, str]], request_id: str | None) -> list[int]:
        """All but every third; returns an id for each, negative for those that were refused."""
        taken = [message for index, message in enumerate(messages) if index % 3 != 2]
        self.owner.record(
            "refused", [message[1:] for index, message in enumerate(messages) if index % 3 == 2]
        )
        ids = iter(self.owner.take(taken, request_id))
        return [REFUSED if index % 3 == 2 else next(ids) for index in range(len(messages))]

    def check(self, request_id: str) -> None:
        fault = self.owner.next_of(self.state.check_script)
        if isinstance(fault, int) and not isinstance(fault, bool):
            return self.refuse(fault)
        if fault != ACCEPT and self.break_answer(fault):
            return None
        with self.owner.lock:
            known = self.state.knows(request_id)
        self.answer({"isDuplicate": known})
        late = self.state.late.pop(request_id, None)
        if late is not None:
            late()
        return None

    def statuses(self, body: Any, *, is_old: bool = False) -> None:
        fault = self.owner.next_of(self.state.status_script)
        if isinstance(fault, int):
            return self.refuse(fault)
        if fault != ACCEPT and self.break_answer(fault):
            return None
        return self.answer([self.owner.status(one, is_old=is_old) for one in body])

    def old_statuses(self, body: Any) -> None:
        if not self.owner.is_night():
            return self.refuse(-8)
        return self.statuses(body, is_old=True)

    def receive(self, body: Any) -> None:
        fault = self.owner.next_of(self.state.receive_script)
        if isinstance(fault, int):
            return self.refuse(fault)
        if fault in (DROP_REQUEST, HTTP_500, HTML):
            self.break_answer(fault)
            return None
        with self.owner.lock:
            if callable(fault):
                fault(self.state)
            if fault == MORE_BETWEEN:
                self.owner.let_more_in()
            waiting = self.owner.unread(body)
            if self.state.newest_first or (fault == REORDER and self.owner.may_reorder(body, waiting)):
                waiting.reverse()
            found = waiting[: body.get("numberOfMessages", 100)]
            if body.get("markAsRead", True) and self.state.honours_marks and fault != IGNORE_MARKS:
                self.owner.mark(found)
        if isinstance(fault, str) and fault != ACCEPT and self.break_answer(fault):
            return None
        return self.answer(
            [
                {
                    "privateNumber": one.line,
                    "date": one.date,
                    "sendNumber": one.sender,
                    "messageText": one.text,
                }
                for one in found
            ]
        )
