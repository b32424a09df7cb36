"""Inbound messages."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sepahan_django.models.accounts import ApiKey
from sepahan_django.values.phones import mask
from sepahan_django.values.visible import isolated, visible


class Acknowledgement(models.Model):
    """One attempt to mark a batch of inbound messages as read at the gateway.

    Recorded before the call. While `answered_at` is empty the batch is in doubt as a whole: the gateway
    may have marked all of it or nothing.
    """

    api_key = models.ForeignKey(ApiKey, related_name="acknowledgements", on_delete=models.CASCADE)
    attempted_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")

    def __str__(self) -> str:
        return f"{self.pk}"


class InboundMessage(models.Model):
    """One inbound SMS as the gateway returned it. Only the inbox writes it.

    The gateway gives messages no id: they are told apart by line, date, sender and text, and counted.
    """

    line = models.CharField(_("line"), max_length=255)
    sender = models.CharField(_("sender"), max_length=255)
    text = models.TextField(_("text"))
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    gateway_date = models.CharField(_("raw gateway date"), max_length=255)
    api_key = models.ForeignKey(
        ApiKey, verbose_name=_("account"), related_name="inbound_messages", on_delete=models.PROTECT
    )
    pulled_at = models.DateTimeField(_("fetched at"), default=timezone.now)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    acknowledgement = models.ForeignKey(
        Acknowledgement, related_name="messages", null=True, blank=True, on_delete=models.SET_NULL
    )
    dispatched_at = models.DateTimeField(_("processed at"), null=True, blank=True)
    """When the project's receivers had it without an error."""
    dispatch_attempts = models.PositiveIntegerField(default=0, editable=False)
    dispatch_error = models.TextField(_("processing error"), blank=True, default="")
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    """When it was first opened in the admin."""
    done_at = models.DateTimeField(_("handled at"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("handled by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    """The user who marked it as handled."""

    class Meta:
        verbose_name = _("inbound message")
        verbose_name_plural = _("inbound messages")
        ordering = ("-pk",)
        permissions = (
            ("pull_inbox", _("Can fetch inbound messages")),
            ("export_inbound", _("Can export inbound messages")),
        )
        indexes = (
            models.Index(
                fields=("api_key", "acknowledged_at"),
                name="sepahan_in_unread",
                condition=Q(acknowledged_at__isnull=True),
            ),
            models.Index(
                fields=("api_key", "dispatched_at"),
                name="sepahan_in_undispatched",
                condition=Q(dispatched_at__isnull=True),
            ),
            models.Index(fields=("sender", "id"), name="sepahan_in_sender"),
            models.Index(
                fields=("read_at", "id"), name="sepahan_in_unopened", condition=Q(read_at__isnull=True)
            ),
            # Of both, those with a mark and those without, the newest first.
            models.Index(fields=("done_at", "id"), name="sepahan_in_handled"),
            models.Index(fields=("line", "id"), name="sepahan_in_line"),
            # By names: MariaDB has no indexes of expressions.
            models.Index(fields=("-received_at", "-id"), name="sepahan_in_received"),
        )

    def __str__(self) -> str:
        return isolated(mask(visible(self.sender)))
