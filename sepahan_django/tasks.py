"""The same work for a task queue: Django's tasks (6.0 and later), Celery, or any other.

The functions take and return plain values, so a project can register them with its queue as they are. With
`DISPATCH = "task"` the app hands the sending over itself: to Django's tasks where there are any, else to
Celery's `shared_task` where Celery is installed.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured

from sepahan_django import accounts, delivery, inbox, outbox
from sepahan_django.gateway.errors import SepahanError
from sepahan_django.jobs.heartbeat import Heartbeat
from sepahan_django.models import ApiKey, Job
from sepahan_django.wording import by_account, describe

T = TypeVar("T")


def send_queued(account: str | None = None) -> dict[str, int]:
    """Send what is due; returns counts by state. Safe to run many times at once."""
    report = _recorded(
        Job.SEND, account, lambda: outbox.drain(account, patient=True), lambda report: report.troubles
    )
    return dict(report.tally)


def sync_status(account: str | None = None) -> dict[str, int]:
    """Ask for the delivery states whose time has come; returns counts."""
    return dict(
        _recorded(Job.SYNC, account, lambda: delivery.sync(account), lambda report: report.troubles).tally
    )


def pull_inbox(account: str | None = None, since: str | None = None) -> dict[str, int]:
    """Fetch and dispatch inbound messages; returns counts. `since` is an ISO date."""
    day = date.fromisoformat(since) if since else None
    return dict(
        _recorded(
            Job.PULL, account, lambda: inbox.pull(account, since=day), lambda report: report.troubles
        ).tally
    )


def check_credit(account: str | None = None) -> dict[str, int]:
    """Ask for the credit; returns Rials by the account's title. Raises the gateway's errors."""

    def check() -> dict[str, int]:
        return {row.title: accounts.refresh_credit(row) for row in accounts.active_accounts(account)}

    return _recorded(Job.CREDIT, account, check)


def _recorded(
    job: Job,
    account: str | None,
    work: Callable[[], T],
    troubles: Callable[[T], Mapping[str, str]] = lambda done: {},
) -> T:
    """Do the work and record the run. A task for one account is not a run of the job: the app itself starts
    such a task with each message, which does not prove that the job runs regularly."""
    beating = Heartbeat(job if account is None else None)
    beating.begin()
    try:
        done = work()
    except (SepahanError, accounts.AccountError, ImproperlyConfigured) as error:
        beating.end(describe(error))
        raise
    except Exception as error:  # a mistake in the code, whose words may hold anything
        beating.end(type(error).__name__)
        raise
    beating.end(by_account(troubles(done).items()))
    return done


def enqueue_sending(api_key: ApiKey) -> None:
    """Put `send_queued` for this account into the project's task queue."""
    _sending_task()(api_key.title)


def _sending_task() -> Any:
    try:
        from django.tasks import task  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        pass
    else:
        return task(send_queued).enqueue
    try:
        from celery import shared_task  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        raise ImproperlyConfigured(
            'SEPAHAN["DISPATCH"] is "task", but there is no task queue: neither Django\'s tasks nor Celery.'
        ) from None
    return shared_task(name="sepahan_django.send_queued", ignore_result=True)(send_queued).delay
