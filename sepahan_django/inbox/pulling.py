"""One pull: peek, store, acknowledge, until nothing is left.

The gateway gives inbound messages no id and no cursor, so a message is identified by its content, and equal
ones by their count. Comments at each step explain why it is safe; the whole algorithm is in
docs/inbox.rst.
"""

import itertools
import logging
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import Min
from django.utils import timezone

from sepahan_django import accounts
from sepahan_django.conf import INBOX_MODES, choice
from sepahan_django.db.transactions import require_no_transaction, retrying
from sepahan_django.gateway.codes import LINE_ERRORS, Verdict
from sepahan_django.gateway.errors import Rejected, SepahanError
from sepahan_django.inbox.identity import Identity, counted, identity, identity_of, in_doubt, matched
from sepahan_django.inbox.lease import InboxError, Lease, LeaseLost, MarksNotHonoured
from sepahan_django.inbox.notifying import Notifier
from sepahan_django.models import Acknowledgement, ApiKey, InboundMessage, PauseKind, SenderLine
from sepahan_django.values.jalali import parse_gateway_date, tehran_today
from sepahan_django.values.sentences import joined
from sepahan_django.values.sentences import sentence as _
from sepahan_django.wording import client_failed, describe, explain

if TYPE_CHECKING:
    from sepahan_django.gateway import ReceivedMessage, SepahanClient

logger = logging.getLogger("sepahan_django")

BATCH = 100
"""Messages a call, the gateway's limit."""
MARKED_BATCHES = 10
"""How many marked batches a pull remembers, to notice that they are returned again."""
DEFAULT_RECEIVE_WINDOW = timedelta(hours=24)
"""How far back Receive looks by default."""
MAX_CLOCK_SKEW = timedelta(minutes=15)
"""How far our clock may be ahead of the gateway's. Past midnight here it may not be there, and what comes in
there until then has yesterday's date."""


@dataclass
class PullReport:
    """What a run did: messages stored, acknowledged, dispatched, failed; and troubles by account."""

    tally: Counter[str] = field(default_factory=Counter)
    troubles: dict[str, str] = field(default_factory=dict)
    busy: list[str] = field(default_factory=list)
    """Accounts that another process is pulling at the moment."""


def pull(
    account: ApiKey | str | None = None,
    *,
    line: str | None = None,
    since: date | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda done: None,
) -> PullReport:
    """Fetch, store, acknowledge and dispatch what has come in for the accounts.

    `line` narrows it to one line; `since`, a Gregorian day, asks further back than the last pull.
    """
    require_no_transaction()
    report = PullReport()
    for row in accounts.active_accounts(account):
        if should_stop():
            break
        lease = Lease(row)
        if not lease.acquire():
            report.busy.append(row.title)
            continue
        try:
            try:
                worker = Pull(row, lease, report.tally, should_stop, progress)
                worker.run(line=line, since=since)
            except (SepahanError, InboxError, accounts.AccountError, ImproperlyConfigured) as error:
                report.troubles[row.title] = describe(error)
            except (DatabaseError, InterfaceError):
                raise
            except (
                Exception
            ) as error:  # a fault of the client's own must not keep the others from being pulled
                logger.exception("The inbox of the account %s could not be fetched.", row.title)
                report.troubles[row.title] = client_failed(error)
            # Whatever kept new messages from coming, those that are stored are dispatched.
            Notifier(row, lease, report.tally, should_stop).run()
        except LeaseLost as error:
            report.troubles[row.title] = describe(error)
        finally:
            lease.release()
    return report


