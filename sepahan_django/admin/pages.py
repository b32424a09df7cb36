"""What every page of the app has: the open incidents at its head, a way to the overview, the style sheet."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from sepahan_django.accounts import hidden_from
from sepahan_django.admin import display, trail
from sepahan_django.incidents import Incident, Kind, open_incidents
from sepahan_django.values.visible import visible

OPEN_AT_ONCE = 3
"""Incidents shown at the head of a page; more are folded away, so that the page itself stays in sight."""


class AppAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list and a form with the open incidents at their head."""

    change_list_template = "sepahan_django/admin/list.html"
    change_form_template = "sepahan_django/admin/form.html"

    class Media:
        css = {"all": ("sepahan_django/admin.css",)}

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        trail.keep(request)
        return super().log_deletions(request, queryset)

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Tell the user. Titles and the gateway's words stand in it, and none of them may turn it around."""
        super().message_user(request, visible(str(message)), *args, **kwargs)


@dataclass(frozen=True)
class Note:
    """An incident as this user may see it; `address` is empty where there is nothing for them to do."""

    severity: str
    title: str
    detail: str
    remedy: str
    address: str


def notes(request: HttpRequest) -> list[Note]:
    """The open incidents, the worst first."""
    hidden = hidden_from(request.user)
    return [_note(request, incident, sees_all=not hidden) for incident in open_incidents(hidden)]


def _note(request: HttpRequest, incident: Incident, *, sees_all: bool) -> Note:
    title = incident.title
    if incident.credit is not None and display.may(request, "view_credit"):
        title = f"{title} ({display.money_text(incident.credit)})"
    address = ""
    if any(display.may(request, permission) for permission in incident.permissions):
        address = page_address(request, incident.page, *incident.args)
    if address and incident.query:
        address = f"{address}?{incident.query}"
    return Note(
        incident.severity.value,
        visible(title),
        # A job's words are about all accounts.
        visible(incident.detail)
        if display.may(request, "view_content") and (sees_all or incident.kind is not Kind.JOB)
        else "",
        incident.remedy,
        address,
    )


def page_address(request: HttpRequest, name: str, *args: object) -> str:
    """The address of one of the app's pages in the admin site that serves this request.

    Empty where that site doesn't have the page.
    """
    namespace = request.resolver_match.namespace if request.resolver_match else ""
    try:
        return reverse(f"{namespace}:{name}" if namespace else name, args=args)
    except NoReverseMatch:
        return ""


def may_look(request: HttpRequest) -> bool:
    """Whether the user may see anything of the app."""
    names = [model._meta.model_name for model in apps.get_app_config("sepahan_django").get_models()]
    return any(display.may(request, f"{verb}_{name}") for name in names for verb in ("view", "change"))


def actions_of(above: Any, request: HttpRequest, action_location: Any) -> dict[str, Any]:
    """What `get_actions` of the class above gives. Django 6.1 asks for the actions of one place of two, and
    the earlier ones know one place alone."""
    where = {} if action_location is None else {"action_location": action_location}
    actions: dict[str, Any] = above.get_actions(request, **where)
    return actions
