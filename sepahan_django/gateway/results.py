"""What the gateway's methods give back."""

from dataclasses import dataclass, field

MAX_ANSWER_LENGTH = 4000
"""Characters kept of a body, for operators who need the gateway's raw answer."""


@dataclass(frozen=True)
class SendResult:
    """An accepted request.

    `ids` as the gateway gave them: one for each recipient in order, unless it gave another number of
    them; a negative one is an error code for that recipient alone. `sms_count` counts SMS parts and
    `total_price` is in Rials for the whole request; None where the gateway's number can't be read. `answer`
    is the start of the raw body, without the token; another client may leave it empty.
    """

    ids: list[int]
    sms_count: int | None = None
    total_price: int | None = None
    answer: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class ReceivedMessage:
    """One inbound SMS, each part as the gateway wrote it; what it left out is empty."""

    line: str
    date: str
    sender: str
    text: str
