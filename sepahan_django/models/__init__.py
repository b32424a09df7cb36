"""The app's tables."""

from sepahan_django.models.accounts import ApiKey, PauseKind, SenderLine
from sepahan_django.models.drafts import DraftRow, RowProblem, SendDraft
from sepahan_django.models.history import Actor
from sepahan_django.models.inbound import Acknowledgement, InboundMessage
from sepahan_django.models.jobs import Job, JobRun, Overview
from sepahan_django.models.outbound import Campaign, OutboundMessage, OutboundMessageQuerySet, SendRequest
from sepahan_django.models.saved_lists import ListMember, MessageTemplate, RecipientList
from sepahan_django.models.states import InvalidTransition, MessageState, Priority, RequestState

__all__ = [
    "Acknowledgement",
    "Actor",
    "ApiKey",
    "Campaign",
    "DraftRow",
    "InboundMessage",
    "InvalidTransition",
    "Job",
    "JobRun",
    "ListMember",
    "MessageState",
    "MessageTemplate",
    "OutboundMessage",
    "OutboundMessageQuerySet",
    "Overview",
    "PauseKind",
    "Priority",
    "RecipientList",
    "RequestState",
    "RowProblem",
    "SendDraft",
    "SendRequest",
    "SenderLine",
]
