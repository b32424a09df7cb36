"""The open incidents at the head of a page."""

from dataclasses import dataclass

from django.http import HttpRequest

from sepahan_django.admin.kit import display
from sepahan_django.admin.kit.addresses import page_address
from sepahan_django.admin.kit.permissions import hidden_accounts, may
from sepahan_django.reports.incidents import Incident, Kind, open_incidents
from sepahan_django.values.visible import visible

OPEN_AT_ONCE = 3
"""Incidents shown at the head of a page; more are folded away, so that the page itself stays in sight."""


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
    hidden = hidden_accounts(request)
    return [_note(request, incident, sees_all=not hidden) for incident in open_incidents(hidden)]


def _note(request: HttpRequest, incident: Incident, *, sees_all: bool) -> Note:
    title = incident.title
    if incident.credit is not None and may(request, "view_credit"):
        title = f"{title} ({display.money_text(incident.credit)})"
    address = ""
    if any(may(request, permission) for permission in incident.permissions):
        address = page_address(request, incident.page, *incident.args)
    if address and incident.query:
        address = f"{address}?{incident.query}"
    return Note(
        incident.severity.value,
        visible(title),
        # A job's words are about all accounts.
        visible(incident.detail)
        if may(request, "view_content") and (sees_all or incident.kind is not Kind.JOB)
        else "",
        incident.remedy,
        address,
    )
