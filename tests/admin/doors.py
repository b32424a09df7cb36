"""Every page and button of the admin, with the permissions that open it, and a row for each to be about."""

from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from sepahan_django import drafts
from sepahan_django.models import (
    ApiKey,
    Campaign,
    InboundMessage,
    MessageTemplate,
    OutboundMessage,
    RecipientList,
    SendDraft,
    SenderLine,
    SendRequest,
)
from tests.factories import queued
from tests.staff import member_of_staff

NOBODY: set[str] = set()


def either(model):
    """Django's own pages open to whoever may look or may change."""
    return {f"view_{model}", f"change_{model}"}


def record(model):
    """The pages of what nobody writes by hand."""
    look = either(model)
    return {
        f"{model}_changelist": (look, look),
        f"{model}_add": (NOBODY, NOBODY),
        f"{model}_history": (look, look),
        f"{model}_delete": (NOBODY, NOBODY),
        f"{model}_change": (look, NOBODY),
    }


def written(model):
    """The pages of what people write."""
    look, change = either(model), {f"change_{model}"}
    add, delete = {f"add_{model}"}, {f"delete_{model}"}
    return {
        f"{model}_changelist": (look, look),
        f"{model}_add": (add, add),
        f"{model}_history": (look, look),
        f"{model}_delete": (delete, delete),
        f"{model}_change": (look, change),
    }


APP = apps.get_app_config("sepahan_django")
MODELS = [model._meta.model_name for model in APP.get_models() if model._meta.default_permissions]
ANYTHING = set().union(*map(either, MODELS))

DOORS = {
    # page: the permissions that open it to a GET, to a POST
    **record("outboundmessage"),
    **record("inboundmessage"),
    **record("sendrequest"),
    **record("campaign"),
    **written("senderline"),
    **written("apikey"),
    **written("recipientlist"),
    **written("messagetemplate"),
    "recipientlist_members": (either("recipientlist"), {"change_recipientlist"}),
    "apikey_delete": (NOBODY, NOBODY),  # the account in the settings, which the rows below are of
    "send": ({"send_message"}, {"send_message"}),
    "check": ({"send_message"}, {"send_message"}),
    "refused": ({"send_message"}, {"send_message"}),
    "doubts": ({"resolve_in_doubt"}, {"resolve_in_doubt"}),
    "pull": ({"pull_inbox"}, {"pull_inbox"}),
    "inbound_work": (
        {"change_inboundmessage"},
        {"change_inboundmessage"},
    ),  # other works take two permissions
    "conversation": (NOBODY, NOBODY),  # takes the permission to see content, and to look, as well
    "export_outboundmessage": (NOBODY, NOBODY),  # takes the permission to look as well
    "export_inboundmessage": (NOBODY, NOBODY),
    "campaign_progress": (either("campaign"), either("campaign")),
    **{
        # each takes the permission to look as well
        f"campaign_{name}": (NOBODY, NOBODY)
        for name in ("pause", "resume", "cancel", "retry", "export")
    },
    **{f"message_{act}": (NOBODY, NOBODY) for act in ("send_now", "cancel", "send_again", "refresh")},
    "overview_changelist": (ANYTHING, ANYTHING),
    "first_run": ({"add_apikey"}, {"add_apikey"}),
    "generate": (NOBODY, NOBODY),  # takes two permissions
    "credit": ({"view_credit"}, {"view_credit"}),
    "try_now": ({"change_apikey"}, {"change_apikey"}),
    "inbox_new": ({"change_apikey"}, {"change_apikey"}),
}


def pages():
    """Every page of the app by its name: whether it is about an object, and of which model."""
    found = {}
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label != "sepahan_django":
            continue
        for pattern in model_admin.get_urls():
            if pattern.name:
                found[pattern.name.removeprefix("sepahan_django_")] = (model, "<" in str(pattern.pattern))
    return found


PERMISSIONS = sorted({name for opening in DOORS.values() for names in opening for name in names})
ALL = [*PERMISSIONS, "view_content", "delete_apikey", "generate_api_key"]

OF_NO_ACCOUNT = (RecipientList, MessageTemplate)
"""What whoever may change it changes, whatever accounts they see."""


def make_rows():
    """One row of each model, all of one account."""
    (message,) = queued(1, text="a text that is nobody's business")
    key = message.api_key
    return {
        OutboundMessage: message,
        ApiKey: key,
        SendRequest: SendRequest.objects.create(request_id="a-request", api_key=key),
        SenderLine: SenderLine.objects.create(number="3000", api_key=key),
        Campaign: Campaign.objects.create(title="a campaign"),
        InboundMessage: InboundMessage.objects.create(
            line="3000", sender="09350000001", text="also nobody's", gateway_date="", api_key=key
        ),
        SendDraft: draft_of(key),
        RecipientList: RecipientList.objects.create(title="a list"),
        MessageTemplate: MessageTemplate.objects.create(title="a template", text="x"),
    }


def draft_of(key):
    """A draft of a colleague's, from a list, with rows of each kind."""
    draft = drafts.start(None, account=key, text="{what} is nobody's", source="a list")
    rows = [("09120000000", {"what": "09350000001"}), ("09120000000", {"what": "x"}), ("0912000000", {})]
    drafts.fill(draft, [*rows, ("09120000001", {})])
    return draft


def addresses(rows):
    for name, (model, is_about_one) in pages().items():
        about = SendDraft if name in ("check", "refused") else model
        arguments = [rows[about].pk] if is_about_one else []
        address = reverse(f"admin:sepahan_django_{name}", args=arguments)
        yield name, f"{address}?format=csv" if name == "refused" else address


def sign_in(client, *permissions, groups=()):
    """The client, logged in as a new member of staff, whose the drafts are now."""
    user = member_of_staff(*permissions, groups=groups)
    SendDraft.objects.update(created_by=user)
    client.force_login(user)
    return client
