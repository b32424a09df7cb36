"""Accounts at the gateway and their sender lines."""

from typing import Any

from django.contrib.auth.models import Group
from django.db import models
from django.db.models.signals import m2m_changed
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from sepahan_django.models.fields import EncryptedField, SentenceField, stored_form
from sepahan_django.values.visible import visible


class PauseKind(models.TextChoices):
    """Why an account waits, which decides what ends the pause."""

    ACCOUNT = "account", _("The gateway refuses the account")
    CREDIT = "credit", _("The credit is too low")


class ApiKey(models.Model):
    """An account at the gateway: a token and what belongs to it.

    The account kept in the settings is a row as well, with `origin` "settings" and no token, so that every
    message has an account and there is always a row to lock.
    """

    SETTINGS_ORIGIN = "settings"

    title = models.CharField(_("title"), max_length=100, unique=True)
    token = EncryptedField(_("token"), blank=True, default="")
    base_url = models.CharField(
        _("gateway address"),
        max_length=200,
        blank=True,
        default="",
        help_text=_("Leave empty to use the address from the project's settings."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_default = models.BooleanField(
        _("default"), default=False, help_text=_("Used when no account is given for a message.")
    )
    origin = models.CharField(max_length=20, null=True, unique=True, editable=False)  # noqa: DJ001 - unique

    groups = models.ManyToManyField(
        Group,
        verbose_name=_("limited to groups"),
        blank=True,
        related_name="+",
        help_text=_(
            "Only staff in these groups can see and use the account. Leave empty to allow "
            "everyone who may send."
        ),
    )

    is_limited = models.BooleanField(
        _("limited"),
        default=False,
        help_text=_(
            "The groups it was limited to have been deleted, so only superusers can see it. "
            "Choose other groups, or clear this checkbox to open it to everyone who may send."
        ),
    )
    """Whether it is limited to groups. Kept beside them, so that the end of a group opens nothing."""

    credit = models.BigIntegerField(_("credit (Rials)"), null=True, blank=True, editable=False)
    credit_checked_at = models.DateTimeField(_("credit checked at"), null=True, blank=True, editable=False)
    credit_was_low = models.BooleanField(default=False, editable=False)

    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True, editable=False)
    pause_reason = SentenceField(_("pause reason"), blank=True, default="", editable=False)
    pause_code = models.BigIntegerField(null=True, blank=True, editable=False)
    """The gateway's, where it gave one: what pages and incidents go by."""
    pause_kind = models.CharField(max_length=10, blank=True, default="", choices=PauseKind, editable=False)
    paused_token = models.CharField(max_length=64, blank=True, default="", editable=False)
    pauses_in_a_row = models.PositiveIntegerField(default=0, editable=False)

    backoff_until = models.DateTimeField(null=True, blank=True, editable=False)
    failures_in_a_row = models.PositiveIntegerField(default=0, editable=False)

    inbox_day = models.DateField(null=True, blank=True, editable=False)
    inbox_lease = models.CharField(max_length=36, blank=True, default="", editable=False)
    inbox_lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    inbox_stopped_at = models.DateTimeField(_("inbox stopped at"), null=True, blank=True, editable=False)
    inbox_stop_reason = SentenceField(_("inbox stop reason"), blank=True, default="", editable=False)

    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ("pk",)
        permissions = (
            ("view_credit", _("Can see the credit")),
            ("generate_api_key", _("Can create a token with the panel's user name and password")),
        )

    def __str__(self) -> str:
        return visible(self.title)

    def __getstate__(self) -> dict[str, Any]:
        """For pickles, which caches and task queues keep: with the token as it is stored."""
        state: dict[str, Any] = super().__getstate__()
        if "token" in state:
            state["token"] = stored_form(state["token"])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[misc]
        if "token" in self.__dict__:
            self.token = self.__dict__["token"]  # decrypts it, see SecretAttribute

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new default takes the place of the old one."""
        super().save(*args, **kwargs)
        if self.is_default:
            type(self).objects.filter(is_default=True).exclude(pk=self.pk).update(is_default=False)

    @property
    def is_from_settings(self) -> bool:
        return self.origin == self.SETTINGS_ORIGIN

    @property
    def is_paused(self) -> bool:
        """Whether the account waits for an operator, or for its next attempt."""
        return self.paused_until is not None


@receiver(m2m_changed, sender=ApiKey.groups.through)
def _note_limit(instance: ApiKey, action: str, **kwargs: Any) -> None:
    """Adding or removing groups changes who may see the account. Deleting a group does not run this."""
    if action in ("post_add", "post_remove", "post_clear"):
        instance.is_limited = instance.groups.exists()
        ApiKey.objects.filter(pk=instance.pk).update(is_limited=instance.is_limited)


class SenderLine(models.Model):
    """A number of the customer's that messages are sent from."""

    class Purpose(models.TextChoices):
        SERVICE = "service", _("Service")
        ADVERTISING = "advertising", _("Advertising")

    number = models.CharField(_("number"), max_length=20)
    label = models.CharField(_("label"), max_length=100, blank=True, default="")
    api_key = models.ForeignKey(
        ApiKey, verbose_name=_("account"), related_name="lines", on_delete=models.CASCADE
    )
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose, default=Purpose.SERVICE)
    is_default = models.BooleanField(_("default"), default=False)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("sender line")
        verbose_name_plural = _("sender lines")
        ordering = ("api_key_id", "number")
        constraints = (models.UniqueConstraint(fields=("api_key", "number"), name="sepahan_one_line_each"),)

    def __str__(self) -> str:
        return visible(f"{self.label} ({self.number})" if self.label else self.number)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new default takes the place of the account's old one."""
        super().save(*args, **kwargs)
        if self.is_default:
            others = type(self).objects.filter(api_key=self.api_key_id, is_default=True)
            others.exclude(pk=self.pk).update(is_default=False)
