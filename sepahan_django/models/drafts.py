"""What is written before it is sent: a draft with its rows."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sepahan_django.models.accounts import ApiKey
from sepahan_django.models.fields import SentenceField
from sepahan_django.models.outbound import Campaign
from sepahan_django.values.phones import mask


class SendDraft(models.Model):
    """A sending as it was written and checked. What the check showed is what goes: both read these rows.

    Once sent it has its `campaign`, and is kept with the rows that were refused.
    """

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True)
    api_key = models.ForeignKey(
        ApiKey, verbose_name=_("account"), null=True, related_name="+", on_delete=models.CASCADE
    )
    sender = models.CharField(_("sender line"), max_length=20, blank=True, default="")
    title = models.CharField(_("title"), max_length=200, blank=True, default="")
    text = models.TextField(_("text"), blank=True, default="")
    with_opt_out = models.BooleanField(_("with the opt-out line"), default=False)
    send_at = models.DateTimeField(_("send at"), null=True, blank=True)
    columns = models.JSONField(_("columns"), default=list)
    """Names of the columns beside the number, as the text can use them, in their order."""
    number_column = models.CharField(max_length=100, blank=True, default="", editable=False)
    """The column of the file that holds the number; empty for what was pasted."""
    keep_duplicates = models.BooleanField(_("send to duplicate numbers too"), default=False)
    source = models.CharField(_("source"), max_length=200, blank=True, default="")
    """The source of the recipients, for display: a file name or a list title."""
    campaign = models.OneToOneField(
        Campaign,
        verbose_name=_("campaign"),
        null=True,
        blank=True,
        related_name="draft",
        on_delete=models.CASCADE,
    )
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        ordering = ("-pk",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.pk}"


class RowProblem(models.TextChoices):
    """Why a row of a draft is not sent to."""

    NONE = "", _("none")
    DUPLICATE = "duplicate", _("Duplicate")
    UNREADABLE = "unreadable", _("Unreadable number")
    EMPTY_COLUMN = "empty", _("A column used in the text is empty")


class DraftRow(models.Model):
    """One recipient of a draft, or a row that can't be one, with the reason."""

    draft = models.ForeignKey(
        SendDraft, verbose_name=_("draft"), related_name="rows", on_delete=models.CASCADE, db_index=False
    )
    number = models.PositiveIntegerField(_("row"))
    """The row in what was pasted or uploaded, from 1."""
    raw = models.CharField(_("as entered"), max_length=200)
    recipient = models.CharField(_("recipient"), max_length=20, blank=True, default="")
    values = models.JSONField(_("columns"), default=dict)
    """Column name to text."""
    problem = models.CharField(
        _("problem"), max_length=12, choices=RowProblem, blank=True, default=RowProblem.NONE
    )
    reason = SentenceField(_("reason"), blank=True, default="")

    class Meta:
        verbose_name = _("draft row")
        verbose_name_plural = _("draft rows")
        ordering = ("pk",)
        default_permissions = ()
        indexes = (models.Index(fields=("draft", "problem", "id"), name="sepahan_draft_rows"),)

    def __str__(self) -> str:
        return mask(self.recipient)
