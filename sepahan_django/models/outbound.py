"""What goes out: messages, the requests they travel in, and campaigns."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sepahan_django.models.accounts import ApiKey
from sepahan_django.models.fields import ExactCharField, SentenceField
from sepahan_django.models.states import (
    TRANSITIONS,
    InvalidTransition,
    MessageState,
    Priority,
    RequestState,
    sources,
)
from sepahan_django.values.phones import mask
from sepahan_django.values.visible import isolated, visible

MAX_DUE_AHEAD = timedelta(hours=6)


class CampaignQuerySet(models.QuerySet["Campaign"]):
    """Queries on sets of campaigns."""

    def paused_pks(self) -> list[int]:
        """The ids of those whose pause holds something back: usually none, seldom more than a few."""
        held = OutboundMessage.objects.filter(campaign=models.OuterRef("pk"), state=MessageState.QUEUED)
        rows = self.filter(models.Exists(held), paused_at__isnull=False).order_by()
        return list(rows.values_list("pk", flat=True))


class Campaign(models.Model):
    """One sending to many."""

    title = models.CharField(_("title"), max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True, editable=False)
    """While it is set none of its messages is claimed."""

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ("-pk",)
        indexes = (
            models.Index(
                fields=("paused_at", "id"),
                name="sepahan_campaign_paused",
                condition=Q(paused_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return visible(self.title)

    @property
    def counts(self) -> dict[str, int]:
        """How many of its messages are in each state; states without any are 0. One query."""
        found = self.messages.order_by().values_list("state").annotate(models.Count("pk"))
        return {state.value: 0 for state in MessageState} | dict(found)


class SendRequestQuerySet(models.QuerySet["SendRequest"]):
    """Verbs on sets of requests."""

    def due(self, *, now: datetime) -> "SendRequestQuerySet":
        """Those that may be taken up now. A time further ahead than any is ever set to was written by a
        clock that was ahead, and would keep the request's messages waiting for as long."""
        return self.filter(Q(due_at__lte=now) | Q(due_at__gt=now + MAX_DUE_AHEAD))


