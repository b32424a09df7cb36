"""The questions that pages ask about permissions: who may do what, and whose rows are shown."""

from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from sepahan_django import accounts
from sepahan_django.conf import setting
from sepahan_django.models import MessageState, OutboundMessage


def may(request: HttpRequest, permission: str) -> bool:
    """Whether the user has one of this app's permissions."""
    return request.user.has_perm(f"sepahan_django.{permission}")


def may_view(request: HttpRequest, model: str) -> bool:
    """Whether the user may see the pages of this model, named in lower case."""
    return may(request, f"view_{model}") or may(request, f"change_{model}")


def may_view_anything(request: HttpRequest) -> bool:
    """Whether the user may see any page of the app."""
    models = apps.get_app_config("sepahan_django").get_models()
    return any(may_view(request, str(model._meta.model_name)) for model in models)


def may_see_content(request: HttpRequest) -> bool:
    """Whether texts and whole numbers are shown to this user."""
    return may(request, "view_content")


def may_see_inbound(request: HttpRequest) -> bool:
    """Whether the user may see inbound messages."""
    return may_view(request, "inboundmessage")


def may_see_outbound(request: HttpRequest) -> bool:
    """Whether the user may see outbound messages."""
    return may_view(request, "outboundmessage")


def may_converse(request: HttpRequest) -> bool:
    """Whether the user may open conversations: texts and numbers, of one direction at least."""
    return may_see_content(request) and (may_see_inbound(request) or may_see_outbound(request))


def may_mark_read(request: HttpRequest) -> bool:
    """Whether the user may mark inbound messages as read: those who may read them may say so."""
    return may_see_inbound(request) and may_see_content(request)


def may_handle(request: HttpRequest) -> bool:
    """Whether the user may mark inbound messages as handled."""
    return may(request, "change_inboundmessage")


def may_dispatch(request: HttpRequest) -> bool:
    """Whether the user may pass inbound messages to the project's receivers again.

    Fetching does that too, for those that failed, so it takes the permission to fetch.
    """
    return may_see_inbound(request) and may(request, "pull_inbox")


def may_set_up(request: HttpRequest) -> bool:
    """Whether the user may store accounts, and so see the page that sets the app up."""
    return may(request, "add_apikey")


def require_sending(request: HttpRequest) -> None:
    """PermissionDenied unless the user may send."""
    if not may(request, "send_message"):
        raise PermissionDenied


def max_recipients(request: HttpRequest) -> int | None:
    """How many recipients the user may send to at once; None for any number."""
    return None if may(request, "send_to_many") else int(setting("BULK_THRESHOLD"))


def hidden_accounts(request: HttpRequest) -> list[int]:
    """The ids of the accounts that the user may not see; usually none. Asked once a request."""
    found: list[int] | None = getattr(request, "_sepahan_hidden_accounts", None)
    if found is None:
        found = accounts.hidden_from(request.user)
        request._sepahan_hidden_accounts = found  # type: ignore[attr-defined]
    return found


def visible_rows(request: HttpRequest, rows: "QuerySet[Any]", account: str = "api_key") -> "QuerySet[Any]":
    """Those of these rows whose account the user may see; `account` is the name of the field."""
    # Usually nothing is hidden, and then the query of a large table stays as simple as it was.
    hidden = hidden_accounts(request)
    return rows.exclude(**{f"{account}__in": hidden}) if hidden else rows


def visible_campaigns(request: HttpRequest, rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """The campaigns without a message of an account that the user may not see."""
    hidden = hidden_accounts(request)
    if not hidden:
        return rows
    # All the states, by name, so that account and campaign are looked up in one index.
    theirs = OutboundMessage.objects.filter(
        campaign=OuterRef("pk"), state__in=MessageState.values, api_key__in=hidden
    )
    return rows.exclude(Exists(theirs))
