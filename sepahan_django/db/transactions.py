"""What to do when the database is locked, or gone, in the middle."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

T = TypeVar("T")

PATIENCE = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between the attempts."""


def require_no_transaction() -> None:
    """RuntimeError inside a caller's transaction, or with autocommit off.

    For work that calls the gateway: what was recorded before and after a call must stay recorded, and a
    rollback would make the messages queued again that are sent, or lose those that the gateway gave out. The
    transaction in which Django's TestCase puts each test doesn't count.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    blocks = connection.atomic_blocks
    if blocks and not blocks[-1]._from_testcase:  # type: ignore[attr-defined]
        raise RuntimeError(
            "SMS can't be sent or fetched inside a transaction, which may be rolled back later."
        )
    if not blocks and not connection.get_autocommit():
        raise RuntimeError("SMS can't be sent or fetched while autocommit is off.")


def retrying(operation: Callable[[], T], *, wait: Callable[[float], None] = time.sleep) -> T:
    """Run `operation`, which opens and ends its own transaction, again while the database can't do it.

    A deadlock, a lock held too long and a lost connection are tried again for about eight seconds; then
    the last error is raised. Inside a caller's transaction it runs once: that one is already broken.

    If the connection is lost during the commit, the outcome is unknown: `operation` must do
    nothing the second time.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.in_atomic_block:
        return operation()
    for pause in PATIENCE:
        try:
            return operation()
        except (OperationalError, InterfaceError):
            connection.close()
            wait(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter
    return operation()
