"""Whom the trail of the admin names."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Actor(models.Model):
    """A user who did something that Django's admin history tells of this app.

    The history goes with its user. This row keeps the user from being deleted, in the admin and by code, for
    as long as it is there: who left is made inactive instead.
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
