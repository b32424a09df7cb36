"""The same work for a task queue: Django's tasks (6.0 and later), Celery, or any other.

The functions take and return plain values, so a project can register them with its queue as they are. With
`DISPATCH = "task"` the app hands the sending over itself: to Django's tasks where there are any, else to
Celery's `shared_task` where Celery is installed.
"""

from datetime import date
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from sepahan_django import accounts, delivery, inbox, outbox
from sepahan_django.models import ApiKey


def send_queued(account: str | None = None) -> dict[str, int]:
    """Send what is due; returns counts by state. Safe to run many times at once."""
    return dict(outbox.drain(account, patient=True).tally)


def sync_status(account: str | None = None) -> dict[str, int]:
    """Ask for the delivery states whose time has come; returns counts."""
    return dict(delivery.sync(account).tally)


def pull_inbox(account: str | None = None, since: str | None = None) -> dict[str, int]:
    """Fetch and dispatch inbound messages; returns counts. `since` is an ISO date."""
    return dict(inbox.pull(account, since=date.fromisoformat(since) if since else None).tally)


def check_credit(account: str | None = None) -> dict[str, int]:
    """Ask for the credit; returns Rials by the account's title. Raises the gateway's errors."""
    return {row.title: accounts.refresh_credit(row) for row in accounts.active_accounts(account)}


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
