"""Orders whose customers are notified by SMS, one-time codes, and votes by SMS."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Order(models.Model):
    class State(models.TextChoices):
        NEW = "new", _("New")
        PACKED = "packed", _("Packed")
        SHIPPED = "shipped", _("Shipped")

    customer = models.CharField(_("customer"), max_length=100)
    mobile = models.CharField(_("mobile"), max_length=20)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.NEW)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")

    def __str__(self) -> str:
        return f"{self.pk} · {self.customer}"


class OneTimeCode(models.Model):
    """A code to log in with; only its hash is kept."""

    mobile = models.CharField(max_length=20)
    code_hash = models.CharField(max_length=128)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.mobile


class Vote(models.Model):
    """One vote a number: the last one counts."""

    mobile = models.CharField(_("mobile"), max_length=255, unique=True)
    choice = models.PositiveSmallIntegerField(_("choice"))

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")

    def __str__(self) -> str:
        return f"{self.choice}"
