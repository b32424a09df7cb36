"""Sending until nothing is due: for the command, for a task, and for the rows of one caller."""

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from sepahan_django import accounts
from sepahan_django.db.transactions import require_no_transaction, retrying
from sepahan_django.gateway.errors import SepahanError
from sepahan_django.models import ApiKey, MessageState, OutboundMessage, PauseKind, Priority, SendRequest
from sepahan_django.outbox import settling
from sepahan_django.outbox.claiming import BATCH, Claim, claim, expire, has_due, take_up
from sepahan_django.outbox.doubt import MARGIN, submission_of
from sepahan_django.outbox.settling import MEMORY, Tally
from sepahan_django.values.sentences import sentence as _
from sepahan_django.wording import client_failed, describe

logger = logging.getLogger("sepahan_django")


@dataclass
class SendReport:
    """What a run did: messages by state, and what keeps an account's messages waiting."""

    tally: Tally = field(default_factory=Tally)
    troubles: dict[str, str] = field(default_factory=dict)


@dataclass
class _Step:
    """What one account's turn came to. `more` tells whether to give it another."""

    tally: Tally
    more: bool
    trouble: str = ""
    claimed: int = 0
    """New messages taken."""


def submit_now(pks: Collection[int]) -> None:
    """Send these queued messages at once, in this process; what can't be sent now stays for a worker.

    Raises nothing: to the caller the messages are queued, and that is already true.
    """
    try:
        require_no_transaction()
        rows = OutboundMessage.objects.filter(pk__in=pks, state=MessageState.QUEUED)
        for account in ApiKey.objects.filter(pk__in=rows.values("api_key"), is_active=True):
            _submit_now(account, pks)
    except (DatabaseError, accounts.AccountError, ImproperlyConfigured) as error:
        logger.warning("Messages stay queued: %s", error)
    except Exception:
        logger.exception("Messages stay queued")


def _submit_now(account: ApiKey, pks: Collection[int]) -> None:
    now = timezone.now()
    if accounts.must_wait(account, now=now) or accounts.is_backing_off(account, now=now):
        return
    client = accounts.client_for(account)
    if not accounts.take_probe(account, now=now):
        return
    while (taken := retrying(lambda: claim(account, now=timezone.now(), only=pks))) is not None:
        waiting: list[Claim] = [taken]
        while waiting:
            submission = submission_of(waiting.pop(), client)
            submission.run()
            if submission.trouble:
                return
            halves = [_taken_up(account, pk=pk) for pk in submission.follow_ups]
            waiting += [half for half in halves if half is not None]


def run_once(account: ApiKey, *, limit: int = BATCH, patient: bool = False) -> _Step:
    """One turn of one account: at most one request of new messages, or one that was left behind.

    A `patient` caller repeats its call, so it keeps the pauses after failures; others (an operator, cron)
    ask the gateway each time.
    """
    require_no_transaction()
    now = timezone.now()
    account.refresh_from_db()
    tally = Tally()
    if expired := retrying(lambda: expire(account, now=now)):
        tally[MessageState.EXPIRED.value] += expired
    if not SendRequest.objects.due(now=now).filter(api_key=account).exists() and not has_due(
        account, now=now
    ):
        return _Step(tally, more=False)

    if accounts.must_wait(account, now=now) and not _credit_is_back(account, now=now, patient=patient):
        return _Step(tally, more=False, trouble=_("paused: %(why)s", why=account.pause_reason))
    if patient and accounts.is_backing_off(account, now=now):
        return _Step(tally, more=False)
    try:
        client = accounts.client_for(account)
    except (accounts.AccountError, ImproperlyConfigured) as error:
        return _Step(tally, more=False, trouble=describe(error))
    if not accounts.take_probe(account, now=now):
        return _Step(tally, more=False)

    taken = _next(account, limit=limit)
    if taken is None:
        return _Step(tally, more=False)
    claimed = 0 if taken.may_have_been_sent else len(taken.messages)
    submission = submission_of(taken, client)
    try:
        submission.run()
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # One request that can't be completed must not hold up the others for ever. It is taken up again
        # when its claim is old, and finally left for a decision.
        logger.exception("Request %s could not be completed.", taken.request.request_id)
    tally += submission.tally
    tally["requests"] += 1
    return _Step(tally, more=not submission.trouble, trouble=submission.trouble, claimed=claimed)


def _next(account: ApiKey, *, limit: int) -> Claim | None:
    """New messages before old requests only where one of them is urgent: it waits for one request at most."""
    now = timezone.now()

    def new() -> Claim | None:
        # Tried again after a deadlock, say. Should the first try have been committed all the same, its
        # request is taken up when its claim is old.
        return retrying(lambda: claim(account, now=now, limit=limit))

    if has_due(account, now=now, lanes=(Priority.URGENT,)):
        return new() or _taken_up(account)
    return _taken_up(account) or new()


