"""The right to pull one account, held by one process at a time."""

import uuid
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from sepahan_django.conf import timeouts
from sepahan_django.db.transactions import retrying
from sepahan_django.models import ApiKey
from sepahan_django.values.sentences import sentence as _


class InboxError(Exception):
    """The pull of one account had to stop; str() is one sentence that says why and what to do."""


class LeaseLost(InboxError):
    """Another process has taken over the pull of this account."""


class MarksNotHonoured(InboxError):
    """The gateway goes on giving out messages that it has marked as read."""


class Lease:
    """The right to pull one account, held in the database and by one process at a time.

    It is renewed before each call to the gateway and by each transaction that stores, so that a process
    that slept past its end finds out before it writes.
    """

    def __init__(self, account: ApiKey) -> None:
        self.account = account
        self.owner = str(uuid.uuid4())

    def acquire(self) -> bool:
        now = timezone.now()
        free = Q(inbox_lease_until=None) | Q(inbox_lease_until__lte=now)
        # A lease further ahead than any lease reaches was given before the clock was put back.
        free |= Q(inbox_lease_until__gt=now + 2 * self._length())
        # Our own: an attempt before this one was committed, and the connection lost before it said so.
        free |= Q(inbox_lease=self.owner)
        return self._write(ApiKey.objects.filter(free, pk=self.account.pk))

    def renew(self) -> None:
        """Extend the lease; LeaseLost if another process holds it."""
        if not self._write(ApiKey.objects.filter(pk=self.account.pk, inbox_lease=self.owner)):
            raise LeaseLost(_("Another process has taken over the inbox of this account."))

    def release(self) -> None:
        held = ApiKey.objects.filter(pk=self.account.pk, inbox_lease=self.owner)
        retrying(lambda: held.update(inbox_lease="", inbox_lease_until=None))

    def _write(self, rows: "QuerySet[ApiKey]") -> bool:
        until = timezone.now() + self._length()
        return retrying(lambda: rows.update(inbox_lease=self.owner, inbox_lease_until=until)) == 1

    def _length(self) -> timedelta:
        """Twice the longest time that a call may take."""
        return timedelta(seconds=2 * timeouts().call)
