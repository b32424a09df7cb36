"""The rows that are not sent to, as a file."""

from collections.abc import Iterator

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from sepahan_django.admin.compose import access
from sepahan_django.admin.kit.exports import csv_file, file_of
from sepahan_django.admin.kit.permissions import require_sending
from sepahan_django.drafts import iter_rows
from sepahan_django.models import RowProblem, SendDraft


def refused_view(request: HttpRequest, *, site: admin.AdminSite, draft_id: int) -> HttpResponseBase:
    """XLSX, or CSV with `?format=csv` and where the server can't write XLSX. Kept also once it is sent."""
    require_sending(request)
    draft = access.own_draft(request, draft_id)
    rows, name = _rows(request, draft), f"refused-{draft.pk}"
    is_xlsx = request.GET.get("format") != "csv"
    return file_of(rows, name=name, is_xlsx=is_xlsx) or csv_file(rows, name=name)


def _rows(request: HttpRequest, draft: SendDraft) -> Iterator[list[str]]:
    """A head and the rows: where, what, why, and the cells beside it."""
    columns = draft.columns if access.shows_cells(request, draft) else []
    if not access.shows_numbers(request, draft):  # its cells would reveal the number
        columns = [column for column in columns if column != draft.number_column]
    yield [_("row"), _("as entered"), _("problem"), _("reason"), *columns]
    problems = [RowProblem.UNREADABLE, RowProblem.EMPTY_COLUMN]
    if not draft.keep_duplicates:
        problems.append(RowProblem.DUPLICATE)
    for _pk, row, raw, problem, reason, values in iter_rows(
        draft, problems, "number", "raw", "problem", "reason", "values"
    ):
        given = access.number_as_given(request, draft, raw)
        label = str(RowProblem(problem).label)
        yield [str(row), given, label, reason, *(str(values.get(column, "")) for column in columns)]
