"""The button that makes a file of a list, with the filters and the search that are on."""

import tempfile
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote_plus

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from sepahan_django.admin.kit import history
from sepahan_django.admin.kit.permissions import may, may_see_content
from sepahan_django.logs import without_numbers
from sepahan_django.reports import exports
from sepahan_django.values.digits import localize_number
from sepahan_django.values.jalali import to_jalali_day

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Exporting(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list that users with `export_permission` can export. Each export is recorded in the history."""

    export_permission = ""

    def get_urls(self) -> list[URLPattern]:
        name = f"sepahan_django_export_{self.opts.model_name}"
        return [path("export/", self.admin_site.admin_view(self.export), name=name), *super().get_urls()]

    def may_export(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and may(request, self.export_permission)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {"may_export": self.may_export(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """A POST, since it leaves a trace; the list's query string says which rows."""
        if not self.may_export(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        back = HttpResponseRedirect(
            reverse(f"{self.admin_site.name}:sepahan_django_{self.opts.model_name}_changelist")
        )
        try:
            found = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return back
        is_xlsx = request.POST.get("format") != "csv"
        columns = exports.columns_for(self.model, whole=may_see_content(request))
        count = found.count()
        if count > exports.MAX_SHEET_ROWS:
            most = localize_number(exports.MAX_SHEET_ROWS)
            self.message_user(
                request,
                _("A sheet holds at most %(most)s rows. Filter the list first.") % {"most": most},
                messages.ERROR,
            )
            return back
        said = _("Exported as %(format)s: %(query)s") % {
            "format": "XLSX" if is_xlsx else "CSV",
            "query": without_numbers(unquote_plus(request.GET.urlencode())) or "—",
        }
        history.note_many(request, self.model, count, said)
        return file_of(
            exports.rows_of(found, columns), name=file_name(self.opts.model_name or ""), is_xlsx=is_xlsx
        ) or self._without_xlsx(request, back)

    def _without_xlsx(self, request: HttpRequest, back: HttpResponseBase) -> HttpResponseBase:
        self.message_user(request, no_xlsx(), messages.ERROR)
        return back


def file_name(subject: str) -> str:
    """What a file of today is called, without its ending."""
    return f"{subject}-{to_jalali_day(timezone.now()).replace('/', '-')}"


def no_xlsx() -> str:
    """The message for a server that can't write Excel files."""
    return _("Excel files need sepahan_django[xlsx] on the server. Use CSV instead.")


def file_of(rows: Iterable[Sequence[str]], *, name: str, is_xlsx: bool) -> HttpResponseBase | None:
    """The rows as a file to download, written as they are read; None where Excel files can't be written."""
    if not is_xlsx:
        return csv_file(rows, name=name)
    # On disk, not in memory; gone when the answer is sent.
    file = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    try:
        exports.write_xlsx(file, rows, right_to_left=get_language_bidi())
    except ImportError:
        file.close()
        return None
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)


def csv_file(rows: Iterable[Sequence[str]], *, name: str) -> HttpResponseBase:
    """The rows as a CSV file to download, which every server can write."""
    return StreamingHttpResponse(
        exports.csv_lines(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
