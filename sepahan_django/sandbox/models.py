"""What the sandbox stores."""

from django.db import models
from django.utils import timezone

from sepahan_django.gateway.codes import DeliveryStatus
from sepahan_django.sandbox import DEFAULT_LINE, DEFAULT_TOKEN

FIRST_ID = 639_027_944_154_527_200
"""Ids begin above 2**53, as the gateway's do."""


class Gateway(models.Model):
    """The one row of switches, and the customer's credit."""

    credit = models.BigIntegerField(default=1_000_000)
    persian_price = models.PositiveIntegerField(default=1400)
    latin_price = models.PositiveIntegerField(default=2800)
    is_active = models.BooleanField(default=True)
    delivers = models.BooleanField(default=True)
    keeps_night_hours = models.BooleanField(default=True)
    delay = models.PositiveIntegerField(default=0)
    """Seconds before each answer."""
    refusals = models.PositiveIntegerField(default=0)
    refusal_code = models.IntegerField(default=-8)
    drops = models.PositiveIntegerField(default=0)
    """So many send requests are taken, and their answer is dropped."""
    failures = models.PositiveIntegerField(default=0)
    """So many requests are answered with HTTP 500, and not looked at."""
    allowed_ips = models.CharField(max_length=500, blank=True, default="")
    username = models.CharField(max_length=50, default="sandbox")
    password = models.CharField(max_length=50, default="sandbox")
    domain = models.CharField(max_length=50, default="sandbox")

    class Meta:
        verbose_name = "gateway"

    def __str__(self) -> str:
        return "gateway"

    @classmethod
    def load(cls) -> "Gateway":
        """The row, made with a token and a line when it is first needed."""
        gateway, is_new = cls.objects.get_or_create(pk=1)
        if is_new:
            Token.objects.get_or_create(token=DEFAULT_TOKEN, defaults={"title": "sandbox"})
            Line.objects.get_or_create(number=DEFAULT_LINE)
        return gateway


class Token(models.Model):
    title = models.CharField(max_length=100)
    token = models.CharField(max_length=32, unique=True)
    is_active = models.BooleanField(default=True)
    ips = models.CharField(max_length=500, blank=True, default="")

    def __str__(self) -> str:
        return self.title


class Line(models.Model):
    number = models.CharField(max_length=20, unique=True)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.number


class ReceivedRequest(models.Model):
    """A send request that was taken; its id is known for four hours."""

    request_id = models.CharField(max_length=200)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (models.Index(fields=("request_id", "received_at"), name="sepahan_sandbox_request"),)

    def __str__(self) -> str:
        return self.request_id


class SentMessage(models.Model):
    """An SMS on its way to a phone."""

    line = models.CharField(max_length=20)
    recipient = models.CharField(max_length=20, db_index=True)
    text = models.TextField()
    accepted_at = models.DateTimeField(default=timezone.now)
    status = models.IntegerField(null=True, blank=True)
    """Set by hand; without it the status follows from the age."""

    def __str__(self) -> str:
        return self.recipient

    @property
    def gateway_id(self) -> int:
        return FIRST_ID + self.pk

    def current_status(self, *, delivers: bool) -> int:
        if self.status is not None:
            return self.status
        if not delivers:
            return DeliveryStatus.WAITING
        age = (timezone.now() - self.accepted_at).total_seconds()
        if age < 2:
            return DeliveryStatus.WAITING
        return DeliveryStatus.WITH_OPERATOR if age < 5 else DeliveryStatus.DELIVERED


class PhoneMessage(models.Model):
    """An SMS from a phone to a line, unread until Receive has marked it."""

    line = models.CharField(max_length=20)
    phone = models.CharField(max_length=20, db_index=True)
    text = models.TextField()
    sent_at = models.DateTimeField(default=timezone.now)
    is_read = models.BooleanField(default=False, db_index=True)

    def __str__(self) -> str:
        return self.phone