class SendRequest(models.Model):
    """One request to the gateway, with the id by which the gateway can be asked whether it was received.

    `attempts` counts how often it may have left: it is written before each attempt. `claims` counts who
    took it up, and is the proof that a process still holds it: whatever a process writes, it writes on
    condition that `claims` is what it was when it took the request up.
    """

    request_id = models.CharField(_("request-Id"), max_length=64, unique=True, editable=False)
    api_key = models.ForeignKey(
        ApiKey, verbose_name=_("account"), related_name="requests", on_delete=models.PROTECT
    )
    state = models.CharField(_("state"), max_length=10, choices=RequestState, default=RequestState.SENDING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    claims = models.PositiveIntegerField(default=0, editable=False)
    first_attempt_at = models.DateTimeField(_("first attempt at"), null=True, blank=True)
    last_attempt_at = models.DateTimeField(_("last attempt at"), null=True, blank=True)
    due_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    error_code = models.BigIntegerField(_("error code"), null=True, blank=True)
    error_message = SentenceField(_("error"), blank=True, default="")
    sms_count = models.BigIntegerField(_("SMS parts"), null=True, blank=True)
    total_price = models.BigIntegerField(_("price (Rials)"), null=True, blank=True)
    answer = models.TextField(_("raw answer"), blank=True, default="", editable=False)
    """The body of the last answer, truncated; for operators who need the raw answer."""
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = SendRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ("-pk",)
        indexes = (
            models.Index(
                fields=("api_key", "due_at"), name="sepahan_request_due", condition=Q(due_at__isnull=False)
            ),
            # What a day cost, read from the index alone.
            models.Index(
                fields=("finished_at", "total_price"),
                name="sepahan_request_cost",
                condition=Q(finished_at__isnull=False),
            ),
            models.Index(fields=("created_at",), name="sepahan_request_created"),
        )

    def __str__(self) -> str:
        return self.request_id

    @staticmethod
    def fresh_request_id() -> str:
        """A request-Id that nobody has used before."""
        return str(uuid.uuid4())


class OutboundMessageQuerySet(models.QuerySet["OutboundMessage"]):
    """Verbs on sets of messages."""

    def move(self, target: MessageState, **changes: Any) -> int:
        """Bring to `target` those of these messages that the state table lets go there; returns how many.

        One UPDATE whose condition is the table, so that of two processes only one moves a message.
        """
        return self.filter(state__in=sources(target)).update(state=target, **changes)

    def due(self, *, api_key: ApiKey, priority: int, now: datetime) -> "OutboundMessageQuerySet":
        """The queued messages of one account and lane whose time has come, in the order to send them."""
        return (
            self.filter(state=MessageState.QUEUED, api_key=api_key, priority=priority, due_at__lte=now)
            .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
            .order_by("due_at", "pk")
        )

    def outside(self, campaigns: Collection[int]) -> "OutboundMessageQuerySet":
        """Those that are of none of these campaigns."""
        # Usually there are none, and then the statement stays as simple as its index.
        return self.exclude(campaign__in=campaigns) if campaigns else self

    def past_expiry(self, *, now: datetime) -> "OutboundMessageQuerySet":
        """The queued messages past their expiry."""
        return self.filter(state=MessageState.QUEUED, expires_at__lte=now)


class OutboundMessage(models.Model):
    """One SMS to one number. Its state is written by the outbox and by delivery alone."""

    State = MessageState
    Priority = Priority

    recipient = models.CharField(_("recipient"), max_length=20)
    text = models.TextField(_("text"))
    sender = models.CharField(_("sender line"), max_length=20)
    api_key = models.ForeignKey(
        ApiKey, verbose_name=_("account"), related_name="messages", on_delete=models.PROTECT
    )
    campaign = models.ForeignKey(
        Campaign,
        verbose_name=_("campaign"),
        related_name="messages",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_index=False,  # the index on campaign and state serves
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("sent by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    state = models.CharField(_("state"), max_length=12, choices=MessageState, default=MessageState.QUEUED)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority, default=Priority.NORMAL)
    gateway_id = models.BigIntegerField(_("gateway id"), null=True, blank=True)
    delivery_status = models.BigIntegerField(_("delivery status"), null=True, blank=True)
    error_code = models.BigIntegerField(_("error code"), null=True, blank=True)
    error_message = SentenceField(_("error"), blank=True, default="")
    request = models.ForeignKey(
        SendRequest,
        verbose_name=_("request"),
        related_name="messages",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
    )
    idempotency_key = ExactCharField(_("idempotency key"), max_length=200, null=True, blank=True, unique=True)
    send_at = models.DateTimeField(_("send at"), null=True, blank=True)
    due_at = models.DateTimeField(_("due at"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False, db_index=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    status_due_at = models.DateTimeField(_("next delivery check at"), null=True, blank=True)
    status_asked = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = OutboundMessageQuerySet.as_manager()

    _stored_state: str = ""
    """The state in the database, as far as this object knows."""

    class Meta:
        verbose_name = _("outbound message")
        verbose_name_plural = _("outbound messages")
        ordering = ("-pk",)
        permissions = (
            ("send_message", _("Can send SMS")),
            ("send_to_many", _("Can send SMS to many recipients at once")),
            ("view_content", _("Can see texts and numbers")),
            ("export_messages", _("Can export messages")),
            ("resolve_in_doubt", _("Can decide about messages in doubt")),
        )
        constraints = (
            models.UniqueConstraint(fields=("api_key", "gateway_id"), name="sepahan_one_gateway_id"),
            models.CheckConstraint(condition=Q(state__in=MessageState.values), name="sepahan_known_state"),
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(request__isnull=False), name="sepahan_sending_in_request"
            ),
        )
        indexes = (
            # Conditions keep these small behind a million finished rows; a database without partial
            # indexes (MariaDB) ignores them, which is why the state leads.
            models.Index(
                fields=("state", "api_key", "priority", "due_at", "id"),
                name="sepahan_out_due",
                condition=Q(state="queued"),
            ),
            models.Index(
                fields=("state", "expires_at"),
                name="sepahan_out_expiry",
                condition=Q(state="queued", expires_at__isnull=False),
            ),
            models.Index(
                fields=("api_key", "status_due_at"),
                name="sepahan_out_status",
                condition=Q(status_due_at__isnull=False),
            ),
            # What was sent on a day, by state; read from the index alone.
            models.Index(
                fields=("sent_at", "state"), name="sepahan_out_sent", condition=Q(sent_at__isnull=False)
            ),
            # Two conditions joined by OR and not by IN, which SQLite would not recognise in a query for one.
            models.Index(
                fields=("state", "created_at"),
                name="sepahan_out_trouble",
                condition=Q(state="failed") | Q(state="in_doubt"),
            ),
            # How far a campaign is: its messages by state and account, from the index alone.
            models.Index(fields=("campaign", "state", "api_key", "id"), name="sepahan_out_progress"),
            # When it went out and in which requests, from the index alone.
            models.Index(
                fields=("campaign", "sent_at", "request"),
                name="sepahan_out_handed",
                condition=Q(campaign__isnull=False, sent_at__isnull=False),
            ),
            # The list's pages of one state, in its order. The states that nearly all messages are in, or
            # pass through, are found fast without it, and sending shall not write one more index.
            models.Index(
                fields=("state", "id"),
                name="sepahan_out_ended",
                condition=Q(state="undelivered")
                | Q(state="failed")
                | Q(state="in_doubt")
                | Q(state="cancelled")
                | Q(state="expired"),
            ),
            models.Index(fields=("sender", "id"), name="sepahan_out_line"),
            models.Index(fields=("recipient", "id"), name="sepahan_out_recipient"),
        )

    def __str__(self) -> str:
        """Masked: it stands in histories and page titles that more people see than may see numbers."""
        return isolated(mask(self.recipient))

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; InvalidTransition if the state was changed against the table."""
        stored = self._stored_state
        if stored and stored != self.state:
            if MessageState(self.state) not in TRANSITIONS[MessageState(stored)]:
                raise InvalidTransition(f"A message can't go from {stored} to {self.state}.")
        super().save(*args, **kwargs)
        self._stored_state = self.state

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kwargs: Any
    ) -> "OutboundMessage":
        message: OutboundMessage = super().from_db(db, field_names, values, **kwargs)
        message._stored_state = message.__dict__.get("state", "")
        return message

    def note_state(self, state: MessageState, **changes: Any) -> None:
        """Take over into this object what an UPDATE has just written to its row."""
        self.state = self._stored_state = state
        for name, value in changes.items():
            setattr(self, name, value)

    def copy_from(self, row: "OutboundMessage") -> None:
        """Take over the columns of a fresher copy of this row."""
        for field in self._meta.concrete_fields:
            setattr(self, field.attname, getattr(row, field.attname))
        self._stored_state = row.state

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self._stored_state = self.__dict__.get("state", "")