class Pull:
    """One pull of one account."""

    def __init__(
        self,
        account: ApiKey,
        lease: Lease,
        tally: Counter[str],
        should_stop: Callable[[], bool],
        progress: Callable[[int], None],
    ) -> None:
        self.account = account
        self.lease = lease
        self.tally = tally
        self.should_stop = should_stop
        self.progress = progress

    def run(self, *, line: str | None, since: date | None) -> None:
        """Fetch until nothing is left; raises what had to stop it."""
        self.account.refresh_from_db()
        now = timezone.now()
        if accounts.may_not_call(self.account, now=now):
            raise InboxError(_("paused: %(why)s", why=self.account.pause_reason))
        today, start = tehran_today(now - MAX_CLOCK_SKEW), self.account.inbox_day
        if start is not None:
            start = min(start, today)  # a clock that was ahead must not hide what comes in now
        if since is not None:
            start = min(start, since) if start else since
        start = self._reaching_back(start)
        client = accounts.client_for(self.account)
        fetch = self._pull_direct if choice("INBOX_MODE", INBOX_MODES) == "direct" else self._pull_peeking
        try:
            self._each_line(fetch, client, line=line, start=start)
        except Rejected as error:
            self._note_refusal(error)
            raise
        accounts.end_expired_pause(self.account)
        if line is None and not self.should_stop():
            # Only now: whatever stops a pull, the next one asks from the same day again.
            ApiKey.objects.filter(pk=self.account.pk).update(inbox_day=today)

    def _reaching_back(self, start: date | None) -> date | None:
        """The day to ask from, early enough to show again what is stored and not yet acknowledged.

        Otherwise its absence from a peek would say nothing.
        """
        rows = InboundMessage.objects.filter(api_key=self.account, acknowledged_at=None)
        oldest = rows.aggregate(at=Min("pulled_at"))["at"]
        if oldest is None:
            return start
        first = tehran_today(oldest - DEFAULT_RECEIVE_WINDOW)
        return min(start, first) if start else first

    def _each_line(
        self,
        fetch: "Callable[[SepahanClient, str | None, date | None], None]",
        client: "SepahanClient",
        *,
        line: str | None,
        start: date | None,
    ) -> None:
        """Fetch all lines at once; if one line makes the gateway refuse, each line separately."""
        try:
            fetch(client, line, start)
            return
        except Rejected as error:
            if line is not None or error.code not in LINE_ERRORS:
                raise
            refused = error
        lines = list(SenderLine.objects.filter(api_key=self.account, is_active=True)[:BATCH])
        if not lines:
            raise refused
        problems = []
        for row in lines:
            try:
                fetch(client, row.number, start)
            except Rejected as error:
                if error.code not in LINE_ERRORS:
                    raise
                problems.append(joined([f"{row.number}: ", explain(error)]))
        if problems:
            raise InboxError(joined(problems, "; "))

    def _note_refusal(self, error: Rejected) -> None:
        if error.verdict is Verdict.ACCOUNT_AT_FAULT:
            accounts.pause(self.account, kind=PauseKind.ACCOUNT, reason=explain(error), code=error.code)

    # Peek, store, acknowledge

    def _pull_peeking(self, client: "SepahanClient", line: str | None, start: date | None) -> None:
        if self.account.inbox_stopped_at:
            raise MarksNotHonoured(self.account.inbox_stop_reason)
        acknowledged: Counter[Identity] = Counter()
        marked: deque[Counter[Identity]] = deque(maxlen=MARKED_BATCHES)
        repeats_in_a_row = 0
        while not self.should_stop():
            self.lease.renew()
            peek = client.receive(line=line, start_date=start, count=BATCH, mark_as_read=False)
            if acknowledged and acknowledged <= counted(peek):
                self._stop(acknowledged)
            # In another order the whole batch need not come again, and the pull would never end.
            again = counted(peek) & sum(marked, Counter())
            repeats_in_a_row += bool(peek) and again.total() == len(peek)
            if repeats_in_a_row >= 3 or (len(peek) >= BATCH // 2 and again.total() >= len(peek) * 0.9):
                self._stop(again)
            batch = retrying(lambda seen=peek: self._store_peek(seen, line))  # type: ignore[misc]
            if not peek:
                return
            # The attempt is recorded before the call. A crash from here to the answer leaves the batch in
            # doubt as a whole, and the next peek decides.
            attempt = retrying(lambda rows=batch: self._record_attempt(rows))  # type: ignore[misc]
            self.lease.renew()
            answer = client.receive(
                line=line, start_date=start, count=min(len(peek), BATCH), mark_as_read=True
            )
            acknowledged = counted(answer)
            marked.append(acknowledged)
            progressed = retrying(lambda a=answer, t=attempt: self._store_acknowledged(a, t))  # type: ignore[misc]
            if not progressed:
                raise InboxError(
                    _("The gateway returns inbound messages but marks none of them as read; they are stored.")
                )

    def _store_peek(self, peek: "Sequence[ReceivedMessage]", line: str | None) -> list[InboundMessage]:
        """Store what is new in a peek; returns the stored messages that it consists of."""
        with transaction.atomic():
            self.lease.renew()
            waiting = self._still_unread(peek, line)
            known, new = matched(peek, waiting)
            return known + self._store(new)

    def _still_unread(self, seen: "Sequence[ReceivedMessage]", line: str | None) -> list[InboundMessage]:
        """The stored messages that the gateway may still give out, judged by what it gives out now.

        A batch in doubt is judged as a whole: not all of it there, and it was acknowledged. Message by
        message, an equal one that arrived in between would be taken for the old one and lost. A pull of
        one line sees only that line's part of the batch, and that part decides.
        """
        waiting = self._unacknowledged()
        there = counted(seen)
        doubtful: dict[int, list[InboundMessage]] = defaultdict(list)
        for message in waiting:
            if in_doubt(message):
                doubtful[message.acknowledgement_id or 0].append(message)
        gone: list[InboundMessage] = []
        for batch in doubtful.values():
            visible = [message for message in batch if line is None or message.line == line]
            if visible and not Counter(map(identity_of, visible)) <= there:
                gone += batch
        if not seen and line is None:
            gone = waiting  # nothing is unread at the gateway, so these were read elsewhere
        self._acknowledge(gone)
        left = {message.pk for message in gone}
        return [message for message in waiting if message.pk not in left]

    def _record_attempt(self, batch: Sequence[InboundMessage]) -> Acknowledgement:
        with transaction.atomic():
            self.lease.renew()
            attempt = Acknowledgement.objects.create(api_key=self.account)
            pks = [message.pk for message in batch]
            InboundMessage.objects.filter(pk__in=pks).update(acknowledgement=attempt)
        return attempt

    def _store_acknowledged(self, answer: "Sequence[ReceivedMessage]", attempt: Acknowledgement) -> bool:
        """What the gateway has marked and given out: known messages are acknowledged, others are new.

        Returns whether there was any. The answer is there, so nothing of this attempt is in doubt: what it
        doesn't hold is still unread.
        """
        with transaction.atomic():
            self.lease.renew()
            answered = Acknowledgement.objects.filter(pk=attempt.pk, answered_at=None)
            if not answered.update(answered_at=timezone.now()):
                return bool(answer)  # committed before, by a try that was not told so
            waiting = self._unacknowledged()
            # The batch first: among equal messages those just asked for are the ones meant.
            waiting.sort(key=lambda message: (message.acknowledgement_id != attempt.pk, message.pk))
            known, new = matched(answer, waiting)
            self._acknowledge(known)
            self._store(new, acknowledged_at=timezone.now())
        return bool(answer)

    def _stop(self, batch: "Counter[Identity]") -> None:
        """The gateway does not honour its marks: store nothing more until an operator decides."""
        shown = "; ".join(
            f"{one.sender} → {one.line}, {one.date}: {one.text[:40]!r}" for one in list(batch)[:3]
        )
        reason = _(
            "The gateway has returned messages again that it had just marked as read "
            "(%(shown)s …). Set SEPAHAN[“INBOX_MODE”] to “direct”, or confirm on the account's "
            "page that they are new messages.",
            shown=shown,
        )
        ApiKey.objects.filter(pk=self.account.pk).update(
            inbox_stopped_at=timezone.now(), inbox_stop_reason=reason
        )
        raise MarksNotHonoured(reason)

    # Direct

    def _pull_direct(self, client: "SepahanClient", line: str | None, start: date | None) -> None:
        """Marked by the call itself, stored by the next statement: a crash between the two loses a batch.

        For gateways that don't honour marks; see the docs for what that means.
        """
        accept_as_new(self.account)  # a stop of the other mode has had its answer
        before: Counter[Identity] = Counter()
        while not self.should_stop():
            self.lease.renew()
            answer = client.receive(line=line, start_date=start, count=BATCH, mark_as_read=True)
            self._store_direct(answer, line)
            if not answer:
                return
            if before and before <= counted(answer):
                raise InboxError(
                    _("The gateway has returned the same inbound messages twice; both copies are stored.")
                )
            before = counted(answer)

    def _store_direct(self, answer: "Sequence[ReceivedMessage]", line: str | None) -> None:
        now = timezone.now()
        tries = itertools.count()

        @transaction.atomic
        def store() -> None:
            # The moment tells a try that was committed without being told so. Nothing indexes it.
            stored = InboundMessage.objects.filter(api_key=self.account, acknowledged_at=now)
            if next(tries) and stored.exists():
                return
            # No check of the lease: these messages are the gateway's no more, so they are stored whoever
            # holds it.
            known, new = matched(answer, self._still_unread(answer, line))
            self._acknowledge(known, at=now)
            self._store(new, acknowledged_at=now)

        retrying(store)

    # Rows

    def _unacknowledged(self) -> list[InboundMessage]:
        """The account's stored messages that the gateway may still hold as unread, oldest first.

        Bounded by what the gateway may give out: a pull adds at most a batch before it acknowledges.
        """
        rows = InboundMessage.objects.filter(api_key=self.account, acknowledged_at=None)
        return list(rows.select_related("acknowledgement").order_by("pk"))

    def _acknowledge(self, messages: Iterable[InboundMessage], *, at: datetime | None = None) -> None:
        pks = [message.pk for message in messages]
        if pks:
            InboundMessage.objects.filter(pk__in=pks).update(acknowledged_at=at or timezone.now())
            self.tally["acknowledged"] += len(pks)

    def _store(
        self, messages: "Sequence[ReceivedMessage]", *, acknowledged_at: datetime | None = None
    ) -> list[InboundMessage]:
        now = timezone.now()
        rows = []
        for one in map(identity, messages):
            rows.append(
                InboundMessage(
                    line=one.line,
                    sender=one.sender,
                    text=one.text,
                    gateway_date=one.date,
                    received_at=parse_gateway_date(one.date),
                    api_key=self.account,
                    pulled_at=now,
                    acknowledged_at=acknowledged_at,
                )
            )
        rows.sort(key=lambda row: row.received_at or now)
        # bulk_create gives no ids on MySQL and old MariaDB; one INSERT for all, then read back.
        stored = InboundMessage.objects.bulk_create(rows)
        if rows and stored[0].pk is None:
            newest = InboundMessage.objects.filter(api_key=self.account).order_by("-pk")[: len(rows)]
            stored = list(reversed(newest))
        self.tally["stored"] += len(rows)
        self.progress(len(rows))
        return stored


def accept_as_new(account: ApiKey) -> None:
    """Continue, since an operator has accepted the messages that stopped the inbox as new."""
    ApiKey.objects.filter(pk=account.pk).update(inbox_stopped_at=None, inbox_stop_reason="")
