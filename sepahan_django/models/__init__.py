"""The app's tables."""

from sepahan_django.models.accounts import ApiKey, PauseKind, SenderLine
from sepahan_django.models.drafts import (
    DraftRow,
    ListMember,
    MessageTemplate,
    RecipientList,
    RowProblem,
    SendDraft,
)
from sepahan_django.models.inbound import Acknowledgement, InboundMessage
from sepahan_django.models.jobs import Job, JobRun, Overview
from sepahan_django.models.outbound import Campaign, OutboundMessage, SendRequest
from sepahan_django.models.states import InvalidTransition, MessageState, Priority, RequestState
from sepahan_django.models.trail import Actor

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
