"""One HTTP exchange, bounded in time and size, that says whether a byte of the request has left.

`requests` bounds each read, not the whole: an answer that trickles a byte a second would go on for ever.
So the sockets are watched here. A call's `Watch` shuts its socket when the time is over, which ends
whatever the call waits for, and notes the moment in which the request starts to leave: before it, any
failure proves that the gateway has received nothing.
"""

import os
import socket
import threading
import time
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from sepahan_django.gateway.secrets import Secret, SecretBytes

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Bytes. A hundred inbound messages of the greatest length are a tenth of it."""
READ_CHUNK = 64 * 1024
"""Bytes read at once: an answer that is too large is left before all of it is in memory."""


@dataclass(frozen=True)
class Answer:
    """What came back: the HTTP status and the whole body."""

    status: int
    body: bytes = field(repr=False)
    """It may repeat the token, or contain a new one."""


class Failure(Exception):
    """There is no answer. `left` tells whether a part of the request may have reached the gateway.

    It is raised with nothing chained to it: the library's own exceptions hold headers, and so the token,
    in their frames.
    """

    def __init__(self, reason: str, *, left: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.left = left


class Watch:
    """The time of one call, and the socket that it runs on."""

    def __init__(self, *, connect: float, total: float) -> None:
        self.tried = False
        """A connection was asked for."""
        self.left = False
        """A byte of the request may have left."""
        self.expired = False
        self._started = time.monotonic()
        self._connect, self._total = connect, total
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(total, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Watch":
        _current.watch = self
        self._timer.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()
        _current.watch = None
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def follow(self, connection: socket.socket) -> None:
        """Watch this socket from now on. A duplicate is kept, since TLS takes the original over."""
        copy = socket.socket(fileno=os.dup(connection.fileno()))
        with self._lock:
            if self._socket is not None:
                self._socket.close()
            self._socket = copy
            if self.expired:
                self._shut()

    def seconds_to_connect(self) -> float:
        """What is left of the time to connect; TimeoutError when nothing is."""
        left = self._started + self._connect - time.monotonic()
        if left <= 0:
            raise TimeoutError("no connection in time")
        return left

    def _cut(self) -> None:
        with self._lock:
            self.expired = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is None:
            return
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # closed already, and so at an end


class _Current(threading.local):
    watch: Watch | None = None


_current = _Current()


def _resolved(host: str, port: int, seconds: float) -> list[Any]:
    """The addresses of a host, in a bounded time: the system's resolver knows no time-out of ours."""
    found: list[Any] = []
    failed: list[BaseException] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise OSError("the name is not resolved") from failed[0]
    if not found:
        raise TimeoutError("the name is not resolved in time")
    return found


def _connected(host: str, port: int, watch: Watch) -> socket.socket:
    """A connection to the first of the host's addresses that takes it, all within the time to connect."""
    problem: OSError = OSError("no address")
    for family, kind, protocol, _name, address in _resolved(host, port, watch.seconds_to_connect()):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(watch.seconds_to_connect())
            sock.connect(address)
        except OSError as error:
            sock.close()
            problem = error
        else:
            return sock
    raise problem


class _Watched:
    """What the connection classes have in common: the watch learns of each socket and the first byte."""

    sock: socket.socket | None

    def _new_conn(self) -> socket.socket:
        watch = _current.watch
        assert watch is not None
        watch.tried = True
        sock = _connected(self.host.strip("[]"), self.port, watch)  # type: ignore[attr-defined]
        for option in self.socket_options or ():  # type: ignore[attr-defined]
            sock.setsockopt(*option)
        watch.follow(sock)
        return sock

    def send(self, data: Any) -> None:
        watch = _current.watch
        assert watch is not None
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        assert self.sock is not None
        watch.follow(self.sock)
        watch.left = True
        # Its head holds the token. `http.client` prints what it sends if its debuglevel is set.
        super().send(SecretBytes(data) if isinstance(data, bytes) else data)  # type: ignore[misc]


class _WatchedHTTP(_Watched, HTTPConnection):
    pass


