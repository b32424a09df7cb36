"""The page that shows what would go out, and the button that sends it."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sepahan_django import drafts
from sepahan_django.admin.compose import access
from sepahan_django.admin.kit import display, history, outcomes
from sepahan_django.admin.kit.addresses import to_page
from sepahan_django.admin.kit.permissions import max_recipients, may, require_sending
from sepahan_django.db.transactions import retrying
from sepahan_django.drafts import Sample
from sepahan_django.models import Campaign, DraftRow, MessageState, OutboundMessage, RowProblem, SendDraft
from sepahan_django.values.digits import localize_number
from sepahan_django.values.phones import mask, normalize_mobile
from sepahan_django.values.visible import visible

MAX_LISTED_ROWS = 20
"""Refused rows listed on the page; the rest are counted, and all can be downloaded."""


class DraftTestForm(forms.Form):
    """The first message to oneself."""

    number = forms.CharField(
        label=gettext_lazy("Your own mobile number"),
        max_length=40,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "tel", "autocomplete": "tel"}),
    )
    nonce = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    """Of this page as it was opened: submitted twice, it sends once."""

    def clean_number(self) -> str:
        try:
            return normalize_mobile(self.cleaned_data["number"])
        except ValueError as error:
            raise forms.ValidationError(visible(str(error))) from None


def check_view(request: HttpRequest, *, site: admin.AdminSite, draft_id: int) -> HttpResponse:
    """GET shows the draft as it would go out; POST does the one thing that its `action` names."""
    require_sending(request)
    draft = access.own_draft(request, draft_id)
    if draft.sent_at:
        if request.method == "POST":
            messages.info(request, str(drafts.AlreadySent(None)))
        return access.to_campaign(request, draft.campaign, site=site)
    work = _WORK.get(request.POST.get("action", "")) if request.method == "POST" else None
    if work is None:
        return _page(request, draft, DraftTestForm(), site=site)
    try:
        return work(request, draft, site)
    except drafts.AlreadySent as earlier:  # the second half of a double click
        messages.info(request, str(earlier))
        return access.to_campaign(request, earlier.campaign, site=site)
    except drafts.Changed as error:
        messages.warning(request, str(error))
    except ValueError as error:
        messages.error(request, visible(str(error)))
    return to_page(site, "check", draft.pk)


def _page(
    request: HttpRequest, draft: SendDraft, test: DraftTestForm, *, site: admin.AdminSite
) -> HttpResponse:
    found = drafts.check(draft, most=max_recipients(request))
    account = draft.api_key
    context = {
        **site.each_context(request),
        "title": _("Check and send"),
        "opts": OutboundMessage._meta,
        "draft": draft,
        "found": found,
        "number": localize_number(found.going),
        "facts": _facts(request, draft, found),
        "samples": _samples(request, draft, found),
        "refused": _refused(request, draft),
        "refused_count": found.unreadable + found.empty,
        "refused_more": max(found.unreadable + found.empty - MAX_LISTED_ROWS, 0),
        "may_download": found.unreadable + found.empty + found.duplicates > 0,
        "credit": display.credit(account) if account and may(request, "view_credit") else "",
        "test": test,
    }
    return TemplateResponse(request, "sepahan_django/admin/check.html", context)


def _facts(request: HttpRequest, draft: SendDraft, found: drafts.Check) -> list[tuple[str, Any]]:
    """The facts shown at a glance."""
    facts: list[tuple[str, Any]] = [
        (_("Recipients"), localize_number(found.going)),
        (_("Total SMS parts"), localize_number(found.parts) if found.parts else display.EMPTY),
    ]
    if found.cost is not None:
        facts.append((_("Estimated cost"), display.money(found.cost)))
    if draft.api_key and may(request, "view_credit"):
        facts.append((_("Credit"), display.credit(draft.api_key)))
    return [
        *facts,
        (_("Sender line"), display.number(found.line)),
        (_("Account"), draft.api_key or display.EMPTY),
        (_("Send at"), display.moment(draft.send_at) if draft.send_at else _("now")),
        (_("Source of recipients"), display.untrusted(draft.source) if draft.source else _("pasted text")),
    ]


def _samples(request: HttpRequest, draft: SendDraft, found: drafts.Check) -> list[dict[str, Any]]:
    """The first, the longest and any message, each once."""
    named = [
        (_("First message"), found.first),
        (_("Longest message"), found.longest),
        (_("Another message"), found.random),
    ]
    shown: list[Sample] = []
    samples = []
    for title, sample in named:
        if sample is None or sample in shown or (shown and sample.text == shown[0].text):
            continue
        shown.append(sample)
        whole = access.shows_numbers(request, draft)
        samples.append(
            {
                "title": title,
                "to": display.number(sample.recipient if whole else mask(sample.recipient)),
                "text": visible(sample.text if access.shows_cells(request, draft) else draft.text),
                "parts": _("%(count)s SMS") % {"count": localize_number(sample.parts.parts)},
                "characters": ngettext("%(count)s character", "%(count)s characters", sample.parts.characters)
                % {"count": localize_number(sample.parts.characters)},
            }
        )
    return samples


def _refused(request: HttpRequest, draft: SendDraft) -> list[dict[str, str]]:
    """The first skipped rows except duplicates, with the reason."""
    rows: list[DraftRow] = []
    for problem in (RowProblem.UNREADABLE, RowProblem.EMPTY_COLUMN):
        rows += draft.rows.filter(problem=problem).order_by("pk")[: MAX_LISTED_ROWS - len(rows)]
    return [
        {
            "row": localize_number(row.number),
            "raw": access.number_as_given(request, draft, row.raw) or display.EMPTY,
            "reason": visible(row.reason) or str(row.get_problem_display()),
        }
        for row in rows
    ]


# What its buttons do


def _send(request: HttpRequest, draft: SendDraft, site: admin.AdminSite) -> HttpResponse:
    def sending() -> Campaign:
        with transaction.atomic():
            campaign = drafts.send(
                draft,
                request.user,
                fingerprint=request.POST.get("fingerprint", ""),
                most=max_recipients(request),
            )
            _note(request, campaign)
            return campaign

    # Done a second time, after a connection lost at the commit, it finds the draft sent.
    campaign = retrying(sending)
    outcomes.once_committed(lambda: _report(request, campaign))
    return access.to_campaign(request, campaign, site=site)


def _note(request: HttpRequest, campaign: Campaign) -> None:
    """Who sent how many from where, in the admin's history of the campaign."""
    count = campaign.messages.count()
    first = campaign.messages.select_related("api_key").order_by("pk")[0]
    said = _("%(count)s SMS sent from “%(account)s”, line %(line)s.")
    named = {"count": count, "account": first.api_key.title, "line": first.sender}
    history.note(request, [campaign], said % named, flag=ADDITION)


