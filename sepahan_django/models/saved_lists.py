"""What is kept to send with again: saved lists with their members, and templates."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sepahan_django.values.phones import mask
from sepahan_django.values.visible import visible


class MessageTemplate(models.Model):
    """A text to begin from. `{name}` stands for a column of the recipients."""

    title = models.CharField(_("title"), max_length=100, unique=True)
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ("title",)

    def __str__(self) -> str:
        return visible(self.title)


class RecipientList(models.Model):
    """A saved list of recipients: staff, customers."""

    title = models.CharField(_("title"), max_length=100, unique=True)
    columns = models.JSONField(_("columns"), default=list, blank=True, editable=False)
    """Names of the members' other columns, as texts can use them, in their order."""
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("saved list")
        verbose_name_plural = _("saved lists")
        ordering = ("title",)

    def __str__(self) -> str:
        return visible(self.title)


class ListMember(models.Model):
    """One recipient of a saved list."""

    list = models.ForeignKey(
        RecipientList, verbose_name=_("saved list"), related_name="members", on_delete=models.CASCADE
    )
    recipient = models.CharField(_("recipient"), max_length=20)
    values = models.JSONField(_("columns"), default=dict, blank=True)
    """Column name to text."""

    class Meta:
        verbose_name = _("list recipient")
        verbose_name_plural = _("list recipients")
        ordering = ("pk",)
        default_permissions = ()  # those of the list are its members'
        constraints = (models.UniqueConstraint(fields=("list", "recipient"), name="sepahan_one_member_each"),)

    def __str__(self) -> str:
        return mask(self.recipient)
