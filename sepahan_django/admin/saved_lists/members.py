"""The page of a saved list's members: add what is pasted or uploaded, look through them, remove."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sepahan_django.admin.kit import display, history
from sepahan_django.admin.kit.addresses import page_address, parse_pk
from sepahan_django.admin.kit.masking import HIDDEN
from sepahan_django.admin.kit.permissions import may, may_see_content
from sepahan_django.drafts import DraftError, saved_lists
from sepahan_django.models import ListMember, RecipientList
from sepahan_django.values.digits import localize_number
from sepahan_django.values.phones import mask

PAGE = 100
MAX_COLUMNS_SHOWN = 8
"""Columns shown beside the number; a list may have more, and texts can use them all."""


class FillForm(forms.Form):
    """What is added: pasted, or in a file."""

    recipients = forms.CharField(
        label=gettext_lazy("Recipients"),
        required=False,
        strip=False,
        help_text=gettext_lazy(
            "Paste numbers in any format, or rows from Excel. A header row names the columns, "
            "and texts can use these names."
        ),
        widget=forms.Textarea(
            attrs={"rows": 6, "dir": "auto", "class": "vLargeTextField sepahan-recipients"}
        ),
        max_length=5_000_000,
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file"),
        required=False,
        help_text=gettext_lazy("CSV or XLSX, with the numbers in one column."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not cleaned["file"] and not cleaned["recipients"].strip():
            raise forms.ValidationError(_("Paste recipients, or choose a file."))
        return cleaned

    def add_to(self, recipient_list: RecipientList) -> saved_lists.AddReport:
        """DraftError says why it can't be done."""
        file = self.cleaned_data["file"]
        if file:
            return saved_lists.add_from_file(recipient_list, file)
        return saved_lists.add_from_text(recipient_list, self.cleaned_data["recipients"])


def members_view(request: HttpRequest, pk: int, *, page: Any) -> HttpResponse:
    """GET shows some of the members; POST adds, or removes those chosen. `page` is the lists' ModelAdmin."""
    request.current_app = page.admin_site.name
    recipient_list = RecipientList.objects.filter(pk=pk).first()
    may_change = page.has_change_permission(request, recipient_list)
    if not page.has_view_permission(request, recipient_list) or (request.method == "POST" and not may_change):
        raise PermissionDenied
    if recipient_list is None:
        raise Http404
    form, report = FillForm(), None
    if request.method == "POST" and request.POST.get("step") == "remove":
        _remove(request, recipient_list)
        return HttpResponseRedirect(request.get_full_path())
    if request.method == "POST":
        form = FillForm(request.POST, request.FILES)
        if form.is_valid():
            report = _add(request, recipient_list, form)
        if report:
            form = FillForm()
    whole = may_see_content(request)
    query = request.GET.get("q", "")[:100] if whole else ""
    found = Paginator(saved_lists.search(recipient_list, query), PAGE).get_page(request.GET.get("p"))
    columns = recipient_list.columns[:MAX_COLUMNS_SHOWN]
    context = {
        **page.admin_site.each_context(request),
        "title": _("Recipients of “%(list)s”") % {"list": recipient_list},
        "opts": page.opts,
        "list": recipient_list,
        "form": form,
        **_reported(report),
        "send_address": _send_address(request, recipient_list),
        "may_change": may_change,
        "may_search": whole,
        "query": query,
        "previous": str(found.previous_page_number()) if found.has_previous() else "",
        "next": str(found.next_page_number()) if found.has_next() else "",
        "columns": columns,
        "rows": [_member_row(member, columns, whole=whole) for member in found.object_list],
        "total": localize_number(found.paginator.count),
        "most_found": localize_number(saved_lists.MAX_SEARCH_RESULTS)
        if query and found.paginator.count == saved_lists.MAX_SEARCH_RESULTS
        else "",
        "number": localize_number(found.number),
        "pages": localize_number(found.paginator.num_pages),
        "more_columns": localize_number(len(recipient_list.columns) - len(columns))
        if len(recipient_list.columns) > len(columns)
        else "",
        "media": page.media + form.media,
    }
    return TemplateResponse(request, "sepahan_django/admin/members.html", context)


def _add(request: HttpRequest, recipient_list: RecipientList, form: FillForm) -> saved_lists.AddReport | None:
    """Add and note who did it; None with the reason in the form when it can't be done."""
    try:
        report = form.add_to(recipient_list)
    except DraftError as error:
        form.add_error(None, str(error))
        return None
    if report.added:
        said = ngettext("%(count)s recipient added.", "%(count)s recipients added.", report.added)
        history.note(request, [recipient_list], said % {"count": report.added})
    return report


def _remove(request: HttpRequest, recipient_list: RecipientList) -> None:
    chosen = request.POST.getlist("members")[:PAGE]
    removed = saved_lists.remove(recipient_list, [pk for pk in map(parse_pk, chosen) if pk])
    if not removed:
        messages.warning(request, _("Select the recipients to remove."))
        return
    said = ngettext("%(count)s recipient removed.", "%(count)s recipients removed.", removed)
    history.note(request, [recipient_list], said % {"count": removed})
    messages.success(request, said % {"count": localize_number(removed)})


def _send_address(request: HttpRequest, recipient_list: RecipientList) -> str:
    """The address for sending to this list; empty for users who may not send."""
    address = page_address(request, "sepahan_django_send") if may(request, "send_message") else ""
    return f"{address}?list={recipient_list.pk}" if address else ""


def _reported(report: saved_lists.AddReport | None) -> dict[str, Any]:
    """What became of the rows, for the person who has just pasted them."""
    if report is None:
        return {}
    return {
        "report": report,
        "added": localize_number(report.added),
        "duplicates": localize_number(report.duplicates),
        "unreadable": localize_number(report.unreadable),
        "unnamed": localize_number(report.unnamed) if report.unnamed else "",
        "left_out": [
            {"row": localize_number(one.row), "raw": display.untrusted(one.raw), "reason": one.reason}
            for one in report.left_out
        ],
    }


def _member_row(member: ListMember, columns: list[str], *, whole: bool) -> dict[str, Any]:
    number = member.recipient if whole else mask(member.recipient)
    cells = [str(member.values.get(column, "")) for column in columns]
    return {
        "pk": str(member.pk),  # a number would be shown with separators
        "number": display.number(number),
        "cells": [display.text(cell, most=80) if cell else display.EMPTY for cell in cells]
        if whole
        else [HIDDEN for _cell in cells],
    }