def _report(request: HttpRequest, campaign: Campaign) -> None:
    """What has happened by now, in one sentence."""
    counts = campaign.counts
    number = sum(counts.values())
    total = localize_number(number)
    failed = campaign.messages.filter(state=MessageState.FAILED).first()
    planned = campaign.messages.filter(send_at__isnull=False).values_list("send_at", flat=True).first()
    if failed is not None:
        messages.error(
            request,
            _("The gateway refused %(count)s of %(total)s SMS: %(why)s")
            % {
                "count": localize_number(counts[MessageState.FAILED]),
                "total": total,
                "why": visible(failed.error_message),
            },
        )
    elif counts[MessageState.SENT] + counts[MessageState.DELIVERED] == number:
        messages.success(request, _("%(total)s SMS sent to the gateway.") % {"total": total})
    elif planned:
        said = _("%(total)s SMS scheduled for %(when)s.")
        messages.success(request, said % {"total": total, "when": display.moment_text(planned)})
    else:
        messages.warning(
            request, _("%(total)s SMS are queued and will be sent by the worker.") % {"total": total}
        )


def _test(request: HttpRequest, draft: SendDraft, site: admin.AdminSite) -> HttpResponse:
    form = DraftTestForm(request.POST)
    if not form.is_valid():
        return _page(request, draft, form, site=site)
    key = f"draft-test:{draft.pk}:{form.cleaned_data['nonce']}"
    with transaction.atomic():
        message, is_new = drafts.send_one_test(
            draft, form.cleaned_data["number"], user=request.user, idempotency_key=key
        )
        if is_new:
            history.note(request, [message], _("Test sent from the admin."), flag=ADDITION)
    outcomes.tell_outcome(request, message, outcomes.OF_A_TEST)
    return to_page(site, "check", draft.pk)


def _set_duplicates(request: HttpRequest, draft: SendDraft, site: admin.AdminSite) -> HttpResponse:
    drafts.change(draft, keep_duplicates=request.POST.get("keep") == "yes")
    return to_page(site, "check", draft.pk)


def _map(request: HttpRequest, draft: SendDraft, site: admin.AdminSite) -> HttpResponse:
    drafts.map_number(draft, request.POST.get("column", ""))
    return to_page(site, "check", draft.pk)


_WORK: dict[str, Callable[[HttpRequest, SendDraft, admin.AdminSite], HttpResponse]] = {
    "send": _send,
    "test": _test,
    "duplicates": _set_duplicates,
    "map": _map,
}
