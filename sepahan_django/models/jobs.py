"""When the jobs that cron or a worker runs were last seen at work."""

from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from sepahan_django.models.fields import SentenceField


class Job(models.TextChoices):
    """The jobs that must run again and again for SMS to go out and come in."""

    SEND = "send_queued", _("Sending queued SMS")
    PULL = "pull_inbox", _("Fetching inbound SMS")
    SYNC = "sync_status", _("Checking delivery statuses")
    CREDIT = "credit", _("Checking the credit")


class JobRun(models.Model):
    """The last run of one job; one row per job."""

    name = models.CharField(_("job"), max_length=20, choices=Job, unique=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last seen at"), null=True, blank=True)
    """The last sign of life: a long run gives one now and then before it ends."""
    last_ok_at = models.DateTimeField(_("last success at"), null=True, blank=True)
    last_error = SentenceField(_("last error"), blank=True, default="")
    """Why the last finished run failed; empty if it succeeded."""

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        default_permissions = ()

    def __str__(self) -> str:
        return self.get_name_display()


class Overview(JobRun):
    """A proxy without rows: it gives the overview page a place in the admin's list of this app."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("Overview")
        # The admin sorts an app's entries by this name, and nothing sorts before a blank.
        verbose_name_plural = format_lazy(" {}", _("Overview"))
