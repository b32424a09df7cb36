"""The rows that are not sent to, as a file."""

import tempfile
from collections.abc import Iterator

from django.contrib import admin
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from sepahan_django.admin.compose import access
from sepahan_django.admin.kit.exports import XLSX
from sepahan_django.admin.kit.permissions import require_sending
from sepahan_django.drafts import walk
from sepahan_django.models import RowProblem, SendDraft
from sepahan_django.reports import exports


def refused_view(request: HttpRequest, *, site: admin.AdminSite, draft_id: int) -> HttpResponseBase:
    """XLSX, or CSV with `?format=csv` and where the server can't write XLSX. Kept also once it is sent."""
    require_sending(request)
    draft = access.own_draft(request, draft_id)
    rows = _rows(request, draft)
    name = f"refused-{draft.pk}"
    if request.GET.get("format") != "csv":
        # On disk, not in memory; gone when the answer is sent.
        file = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
        try:
            exports.write_xlsx(file, rows, right_to_left=get_language_bidi())
        except ImportError:
            file.close()
        else:
            file.seek(0)
            return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)
    return StreamingHttpResponse(
        exports.csv_lines(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _rows(request: HttpRequest, draft: SendDraft) -> Iterator[list[str]]:
    """A head and the rows: where, what, why, and the cells beside it."""
    columns = draft.columns if access.shows_cells(request, draft) else []
    if not access.shows_numbers(request, draft):  # its cells would tell the number
        columns = [column for column in columns if column != draft.number_column]
    yield [_("row"), _("as it was given"), _("problem"), _("reason"), *columns]
    problems = [RowProblem.UNREADABLE, RowProblem.EMPTY_COLUMN]
    if not draft.keep_duplicates:
        problems.append(RowProblem.DUPLICATE)
    for _pk, row, raw, problem, reason, values in walk(
        draft, problems, "number", "raw", "problem", "reason", "values"
    ):
        given = access.number_as_given(request, draft, raw)
        label = str(RowProblem(problem).label)
        yield [str(row), given, label, reason, *(str(values.get(column, "")) for column in columns)]
