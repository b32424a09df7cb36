"""Sending `message_received` for what is stored."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from sepahan_django import signals
from sepahan_django.db.storable import storable
from sepahan_django.db.transactions import retrying
from sepahan_django.inbox.lease import Lease
from sepahan_django.models import ApiKey, InboundMessage

logger = logging.getLogger("sepahan_django")

DISPATCH_CHUNK = 100
RECORD_EVERY = 1.0
"""Seconds after which dispatched messages are recorded: what a crash can make a receiver see again."""


class Notifier:
    """One round of an account's messages that are not dispatched yet."""

    def __init__(
        self, account: ApiKey, lease: Lease, tally: "Counter[str]", should_stop: Callable[[], bool]
    ) -> None:
        self.account = account
        self.lease = lease
        self.tally = tally
        self.should_stop = should_stop

    def run(self) -> None:
        """Send `message_received` for each message not yet dispatched, oldest first.

        Each is tried once. A receiver that raises is logged with the message, which is tried again at the
        next pull. The record is written in chunks and at least every second: a crash repeats what came
        after the last record, and never skips one.
        """
        tried = Q()
        while chunk := list(self._undispatched().filter(tried)[:DISPATCH_CHUNK]):
            if not self._dispatch_chunk(chunk):
                return
            last = chunk[-1]
            tried = Q(moment__gt=last.moment) | Q(moment=last.moment, pk__gt=last.pk)  # type: ignore[attr-defined]

    def one(self, message: InboundMessage) -> str:
        """Send it for this message, dispatched before or not, and record what came of it.

        Returns what the receivers raised, or nothing.
        """
        reason = self._send(message)
        self._record_dispatched([] if reason else [message.pk])
        return reason

    def _undispatched(self) -> "QuerySet[InboundMessage]":
        rows = InboundMessage.objects.filter(api_key=self.account, dispatched_at=None)
        return rows.annotate(moment=Coalesce("received_at", "pulled_at")).order_by("moment", "pk")

    def _dispatch_chunk(self, chunk: Sequence[InboundMessage]) -> bool:
        done: list[int] = []
        recorded = time.monotonic()
        try:
            for message in chunk:
                if self.should_stop():
                    return False
                if not self._send(message):
                    done.append(message.pk)
                if time.monotonic() - recorded > RECORD_EVERY:
                    self._record_dispatched(done)
                    done, recorded = [], time.monotonic()
        finally:
            self._record_dispatched(done)
        return True

    def _send(self, message: InboundMessage) -> str:
        """The signal. Returns what the receivers raised, which is noted with the message; or nothing."""
        errors = signals.send_logged(signals.message_received, sender=InboundMessage, message=message)
        return self._note_failure(message, errors) if errors else ""

    def _record_dispatched(self, pks: list[int]) -> None:
        if pks:
            rows = InboundMessage.objects.filter(pk__in=pks)
            retrying(lambda: rows.update(dispatched_at=timezone.now(), dispatch_error=""))
            self.tally["dispatched"] += len(pks)
        self.lease.renew()

    def _note_failure(self, message: InboundMessage, errors: Sequence[Exception]) -> str:
        logger.error("Inbound message %s was not processed: a receiver raised.", message.pk)
        self.tally["undispatched"] += 1
        # An exception may quote anything, and its message must not keep those behind it waiting.
        reason = storable("; ".join(f"{type(error).__name__}: {error}" for error in errors)[:2000])
        row = InboundMessage.objects.filter(pk=message.pk)
        retrying(lambda: row.update(dispatch_attempts=F("dispatch_attempts") + 1, dispatch_error=reason))
        return reason
