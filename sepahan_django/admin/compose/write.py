"""The page where an SMS is written. It stores a draft and links to its check."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from sepahan_django import drafts
from sepahan_django.admin.compose.access import own_draft, to_campaign
from sepahan_django.admin.compose.forms import WriteForm, initial_of
from sepahan_django.admin.kit import display
from sepahan_django.admin.kit.addresses import parse_pk, to_page
from sepahan_django.admin.kit.permissions import (
    hidden_accounts,
    may,
    may_see_content,
    require_sending,
    visible_rows,
)
from sepahan_django.models import InboundMessage, OutboundMessage, RowProblem, SendDraft
from sepahan_django.values.visible import visible

MAX_PASTED_ROWS_SHOWN = 1000
"""Pasted rows that are put back into the box for editing; longer lists are only counted."""


def write_view(request: HttpRequest, *, site: admin.AdminSite) -> HttpResponse:
    """GET shows the form, filled in for a reply or from a draft; POST stores a draft.

    Its buttons: `check` leads on to the check, `read` reads the recipients so that their columns can be
    used, `template` takes over the chosen template. The last two lose nothing of what was typed.
    """
    require_sending(request)
    draft = _draft(request)
    if draft is not None and draft.sent_at:
        return to_campaign(request, draft.campaign, site=site)
    if request.method != "POST":
        return _page(request, _form(request, draft, initial=_initial(request, draft)), site=site)
    form = _form(request, draft, data=request.POST, files=request.FILES)
    try:
        draft = _store(request, form)
    except drafts.AlreadySent as earlier:
        return to_campaign(request, earlier.campaign, site=site)
    if request.POST.get("action") in ("read", "template"):
        return _page(request, _again(request, form, draft), site=site)
    if form.is_valid() and draft is not None:
        return to_page(site, "check", draft.pk)
    form.draft = draft
    return _page(request, form, site=site)


def _draft(request: HttpRequest) -> SendDraft | None:
    given = parse_pk((request.POST if request.method == "POST" else request.GET).get("draft"))
    return own_draft(request, given) if given else None


def _form(request: HttpRequest, draft: SendDraft | None, **arguments: Any) -> WriteForm:
    return WriteForm(
        user=request.user,
        hidden=hidden_accounts(request),
        draft=draft,
        may_use_lists=may(request, "view_recipientlist"),
        **arguments,
    )


def _initial(request: HttpRequest, draft: SendDraft | None) -> dict[str, Any]:
    """From a draft; for a reply, the number that wrote and the line it wrote to; or the numbers given."""
    if draft is not None:
        return {**initial_of(draft), "recipients": _pasted(draft)}
    given: dict[str, Any] = {"recipients": request.GET["to"][:1000]} if "to" in request.GET else {}
    if saved_list := parse_pk(request.GET.get("list")):
        given["saved_list"] = saved_list
    reply_to = parse_pk(request.GET.get("reply_to"))
    if not reply_to or not may(request, "view_inboundmessage"):
        return given
    received = visible_rows(request, InboundMessage.objects.filter(pk=reply_to)).first()
    if received is None or not may_see_content(request):
        return given
    return {"recipients": received.sender, "line": received.line, "account": received.api_key_id}


def _pasted(draft: SendDraft) -> str:
    """What was pasted, as a table that is read like it; empty where it came otherwise, or is long."""
    rows = list(draft.rows.order_by("pk")[: MAX_PASTED_ROWS_SHOWN + 1]) if not draft.source else []
    if not rows or len(rows) > MAX_PASTED_ROWS_SHOWN:
        return ""
    head = ["\t".join([_("Number"), *draft.columns])] if draft.columns else []
    lines = (
        [row.recipient or row.raw, *(str(row.values.get(name, "")) for name in draft.columns)] for row in rows
    )
    # A cell's own line breaks and tabs would make other rows of it.
    return "\n".join([*head, *("\t".join(" ".join(cell.split()) for cell in cells) for cells in lines)])


def _store(request: HttpRequest, form: WriteForm) -> SendDraft | None:
    """Store what can be stored, whatever is wrong with the rest: a file need not be chosen again.

    What is wrong with the recipients becomes an error of the form. None where there is nothing to store.
    """
    is_valid = form.is_valid()
    draft = form.draft
    data = form.cleaned_data
    pasted, file, saved = data.get("recipients", ""), data.get("file"), data.get("saved_list")
    has_new = bool(pasted or file is not None or saved)
    if sum((bool(pasted), file is not None, bool(saved))) > 1:
        form.add_error(
            "recipients", _("Give the recipients in one way only: pasted, from a file or from a saved list.")
        )
        return draft
    if not has_new and (draft is None or not draft.rows.exists()):
        form.add_error("recipients", _("Paste numbers, or choose a file or a saved list."))
        return draft
    if draft is None:
        draft = drafts.start(request.user)
    written = {
        "api_key": data.get("account"),
        "sender": data.get("line") or "",
        "text": data.get("text", ""),
        "title": data.get("title", ""),
        "with_opt_out": data.get("with_opt_out", False),
        "send_at": data.get("send_at"),
    }
    if is_valid:
        drafts.change(draft, **written)
    if has_new:
        _fill(form, draft, pasted, file, saved)
    return draft


def _fill(form: WriteForm, draft: SendDraft, pasted: str, file: Any, saved: Any) -> None:
    try:
        if file is not None:
            drafts.fill_from_file(draft, file.file, file.name)
        elif saved:
            drafts.fill_from_list(draft, saved)
        else:
            drafts.fill_from_text(draft, pasted)
    except drafts.AlreadySent:
        raise
    except drafts.DraftError as error:
        form.add_error("file" if file is not None else "recipients", str(error))


def _again(request: HttpRequest, form: WriteForm, draft: SendDraft | None) -> WriteForm:
    """The form as it was typed, without complaints about what is not there yet, and with the template."""
    typed: dict[str, Any] = {name: request.POST.get(name, "") for name in form.fields if name != "file"}
    typed["with_opt_out"] = "with_opt_out" in request.POST
    chosen = form.cleaned_data.get("template")
    if chosen is not None and request.POST.get("action") == "template":
        typed["text"] = chosen.text
    if request.POST.get("action") == "read":
        for name in ("recipients", "file"):
            for error in form.errors.get(name, ()):
                messages.error(request, str(error))
    return _form(request, draft, initial=typed)


def _page(request: HttpRequest, form: WriteForm, *, site: admin.AdminSite) -> HttpResponse:
    rows = list(form.fields["account"].queryset)  # type: ignore[attr-defined]
    draft = form.draft
    context = {
        **site.each_context(request),
        "title": _("Send SMS"),
        "opts": OutboundMessage._meta,
        "form": form,
        "draft": draft,
        "stored": _stored(draft),
        "columns": [visible(f"{{{column}}}") for column in draft.columns] if draft else [],
        "source": visible(draft.source) if draft else "",
        "credits": [(row, display.credit(row)) for row in rows] if may(request, "view_credit") else [],
        "has_account": bool(rows),
        "media": form.media,
    }
    return TemplateResponse(request, "sepahan_django/admin/send.html", context)


def _stored(draft: SendDraft | None) -> dict[str, int]:
    """How many rows of the draft are read, given twice, and can't be read."""
    counts = dict(draft.rows.order_by().values_list("problem").annotate(Count("pk"))) if draft else {}
    unreadable = counts.pop(RowProblem.UNREADABLE, 0)
    if not counts and not unreadable:
        return {}
    duplicates = counts.get(RowProblem.DUPLICATE, 0)
    return {"found": sum(counts.values()), "duplicates": duplicates, "unreadable": unreadable}
