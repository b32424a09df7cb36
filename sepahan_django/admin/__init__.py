"""The pages of the admin: one module a page, each a thin surface over the services."""

from sepahan_django.admin.accounts import ApiKeyAdmin, SenderLineAdmin
from sepahan_django.admin.campaigns import CampaignAdmin
from sepahan_django.admin.conversation import conversation_url
from sepahan_django.admin.inbound import InboundMessageAdmin
from sepahan_django.admin.outbound import OutboundMessageAdmin
from sepahan_django.admin.overview import OverviewAdmin
from sepahan_django.admin.requests import SendRequestAdmin

__all__ = [
    "ApiKeyAdmin",
    "CampaignAdmin",
    "InboundMessageAdmin",
    "OutboundMessageAdmin",
    "OverviewAdmin",
    "SendRequestAdmin",
    "SenderLineAdmin",
    "conversation_url",
]
