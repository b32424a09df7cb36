"""Whose draft it is, what of it may be shown, and where to redirect once it is sent."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponseRedirect

from sepahan_django.admin.kit.addresses import MAX_PK, to_page
from sepahan_django.admin.kit.permissions import hidden_accounts, may_see_content, may_view
from sepahan_django.models import Campaign, SendDraft
from sepahan_django.values.phones import mask
from sepahan_django.values.visible import visible


def own_draft(request: HttpRequest, draft_id: int) -> SendDraft:
    """The user's own draft; Http404 for others' (but to superusers) and for accounts kept from them."""
    rows = SendDraft.objects.select_related("api_key", "campaign")
    draft = rows.filter(pk=draft_id).first() if draft_id <= MAX_PK else None
    is_own = draft is not None and (draft.created_by_id == request.user.pk or request.user.is_superuser)
    if draft is None or not is_own or draft.api_key_id in hidden_accounts(request):
        raise Http404
    return draft


def shows_numbers(request: HttpRequest, draft: SendDraft) -> bool:
    """Whether whole numbers are shown: to those who may see them, and what the user has typed."""
    return may_see_content(request) or not draft.source


def shows_cells(request: HttpRequest, draft: SendDraft) -> bool:
    """Whether what stands beside the numbers is shown: also what the user has uploaded."""
    return shows_numbers(request, draft) or bool(draft.number_column)


def number_as_given(request: HttpRequest, draft: SendDraft, raw: str) -> str:
    """The number as it was given, as this user may see it."""
    return visible(raw) if shows_numbers(request, draft) else mask(raw)


def to_campaign(
    request: HttpRequest, campaign: Campaign | None, *, site: admin.AdminSite
) -> HttpResponseRedirect:
    """To the campaign, or to the nearest page that the user may see."""
    if campaign is not None and may_view(request, "campaign"):
        return to_page(site, "campaign_change", campaign.pk)
    if may_view(request, "outboundmessage"):
        return to_page(site, "outboundmessage_changelist")
    return to_page(site, "send")
