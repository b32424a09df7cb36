"""What a project's code listens to. All are sent after commit, and a receiver that raises is logged.

Outbound signals report what has been recorded; receivers can't change it. Write receivers so that they may be
called twice for one message: a crash between a signal and its record repeats the signal.
"""

import logging
from typing import Any

from django.db import connection, transaction
from django.dispatch import Signal

logger = logging.getLogger("sepahan_django")


class LoggedSignal(Signal):
    """A signal whose receivers' errors go to this app's log alone.

    Django's own line about them holds an exception's words as they are: line breaks and numbers that a
    stranger has written.
    """

    def _log_robust_failure(self, receiver: Any, err: Exception) -> None:
        name = getattr(receiver, "__qualname__", repr(receiver))
        logger.error("The signal receiver %s raised.", name, exc_info=err)


message_received = LoggedSignal()
"""`message`: the InboundMessage. At least once for each; again at the next pull if a receiver raised."""

message_sent = LoggedSignal()
"""`message`: the OutboundMessage the gateway has accepted."""

message_failed = LoggedSignal()
"""`message`: the OutboundMessage that ended `failed` or `expired`."""

delivery_changed = LoggedSignal()
"""`message`: the OutboundMessage; `previous`: its delivery status before, the gateway's number or None."""

credit_low = LoggedSignal()
"""`api_key`: the ApiKey; `credit`: Rials. Once each time the credit falls below `LOW_CREDIT`."""

account_paused = LoggedSignal()
"""`api_key`: the ApiKey; `reason`: why, as text. Once a pause."""


def send_logged(signal: Signal, *, sender: Any, **arguments: Any) -> list[Exception]:
    """Send to every receiver; log and return what they raised.

    A receiver that calls sys.exit() counts as one that raised: it must not end the worker of all the others.
    So does one that leaves a transaction open: what is recorded after it must not be rolled back with it.
    """
    depth = len(connection.atomic_blocks)
    autocommit = connection.connection is None or connection.autocommit
    try:
        responses = signal.send_robust(sender=sender, **arguments)
    except SystemExit as exit_:
        logger.error("A signal receiver tried to end the process.", exc_info=exit_)
        return [RuntimeError(f"SystemExit: {exit_}")]
    finally:
        stray = _end_stray_transactions(depth, autocommit=autocommit)
    errors = [response for _receiver, response in responses if isinstance(response, Exception)]
    if stray is not None:
        logger.error("A signal receiver left a transaction open; it was rolled back.")
        errors.append(stray)
    return errors


def _end_stray_transactions(depth: int, *, autocommit: bool) -> Exception | None:
    """Roll back what a receiver has begun and not ended; returns an error when there was something."""
    stray = None
    while len(connection.atomic_blocks) > depth:
        stray = transaction.TransactionManagementError("It left a transaction open.")
        connection.atomic_blocks[-1].__exit__(type(stray), stray, None)
    if autocommit and connection.connection is not None and not connection.get_autocommit():
        stray = transaction.TransactionManagementError("It left a transaction open.")
        connection.rollback()
        connection.set_autocommit(True)
    return stray


def send_on_commit(signal: Signal, *, sender: Any, **arguments: Any) -> None:
    """Send once the current transaction is committed; at once where there is none."""
    if signal.has_listeners(sender):
        transaction.on_commit(lambda: send_logged(signal, sender=sender, **arguments) and None)
