"""The users named in the admin's history."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Actor(models.Model):
    """A user with entries about this app in Django's admin history.

    Deleting a user deletes their history. While this row exists the user can't be deleted, in the admin or
    by code; deactivate users who have left instead.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=gettext_lazy("user"),
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = gettext_lazy("SMS audit record")
        verbose_name_plural = gettext_lazy("SMS audit records")
        default_permissions = ()

    def __str__(self) -> str:
        return _("audit record of this user's SMS work; deactivate the user instead of deleting it")
