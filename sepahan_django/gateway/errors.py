"""What can go wrong with a request, told apart by what it says about its messages.

Three outcomes only: it certainly did not reach the gateway (`NotSubmitted`), the outcome is
unknown (`OutcomeUnknown`), it was refused (`Rejected`). What is not proven harmless is unknown. No error
holds a token, and none is chained to the HTTP library's own, whose frames do.
"""

from collections.abc import Sequence

from sepahan_django.gateway import codes


class SepahanError(Exception):
    """Root of everything the gateway's client raises. `method` names the gateway's method.

    `answer` is the start of the body that came back, without the token; empty where none came, and with a
    client of another make that doesn't hand it over.
    """

    def __init__(self, message: str, *, method: str = "", answer: str = "") -> None:
        super().__init__(f"{method}: {message}" if method else message)
        self.message = message
        self.method = method
        self.answer = answer


class NotSubmitted(SepahanError):
    """The request certainly did not reach the gateway; sending it again is safe."""


class OutcomeUnknown(SepahanError):
    """The request left but no readable answer came back; ask before sending it again.

    `http_status` is the answer's, if there was one.
    """

    def __init__(
        self, message: str, *, method: str = "", http_status: int | None = None, answer: str = ""
    ) -> None:
        super().__init__(message, method=method, answer=answer)
        self.http_status = http_status


class Rejected(SepahanError):
    """The gateway, or something in front of it, answered no.

    `code` is the gateway's number (None where it gave none), `message` and `details` its own words,
    `http_status` the answer's. `readable` is False when there was no envelope at all, so that the refusal
    came from a server in front of the gateway.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str = "",
        code: int | None = None,
        details: Sequence[str] = (),
        http_status: int | None = None,
        readable: bool = True,
        answer: str = "",
    ) -> None:
        super().__init__(message, method=method, answer=answer)
        self.code = code
        self.details = list(details)
        self.http_status = http_status
        self.readable = readable

    @property
    def verdict(self) -> codes.Verdict:
        """What this refusal says about the messages of the request.

        Without a number and without an HTTP status no answer came: the client refused the request before it
        left, because at least one message is bad.
        """
        if self.code is None and self.http_status is None:
            return codes.Verdict.SOME_MESSAGE_AT_FAULT
        return codes.verdict(self.code, http_status=self.http_status, readable=self.readable)

    def __str__(self) -> str:
        shown = " ".join([self.message, *self.details]).strip() or "refused without a reason"
        number = f"error {self.code}" if self.code is not None else f"HTTP {self.http_status}"
        return f"{self.method}: {number}: {shown}" if self.method else f"{number}: {shown}"
