"""The pages of the admin: a folder a subject, `kit` for what several of them use, thin over the services."""

from django.apps import apps
from django.contrib import admin

from sepahan_django.admin.accounts.pages import ApiKeyAdmin, SenderLineAdmin
from sepahan_django.admin.campaigns.changelist import CampaignAdmin
from sepahan_django.admin.conversations.page import conversation_url
from sepahan_django.admin.inbound.changelist import InboundMessageAdmin
from sepahan_django.admin.outbound.changelist import OutboundMessageAdmin
from sepahan_django.admin.outbound.requests import SendRequestAdmin
from sepahan_django.admin.overview.page import OverviewAdmin
from sepahan_django.admin.saved_lists.changelist import RecipientListAdmin
from sepahan_django.admin.saved_lists.templates import MessageTemplateAdmin
from sepahan_django.admin.send_mixin import SendSmsMixin

__all__ = [
    "ApiKeyAdmin",
    "CampaignAdmin",
    "InboundMessageAdmin",
    "MessageTemplateAdmin",
    "OutboundMessageAdmin",
    "OverviewAdmin",
    "RecipientListAdmin",
    "SendRequestAdmin",
    "SendSmsMixin",
    "SenderLineAdmin",
    "conversation_url",
    "register_pages",
]


def register_pages(site: admin.AdminSite) -> None:
    """Give another admin site the app's pages too, as they are registered with the default one."""
    for model in apps.get_app_config("sepahan_django").get_models():
        if admin.site.is_registered(model) and not site.is_registered(model):
            site.register(model, type(admin.site.get_model_admin(model)))
