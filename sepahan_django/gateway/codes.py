"""The gateway's numbers, and what each of them says about the messages.

Source: the tables of the gateway's WebAPI document, version 1.1 (send, status, Receive), as docs/gateway.rst
reads them. Their words for people are in `wording`.
"""

from enum import Enum, IntEnum


class ErrorCode(IntEnum):
    """A number the gateway gives for a refused request, or in place of one recipient's id."""

    TOKEN_INVALID = -1
    TOKEN_NOT_APPROVED = -2
    IP_NOT_ALLOWED = -3
    RECIPIENT_INVALID = -4
    TEXT_EMPTY = -5
    LENGTHS_DIFFER = -6
    TOO_MANY = -7
    PROVIDER_INACTIVE = -8
    USER_NOT_APPROVED = -9
    USER_EXPIRED = -10
    USER_SERVICE_INACTIVE = -11
    SENDER_INVALID = -12
    USER_WITHOUT_PRICES = -13
    CREDIT_TOO_LOW = -14
    MANAGER_NOT_APPROVED = -15
    MANAGER_EXPIRED = -16
    MANAGER_SERVICE_INACTIVE = -17
    MANAGER_WITHOUT_PRICES = -18
    MANAGER_CREDIT_TOO_LOW = -19
    REQUEST_ID_USED = -20
    INPUT_INVALID = -21
    IP_BLOCKED = -22
    ID_NOT_FOUND = -23
    # Receive has four more, given as the HTTP status or as the code.
    LINE_INVALID = 406
    LINE_EXPIRED = 410
    COUNT_INVALID = 416
    LINE_INACTIVE = 423


class Verdict(Enum):
    """What a refusal of a send request says about its messages. Nothing was sent in any case but one."""

    ACCOUNT_AT_FAULT = "account"
    """The account is unusable until someone acts: it is paused, its messages wait."""
    NO_CREDIT = "credit"
    """The messages wait until there is credit again."""
    TRY_LATER = "later"
    """The gateway cannot send now: the messages wait."""
    SOME_MESSAGE_AT_FAULT = "message"
    """At least one message is bad, and the others must not sink with it."""
    LINE_AT_FAULT = "line"
    """The sender line cannot be used."""
    ALREADY_RECEIVED = "received"
    """An earlier request with this request-Id was received: these messages are on their way."""
    MESSAGES_REFUSED = "refused"
    """The messages of this request fail with the gateway's own words; an operator may send them again."""


_VERDICTS: dict[int, Verdict] = {
    ErrorCode.TOKEN_INVALID: Verdict.ACCOUNT_AT_FAULT,
    ErrorCode.TOKEN_NOT_APPROVED: Verdict.ACCOUNT_AT_FAULT,
    ErrorCode.IP_NOT_ALLOWED: Verdict.ACCOUNT_AT_FAULT,
    ErrorCode.RECIPIENT_INVALID: Verdict.SOME_MESSAGE_AT_FAULT,
    ErrorCode.TEXT_EMPTY: Verdict.SOME_MESSAGE_AT_FAULT,
    ErrorCode.LENGTHS_DIFFER: Verdict.MESSAGES_REFUSED,
    ErrorCode.TOO_MANY: Verdict.MESSAGES_REFUSED,
    ErrorCode.PROVIDER_INACTIVE: Verdict.TRY_LATER,
    ErrorCode.USER_NOT_APPROVED: Verdict.ACCOUNT_AT_FAULT,
    ErrorCode.USER_EXPIRED: Verdict.ACCOUNT_AT_FAULT,
    ErrorCode.USER_SERVICE_INACTIVE: Verdict.ACCOUNT_AT_FAULT,
    ErrorCode.SENDER_INVALID: Verdict.LINE_AT_FAULT,
    ErrorCode.USER_WITHOUT_PRICES: Verdict.ACCOUNT_AT_FAULT,
    ErrorCode.CREDIT_TOO_LOW: Verdict.NO_CREDIT,
    ErrorCode.MANAGER_NOT_APPROVED: Verdict.ACCOUNT_AT_FAULT,
    ErrorCode.MANAGER_EXPIRED: Verdict.ACCOUNT_AT_FAULT,
    ErrorCode.MANAGER_SERVICE_INACTIVE: Verdict.ACCOUNT_AT_FAULT,
    ErrorCode.MANAGER_WITHOUT_PRICES: Verdict.ACCOUNT_AT_FAULT,
    ErrorCode.MANAGER_CREDIT_TOO_LOW: Verdict.NO_CREDIT,
    ErrorCode.REQUEST_ID_USED: Verdict.ALREADY_RECEIVED,
    ErrorCode.INPUT_INVALID: Verdict.SOME_MESSAGE_AT_FAULT,
    ErrorCode.IP_BLOCKED: Verdict.ACCOUNT_AT_FAULT,
}

REFUSED_BEFORE_THE_GATEWAY = frozenset({401, 403, 404, 405, 413, 415, 429})
"""HTTP statuses that, without a readable envelope, mean that something refused the request before the
gateway looked at it."""


def verdict(code: int | None, *, http_status: int | None = None, readable: bool = True) -> Verdict:
    """What the refusal of a send request says about its messages.

    `code` is the gateway's number or None; `readable` tells whether the answer had an envelope. A number
    outside the table, or an envelope without one, is the gateway's word about these messages. No envelope
    at all (such as a proxy's 401 or 429) says nothing about the messages: the account is at fault.
    """
    if code is not None:
        return _VERDICTS.get(code, Verdict.MESSAGES_REFUSED)
    if not readable and http_status in REFUSED_BEFORE_THE_GATEWAY:
        return Verdict.ACCOUNT_AT_FAULT
    return Verdict.MESSAGES_REFUSED


LINE_ERRORS = frozenset({ErrorCode.LINE_INVALID, ErrorCode.LINE_EXPIRED, ErrorCode.LINE_INACTIVE})
"""Refusals of Receive that concern one line; the account's other lines can still be read."""


class DeliveryStatus(IntEnum):
    """What `status` and `oldStatus` say of one message. The gateway may give others: keep those too."""

    DOES_NOT_EXIST = -1
    ID_NOT_FOUND = -23
    WAITING = 0
    DELIVERED = 1
    NOT_DELIVERED = 2
    CANCELLED = 3
    BLACKLISTED = 5
    PARTLY_DELIVERED = 7
    WITH_OPERATOR = 8
    NOT_AT_OPERATOR = 16


FINAL_STATUSES = frozenset(
    {
        DeliveryStatus.DELIVERED,
        DeliveryStatus.NOT_DELIVERED,
        DeliveryStatus.CANCELLED,
        DeliveryStatus.BLACKLISTED,
        DeliveryStatus.NOT_AT_OPERATOR,
    }
)
"""Statuses that never change again."""
