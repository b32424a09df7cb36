"""The gateway's errors and delivery statuses, and this app's states, in sentences for office staff."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, gettext_noop

from sepahan_django.gateway.codes import DeliveryStatus, ErrorCode
from sepahan_django.gateway.errors import NotSubmitted, Rejected, SepahanError
from sepahan_django.values.sentences import Sentence, joined
from sepahan_django.values.sentences import sentence as _

ERRORS: dict[int, str] = {
    ErrorCode.TOKEN_INVALID: gettext_noop(
        "The token is not valid. Enter the correct one on the account's page."
    ),
    ErrorCode.TOKEN_NOT_APPROVED: gettext_noop(
        "The token is not approved. Enable it in the gateway's panel."
    ),
    ErrorCode.IP_NOT_ALLOWED: gettext_noop(
        "This server's IP address is not allowed. Add it to the token in the panel."
    ),
    ErrorCode.RECIPIENT_INVALID: gettext_noop("The recipient's number has the wrong format."),
    ErrorCode.TEXT_EMPTY: gettext_noop("The text is empty."),
    ErrorCode.LENGTHS_DIFFER: gettext_noop("The lists in the request have different lengths."),
    ErrorCode.TOO_MANY: gettext_noop("The request has more than 100 messages."),
    ErrorCode.PROVIDER_INACTIVE: gettext_noop("The SMS service is not available at the moment."),
    ErrorCode.USER_NOT_APPROVED: gettext_noop("The gateway has not approved the user."),
    ErrorCode.USER_EXPIRED: gettext_noop("The user's contract has expired. Renew it at the gateway."),
    ErrorCode.USER_SERVICE_INACTIVE: gettext_noop("The user's web service is disabled."),
    ErrorCode.SENDER_INVALID: gettext_noop(
        "The sender line is not valid. Check the number and that it is active."
    ),
    ErrorCode.USER_WITHOUT_PRICES: gettext_noop("The gateway has no price range for the user."),
    ErrorCode.CREDIT_TOO_LOW: gettext_noop("The credit is too low. Top up the account."),
    ErrorCode.MANAGER_NOT_APPROVED: gettext_noop("The reseller is not approved."),
    ErrorCode.MANAGER_EXPIRED: gettext_noop("The reseller's contract has expired."),
    ErrorCode.MANAGER_SERVICE_INACTIVE: gettext_noop("The reseller's web service is disabled."),
    ErrorCode.MANAGER_WITHOUT_PRICES: gettext_noop("The gateway has no price range for the reseller."),
    ErrorCode.MANAGER_CREDIT_TOO_LOW: gettext_noop("The reseller's credit is too low."),
    ErrorCode.REQUEST_ID_USED: gettext_noop("The gateway has already received this request."),
    ErrorCode.INPUT_INVALID: gettext_noop("The gateway found the request's values invalid."),
    ErrorCode.IP_BLOCKED: gettext_noop("This server's IP address is blocked by the gateway."),
    ErrorCode.ID_NOT_FOUND: gettext_noop("The gateway can't find this id."),
    ErrorCode.LINE_INVALID: gettext_noop("The line is invalid or disabled."),
    ErrorCode.LINE_EXPIRED: gettext_noop("The line has expired."),
    ErrorCode.COUNT_INVALID: gettext_noop("The requested number of messages is not valid."),
    ErrorCode.LINE_INACTIVE: gettext_noop("The line is not active."),
}

DELIVERIES: dict[int, Promise | str] = {
    DeliveryStatus.DOES_NOT_EXIST: gettext_lazy("Unknown to the gateway"),
    DeliveryStatus.ID_NOT_FOUND: gettext_lazy("Unknown to the gateway"),
    DeliveryStatus.WAITING: gettext_lazy("Waiting to be sent"),
    DeliveryStatus.DELIVERED: gettext_lazy("Reached the handset"),
    DeliveryStatus.NOT_DELIVERED: gettext_lazy("Did not reach the handset"),
    DeliveryStatus.CANCELLED: gettext_lazy("Cancelled at the gateway"),
    DeliveryStatus.BLACKLISTED: gettext_lazy("Blacklisted"),
    DeliveryStatus.PARTLY_DELIVERED: gettext_lazy("Partly reached the handset"),
    DeliveryStatus.WITH_OPERATOR: gettext_lazy("Handed to the operator"),
    DeliveryStatus.NOT_AT_OPERATOR: gettext_lazy("Did not reach the operator"),
}


STATES: dict[str, Promise | str] = {
    "queued": gettext_lazy(
        "Waiting for its scheduled time or for a worker. It can still be cancelled, or sent now."
    ),
    "sending": gettext_lazy(
        "Being sent to the gateway, or the gateway has not answered yet. No action needed."
    ),
    "sent": gettext_lazy(
        "The gateway has accepted it and charges for it. Delivery is checked automatically."
    ),
    "delivered": gettext_lazy("It has reached the handset. No action needed."),
    "undelivered": gettext_lazy("It did not reach the handset. Check the delivery status and the number."),
    "failed": gettext_lazy("It was refused and not sent. Fix the cause shown, then send it again."),
    "in_doubt": gettext_lazy("It is unknown whether it was sent. Decide it under “SMS in doubt”."),
    "cancelled": gettext_lazy("It was cancelled before it was sent. Write a new one if it is still needed."),
    "expired": gettext_lazy("It expired before it was sent. Write a new one if it is still needed."),
}
"""What each state of a message means and what to do about it, in a sentence."""


def error_text(code: int) -> Sentence:
    """What one of the gateway's error numbers means."""
    known = ERRORS.get(code)
    return _(known) if known else _("The gateway's error %(code)s.", code=code)


def explain(error: SepahanError) -> Sentence:
    """What went wrong with a request, with the technical reason behind it."""
    if isinstance(error, Rejected):
        said = " ".join([error.message, *error.details]).strip()
        if error.code is not None:
            reason = f"{error.code}: {said}" if said else str(error.code)
            return joined([error_text(error.code), f" ({reason})"])
        if error.readable:
            return _("The gateway refused the request: %(said)s", said=said or "—")
        return _(
            "A server in front of the gateway refused the request (HTTP %(status)s).",
            status=error.http_status,
        )
    if isinstance(error, NotSubmitted):
        return _("The gateway can't be reached (%(why)s).", why=error.message)
    return _("The gateway gave no readable answer (%(why)s).", why=error.message)


def client_failed(error: Exception) -> Sentence:
    """A fault of the client's own. Its words may hold anything, so only its type is told."""
    return _("The gateway client failed: %(error)s", error=type(error).__name__)


def describe(error: Exception) -> str:
    """Any of the app's errors in words for a person; a sentence where it was raised with one."""
    if isinstance(error, SepahanError):
        return explain(error)
    words = error.args[0] if error.args else ""
    return words if isinstance(words, Sentence) else str(error)


def by_account(troubles: Iterable[tuple[str, str]]) -> Sentence:
    """A line for each account in trouble, out of their titles and reasons."""
    return joined((joined([title, ": ", why]) for title, why in troubles), "\n")


def delivery_text(status: int | None) -> str:
    """What a delivery status means, in the active language; empty for None."""
    if status is None:
        return ""
    known = DELIVERIES.get(status)
    return str(known) if known else _("Status %(status)s", status=status)
