"""The pages of the admin: one module a page, each a thin surface over the services."""

from django.apps import apps
from django.contrib import admin

from sepahan_django.admin.accounts import ApiKeyAdmin, SenderLineAdmin
from sepahan_django.admin.actions import SendSmsMixin
from sepahan_django.admin.campaigns import CampaignAdmin
from sepahan_django.admin.conversation import conversation_url
from sepahan_django.admin.inbound import InboundMessageAdmin
from sepahan_django.admin.lists import RecipientListAdmin
from sepahan_django.admin.outbound import OutboundMessageAdmin
from sepahan_django.admin.overview import OverviewAdmin
from sepahan_django.admin.requests import SendRequestAdmin
from sepahan_django.admin.templates import MessageTemplateAdmin

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
