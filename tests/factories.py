"""Rows for tests, in one line each."""

from datetime import datetime, timedelta
from datetime import timezone as dt_timezone

from django.db import connection
from django.utils import timezone

from sepahan_django import accounts
from sepahan_django.models import ApiKey, InboundMessage, OutboundMessage, SendRequest

NOON = datetime(2026, 11, 24, 8, 30, tzinfo=dt_timezone.utc)
"""12:00 in Tehran, 1405/09/03."""
TOKEN = "0123456789abcdef0123456789abcdef"


def number(index=0):
    return f"0912{index:07}"


def account(title="main", **fields):
    return ApiKey.objects.create(title=title, token=fields.pop("token", TOKEN), **fields)


def queued(count=1, *, api_key=None, **fields):
    """Queued messages, already due."""
    api_key = api_key or accounts.resolve()
    made = [
        OutboundMessage.objects.create(
            **{
                "recipient": number(index),
                "text": "سلام",
                "sender": "3000123456",
                "api_key": api_key,
                "due_at": timezone.now() - timedelta(seconds=1),
                **fields,
            }
        )
        for index in range(count)
    ]
    return made


def sent_at(at, state="sent", **fields):
    """A message that was queued and sent at this time."""
    return queued(1, state=state, sent_at=at, created_at=at, **fields)


def states():
    """Messages by state."""
    found = {}
    for state in OutboundMessage.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def make_due():
    """Let every open request be taken up now, as if its pause were over."""
    SendRequest.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))


def age_requests(**span):
    """Let every request have been attempted so long ago."""
    for request in SendRequest.objects.exclude(first_attempt_at=None):
        SendRequest.objects.filter(pk=request.pk).update(
            first_attempt_at=request.first_attempt_at - timedelta(**span)
        )
    make_due()


def inbox():
    """The stored inbound messages as (line, date, sender, text), sorted."""
    rows = InboundMessage.objects.values_list("line", "gateway_date", "sender", "text")
    return sorted(rows)


def elsewhere(work):
    """The work, for another thread, with its database connection closed at the end."""

    def closing():
        try:
            work()
        finally:
            connection.close()

    return closing
