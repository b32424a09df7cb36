"""The jobs' heartbeats, by which pages distinguish an idle job from one that is not run."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from sepahan_django.models import Job, JobRun
from sepahan_django.values.sentences import shortened

logger = logging.getLogger("sepahan_django")

AT_MOST_EVERY = timedelta(minutes=1)
MAX_ERROR_LENGTH = 2000


class Heartbeat:
    """One job's heartbeat: `begin`, `beat` now and then while it works, `end`.

    With `sparing`, for runs that are repeated every few seconds, one that begins within a minute of the last
    write is not recorded, unless it ends otherwise than the one before it, or lasts. A write that fails never
    fails the job. With None instead of a job nothing is recorded.
    """

    def __init__(self, job: Job | None, *, sparing: bool = False) -> None:
        self.job = job
        self.sparing = sparing
        self._written_at: datetime | None = None
        self._error: str | None = None
        self._is_skipped = False

    def begin(self) -> None:
        """A run begins."""
        now = timezone.now()
        self._is_skipped = self.sparing and self._is_recent(now)
        if not self._is_skipped:
            self._write(now, started_at=now)

    def beat(self) -> None:
        """The run is still at work. Cheap: it writes once a minute, whatever `sparing` says."""
        now = timezone.now()
        if not self._is_recent(now):
            self._write(now)

    def end(self, error: str = "") -> None:
        """The run has ended: well, or with a sentence about what went wrong."""
        now = timezone.now()
        if self._is_skipped and self._is_recent(now) and error == self._error:
            return
        self._error = error
        ended_well = {} if error else {"last_ok_at": now}
        self._write(now, ended_at=now, last_error=shortened(error, MAX_ERROR_LENGTH), **ended_well)

    def _is_recent(self, now: datetime) -> bool:
        # The distance, because a clock that is put back must not silence the heartbeat.
        return self._written_at is not None and abs(now - self._written_at) < AT_MOST_EVERY

    def _write(self, now: datetime, **changes: Any) -> None:
        if self.job is None:
            return
        self._written_at = now
        try:
            with transaction.atomic():  # inside a caller's transaction a failed write must not break it
                changes["seen_at"] = now
                if not JobRun.objects.filter(name=self.job).update(**changes):
                    JobRun.objects.update_or_create(name=self.job, defaults=changes)
        except (DatabaseError, InterfaceError) as error:
            logger.info("The heartbeat of %s was not written: %s", self.job, error)
            if not connection.in_atomic_block:
                connection.close()  # it may be the connection; the job gets a new one