def _taken_up(account: ApiKey, pk: int | None = None) -> Claim | None:
    # Should a first try have been committed all the same, the request is taken up when that claim is old.
    return retrying(lambda: take_up(account, now=timezone.now(), pk=pk))


def _credit_is_back(account: ApiKey, *, now: datetime, patient: bool) -> bool:
    """For an account that waits for credit: whether the gateway says that there is more of it."""
    if account.pause_kind != PauseKind.CREDIT:
        return False
    if patient and account.paused_until and now < account.paused_until:
        return False
    try:
        accounts.refresh_credit(account)
    except (SepahanError, accounts.AccountError):
        return False
    account.refresh_from_db()
    return not accounts.must_wait(account, now=now)


def give_up_forgotten() -> Tally:
    """Leave requests that the gateway has forgotten for a decision; all accounts, no calls."""
    tally = Tally()
    forgotten = timezone.now() - MEMORY + MARGIN
    while True:
        rows = SendRequest.objects.due(now=timezone.now()).filter(first_attempt_at__lte=forgotten)
        request = rows.select_related("api_key").order_by("pk").first()
        taken = _taken_up(request.api_key, pk=request.pk) if request else None
        if taken is None:
            return tally
        tally += settling.leave_unresolved(taken)


def drain(
    account: ApiKey | str | None = None,
    *,
    limit: int | None = None,
    workers: int = 1,
    patient: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda done: None,
) -> SendReport:
    """Send until nothing is due or `limit` messages were taken, the accounts in turn, by so many threads."""
    require_no_transaction()
    rows = accounts.active_accounts(account)
    report = SendReport(tally=give_up_forgotten())
    budget = _Budget(limit)
    lock = threading.Lock()
    have_sent: set[int] = set()

    def work(index: int) -> None:
        start = index % max(len(rows), 1)
        turns = [ApiKey.objects.get(pk=row.pk) for row in rows[start:] + rows[:start]]
        while turns:
            for turn in list(turns):
                share = 0 if should_stop() else budget.take()
                if not share:
                    return
                step = _guarded_turn(turn, limit=share, patient=patient)
                budget.give_back(share - step.claimed)
                with lock:
                    report.tally += step.tally
                    if step.tally[MessageState.SENT.value]:
                        have_sent.add(turn.pk)
                    if step.trouble:
                        report.troubles[turn.title] = step.trouble
                    progress(sum(count for name, count in step.tally.items() if name != "requests"))
                if not step.more:
                    turns.remove(turn)

    _in_threads(work, workers)
    # Of the others the credit is what it was, and one whose gateway is away would hold up the next round.
    _look_at_credit([row for row in rows if row.pk in have_sent])
    return report


def _guarded_turn(account: ApiKey, *, limit: int, patient: bool) -> _Step:
    """A turn in which an error in the client doesn't keep the other accounts from theirs."""
    try:
        return run_once(account, limit=limit, patient=patient)
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("The queue of the account %s could not be processed.", account.title)
        return _Step(Tally(), more=False, trouble=client_failed(error))


class _Budget:
    """How many messages may still be taken; shared by the threads."""

    def __init__(self, limit: int | None) -> None:
        self._left = limit
        self._lock = threading.Lock()

    def take(self) -> int:
        """Room for one more request, 0 when there is none."""
        if self._left is None:
            return BATCH
        with self._lock:
            share = max(
                min(self._left, BATCH), 0
            )  # a request left behind may have been larger than its share
            self._left -= share
            return share

    def give_back(self, count: int) -> None:
        """What was not used of a share."""
        with self._lock:
            if self._left is not None:
                self._left += count


def _in_threads(work: Callable[[int], None], workers: int) -> None:
    if workers <= 1:
        return work(0)

    def closing(index: int) -> None:
        try:
            work(index)
        finally:
            connection.close()  # a thread's own

    with ThreadPoolExecutor(workers, thread_name_prefix="sepahan") as pool:
        for future in [pool.submit(closing, index) for index in range(workers)]:
            future.result()
    return None


def _look_at_credit(rows: Sequence[ApiKey]) -> None:
    """After sending, so that `credit_low` fires and pages are right. Not worth failing for."""
    for row in rows:
        try:
            accounts.refresh_credit(row)
        except (SepahanError, accounts.AccountError) as error:
            logger.info("The credit of the account %s could not be checked: %s", row.title, error)
        except (DatabaseError, InterfaceError):
            raise
        except Exception:  # a fault of the client's own
            logger.exception("The credit of the account %s could not be checked.", row.title)