class _WatchedHTTPS(_Watched, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _TokenAuth(AuthBase):
    """The bare token in the header Authorization (docs/gateway.rst, Transport)."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._token
        return request


class Transport:
    """Kept-alive connections to one gateway, one session for each thread and process."""

    def __init__(self, *, connect: float, read: float, ca_bundle: str | None) -> None:
        self.connect = connect
        self.read = read
        self._verify: str | bool = ca_bundle or True
        self._local = threading.local()

    def _session(self) -> requests.Session:
        # After a fork parent and child would read each other's answers from one socket.
        if getattr(self._local, "pid", None) != os.getpid():
            session = requests.Session()
            # Nothing but what was passed in decides a request: no .netrc, no proxy or CA variables.
            session.trust_env = False
            session.verify = self._verify
            session.headers = requests.structures.CaseInsensitiveDict(
                {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "sepahan_django"}
            )
            adapter = _Adapter(max_retries=0)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            self._local.session, self._local.pid = session, os.getpid()
        session = self._local.session
        assert isinstance(session, requests.Session)
        return session

    def exchange(
        self, verb: str, url: str, *, token: Secret | None, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """Send one request and read its whole answer. Failure when there is none."""
        reason = ""
        with Watch(connect=self.connect, total=self.connect + self.read) as watch:
            try:
                answer = self._exchange(verb, url, token=token, body=body, headers=headers)
                if watch.expired:  # cut off among the headers, which the library takes for their end
                    raise TimeoutError
                return answer
            except Exception as error:  # whatever the libraries raise, there is no answer
                watch.left = watch.left or not (watch.tried or _is_harmless(error))
                reason = self._reason(error, watch)
        # Outside of the handler: see Failure.
        raise Failure(reason, left=watch.left)

    def _exchange(
        self, verb: str, url: str, *, token: Secret | None, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        response = self._session().request(
            verb,
            url,
            data=body,
            headers=dict(headers),
            auth=_TokenAuth(token) if token is not None else None,
            timeout=(self.connect, self.read),
            allow_redirects=False,
            stream=True,
        )
        watch = _current.watch
        assert watch is not None
        watch.left = True  # it has been answered
        with closing(response):
            encoding = response.headers.get("Content-Encoding", "identity").lower()
            data = bytearray()
            while chunk := response.raw.read(READ_CHUNK, decode_content=False):
                data += chunk
                if len(data) > MAX_ANSWER_BYTES:
                    raise ValueError("the answer is too large")
            return Answer(response.status_code, _decoded(bytes(data), encoding))

    def _reason(self, error: Exception, watch: Watch) -> str:
        """In words that hold nothing of the request."""
        if watch.expired:
            return f"no whole answer within {self.connect + self.read:g} seconds"
        if isinstance(error, requests.exceptions.SSLError):
            return "the gateway's certificate can't be verified, or TLS failed"
        if isinstance(error, requests.exceptions.Timeout) or "timed out" in str(error).lower():
            return f"no answer within {self.read:g} seconds" if watch.left else "no connection in time"
        if not watch.left:
            return "no connection to the gateway"
        return "the answer is too large" if isinstance(error, ValueError) else "the connection broke"

    def close(self) -> None:
        """Close this thread's connections."""
        session = getattr(self._local, "session", None)
        if session is not None:
            session.close()
            self._local.pid = None


def _is_harmless(error: Exception) -> bool:
    """Whether an error that came before any connection of ours proves that nothing was sent.

    What is wrong with the arguments (a CA bundle that isn't there) does. Of another adapter's network
    errors, a test's say, only those about the connection itself do.
    """
    if not isinstance(error, requests.RequestException) or isinstance(error, ValueError):
        return True
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.SSLError):
        return True
    told = str(error).lower()
    return any(word in told for word in ("newconnectionerror", "nameresolution", "refused", "resolve"))


def _decoded(data: bytes, encoding: str) -> bytes:
    """Undo a compression that was not asked for, without unpacking more than an answer may be."""
    if encoding in ("", "identity"):
        return data
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise ValueError("the answer uses an encoding that was not requested")
    unpacked = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, MAX_ANSWER_BYTES + 1)
    if len(unpacked) > MAX_ANSWER_BYTES:
        raise ValueError("the answer is too large")
    return unpacked
