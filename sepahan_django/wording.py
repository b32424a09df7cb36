"""The gateway's numbers in words that an office understands."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sepahan_django.gateway.codes import DeliveryStatus, ErrorCode
from sepahan_django.gateway.errors import NotSubmitted, Rejected, SepahanError

ERRORS: dict[int, Promise | str] = {
    ErrorCode.TOKEN_INVALID: _("The token is not valid. Enter the right one at the account."),
    ErrorCode.TOKEN_NOT_APPROVED: _("The token is not approved. Switch it on in the gateway's panel."),
    ErrorCode.IP_NOT_ALLOWED: _("This server's IP address is not allowed. Add it to the token in the panel."),
    ErrorCode.RECIPIENT_INVALID: _("The recipient's number has a wrong format."),
    ErrorCode.TEXT_EMPTY: _("The text is empty."),
    ErrorCode.LENGTHS_DIFFER: _("The lists in the request have different lengths."),
    ErrorCode.TOO_MANY: _("The request has more than 100 messages."),
    ErrorCode.PROVIDER_INACTIVE: _("The SMS service is not available at the moment."),
    ErrorCode.USER_NOT_APPROVED: _("The gateway has not approved the user."),
    ErrorCode.USER_EXPIRED: _("The user's contract has expired. Renew it at the gateway."),
    ErrorCode.USER_SERVICE_INACTIVE: _("The user's web service is switched off."),
    ErrorCode.SENDER_INVALID: _("The sender line is not valid. Check the number and that it is active."),
    ErrorCode.USER_WITHOUT_PRICES: _("The gateway has no price range for the user."),
    ErrorCode.CREDIT_TOO_LOW: _("The credit is too low. Charge the account."),
    ErrorCode.MANAGER_NOT_APPROVED: _("The reseller is not approved."),
    ErrorCode.MANAGER_EXPIRED: _("The reseller's contract has expired."),
    ErrorCode.MANAGER_SERVICE_INACTIVE: _("The reseller's web service is switched off."),
    ErrorCode.MANAGER_WITHOUT_PRICES: _("The gateway has no price range for the reseller."),
    ErrorCode.MANAGER_CREDIT_TOO_LOW: _("The reseller's credit is too low."),
    ErrorCode.REQUEST_ID_USED: _("The gateway has received this request before."),
    ErrorCode.INPUT_INVALID: _("The gateway found the request's values invalid."),
    ErrorCode.IP_BLOCKED: _("This server's IP address is blocked by the gateway."),
    ErrorCode.ID_NOT_FOUND: _("The gateway does not find this id."),
    ErrorCode.LINE_INVALID: _("The line is wrong or switched off."),
    ErrorCode.LINE_EXPIRED: _("The line has expired."),
    ErrorCode.COUNT_INVALID: _("The number of messages asked for is not valid."),
    ErrorCode.LINE_INACTIVE: _("The line is not active."),
}

DELIVERIES: dict[int, Promise | str] = {
    DeliveryStatus.DOES_NOT_EXIST: _("Not known to the gateway"),
    DeliveryStatus.ID_NOT_FOUND: _("Not known to the gateway"),
    DeliveryStatus.WAITING: _("Waiting to be sent"),
    DeliveryStatus.DELIVERED: _("Reached the handset"),
    DeliveryStatus.NOT_DELIVERED: _("Did not reach the handset"),
    DeliveryStatus.CANCELLED: _("Cancelled at the gateway"),
    DeliveryStatus.BLACKLISTED: _("On the blacklist"),
    DeliveryStatus.PARTLY_DELIVERED: _("Reached the handset in part"),
    DeliveryStatus.WITH_OPERATOR: _("Handed to the operator"),
    DeliveryStatus.NOT_AT_OPERATOR: _("Did not reach the operator"),
}


STATES: dict[str, Promise | str] = {
    "queued": _("It waits for its time, or for a worker. It can still be cancelled, or sent now."),
    "sending": _(
        "It is on its way to the gateway, or the gateway has not answered yet. Nothing is to be done."
    ),
    "sent": _("The gateway has it and charges for it. Whether it has arrived is asked by itself."),
    "delivered": _("It has reached the handset. Nothing is to be done."),
    "undelivered": _("It did not reach the handset: look at the delivery status, check the number."),
    "failed": _("It was refused and not sent: mend what the explanation says, then send it again."),
    "in_doubt": _("Nobody can tell whether it was sent: decide on the page of SMS in doubt."),
    "cancelled": _("Somebody cancelled it before it was sent. Write a new one if it is needed after all."),
    "expired": _("It was not sent before its time was over. Write a new one if it is still wanted."),
}
"""What each state of a message means and what to do about it, in a sentence."""


def error_text(code: int) -> str:
    """What one of the gateway's error numbers means, in the active language."""
    known = ERRORS.get(code)
    return str(known) if known else str(_("The gateway's error %(code)s.")) % {"code": code}


def explain(error: SepahanError) -> str:
    """What went wrong with a request, in the active language, with the technical reason behind it."""
    if isinstance(error, Rejected):
        said = " ".join([error.message, *error.details]).strip()
        if error.code is not None:
            meaning = error_text(error.code)
            return f"{meaning} ({error.code}: {said})" if said else f"{meaning} ({error.code})"
        if error.readable:
            return str(_("The gateway refused the request: %(said)s")) % {"said": said or "—"}
        refused = _("Something before the gateway refused the request (HTTP %(status)s).")
        return str(refused) % {"status": error.http_status}
    if isinstance(error, NotSubmitted):
        return str(_("The gateway can't be reached (%(why)s).")) % {"why": error.message}
    return str(_("The gateway gave no answer that can be read (%(why)s).")) % {"why": error.message}


def delivery_text(status: int | None) -> str:
    """What a delivery status means, in the active language; empty for None."""
    if status is None:
        return ""
    known = DELIVERIES.get(status)
    return str(known) if known else str(_("Status %(status)s")) % {"status": status}


def sentence(error: Exception) -> str:
    """Any of the app's errors as a sentence for a person."""
    return explain(error) if isinstance(error, SepahanError) else str(error)
