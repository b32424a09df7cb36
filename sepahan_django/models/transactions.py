"""What to do when the database is locked, or gone, in the middle."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

T = TypeVar("T")

PATIENCE = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between the attempts."""


def retrying(operation: Callable[[], T], *, wait: Callable[[float], None] = time.sleep) -> T:
    """Run `operation`, which opens and ends its own transaction, again while the database can't do it.

    A deadlock, a lock held too long and a lost connection are tried again for about eight seconds; then
    the last error is raised. Inside somebody's transaction it runs once, because that is broken already.

    When the connection is lost during the commit nobody knows whether it was done: `operation` must be
    one that does nothing the second time.
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
