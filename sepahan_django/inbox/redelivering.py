"""Passing messages to the project's receivers on an operator's request, whether they had them or not."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sepahan_django.inbox.lease import Lease, LeaseLost
from sepahan_django.inbox.notifying import Notifier
from sepahan_django.models import ApiKey, InboundMessage

MAX_REDELIVERED = 100
"""Messages at once: a user waits for the page."""
PATIENCE = (0.1, 0.2, 0.4, 0.8, 1.5)
"""Seconds to wait for a pull of the account to end; most take less than one of these."""


@dataclass
class RedeliveryReport:
    """What came of it: how many were passed on, which were not and why, and which accounts were busy."""

    dispatched: int = 0
    failures: list[tuple[InboundMessage, str]] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)


def dispatch_again(
    messages: Iterable[InboundMessage], *, wait: Callable[[float], None] = time.sleep
) -> RedeliveryReport:
    """Send `message_received` now for each of these messages, sent before or not, the oldest first.

    No more than `MAX_REDELIVERED` of them. A message that a receiver refuses stays as it was, dispatched or
    not, with the error noted; one that was never passed on is tried again at the next pull.

    It is done under the lease that pulls hold. Otherwise a pull at the same moment, which dispatches all
    that is undispatched, would give a message to the same receivers twice at once, and one that looks whether
    it has seen the message before would see nothing in both. With the lease the second of the two waits, or
    leaves it.
    """
    report = RedeliveryReport()
    by_account: dict[int, list[int]] = defaultdict(list)
    for message in list(messages)[:MAX_REDELIVERED]:
        by_account[message.api_key_id].append(message.pk)
    for account in ApiKey.objects.filter(pk__in=by_account).order_by("pk"):
        lease = Lease(account)
        if not _acquired(lease, wait):
            report.busy.append(str(account))
            continue
        try:
            # Read under the lease: a pull may have dispatched some meanwhile, and pruning taken some away.
            rows = InboundMessage.objects.filter(pk__in=by_account[account.pk]).select_related("api_key")
            dispatch = Notifier(account, lease, Counter(), lambda: False)
            for message in sorted(rows, key=_age):
                reason = dispatch.one(message)
                if reason:
                    report.failures.append((message, reason))
                else:
                    report.dispatched += 1
        except LeaseLost:
            report.busy.append(str(account))
        finally:
            lease.release()
    return report


def _acquired(lease: Lease, wait: Callable[[float], None]) -> bool:
    for pause in PATIENCE:
        if lease.acquire():
            return True
        wait(pause)
    return lease.acquire()


def _age(message: InboundMessage) -> tuple[datetime, int]:
    return message.received_at or message.pulled_at, message.pk
