"""Lists as files for Excel: XLSX with nothing but text cells, CSV with a guard against formulas.

What inbound SMS say is written by strangers, and a spreadsheet runs a cell that begins like a formula.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import IO, Any

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from sepahan_django.db.chunks import walk
from sepahan_django.models import InboundMessage, OutboundMessage
from sepahan_django.values.jalali import TEHRAN, format_datetime
from sepahan_django.values.phones import mask
from sepahan_django.values.visible import visible
from sepahan_django.wording import delivery_text, error_text

MAX_SHEET_ROWS = 1_048_575
"""What a sheet holds, under its head."""
HIDDEN = "•••"

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


_PART = re.compile(r"([;\t\r\n|]\s*)(?=[=+\-@＝＋－＠])")


@dataclass(frozen=True)
class Column:
    """A column: its title, and the text of a row's cell."""

    title: Any
    cell: Callable[[Any], str]


def outbound_columns(*, whole: bool) -> list[Column]:
    """Of outbound messages. Without `whole` numbers are masked and texts left out."""
    return [
        Column(gettext_lazy("database id"), lambda m: str(m.pk)),
        Column(gettext_lazy("recipient"), lambda m: visible(m.recipient) if whole else mask(m.recipient)),
        Column(gettext_lazy("text"), lambda m: m.text if whole else HIDDEN),
        Column(gettext_lazy("sender line"), lambda m: visible(m.sender)),
        Column(gettext_lazy("account"), lambda m: str(m.api_key)),
        Column(gettext_lazy("campaign"), lambda m: str(m.campaign or "")),
        Column(gettext_lazy("state"), lambda m: str(m.get_state_display())),
        Column(gettext_lazy("state code"), lambda m: m.state),
        Column(gettext_lazy("delivery status"), lambda m: delivery_text(m.delivery_status)),
        Column(gettext_lazy("error"), lambda m: "" if m.error_code is None else error_text(m.error_code)),
        Column(gettext_lazy("gateway id"), lambda m: str(m.gateway_id or "")),
        *_times(gettext_lazy("created at"), lambda m: m.created_at),
        *_times(gettext_lazy("sent at"), lambda m: m.sent_at),
        *_times(gettext_lazy("delivered at"), lambda m: m.delivered_at),
    ]


def inbound_columns(*, whole: bool) -> list[Column]:
    """Of inbound messages. Without `whole` numbers are masked and texts left out."""
    return [
        Column(gettext_lazy("database id"), lambda m: str(m.pk)),
        Column(gettext_lazy("sender"), lambda m: visible(m.sender) if whole else mask(visible(m.sender))),
        Column(gettext_lazy("text"), lambda m: m.text if whole else HIDDEN),
        Column(gettext_lazy("line"), lambda m: visible(m.line)),
        Column(gettext_lazy("account"), lambda m: str(m.api_key)),
        Column(gettext_lazy("raw gateway date"), lambda m: visible(m.gateway_date)),
        *_times(gettext_lazy("received at"), lambda m: m.received_at),
        *_times(gettext_lazy("processed at"), lambda m: m.dispatched_at),
        *_times(gettext_lazy("read at"), lambda m: m.read_at),
        *_times(gettext_lazy("handled at"), lambda m: m.done_at),
    ]


def _times(title: Any, moment: Callable[[Any], datetime | None]) -> list[Column]:
    """Jalali for people, ISO for machines; both Tehran."""

    def jalali(row: Model) -> str:
        value = moment(row)
        return "" if value is None else format_datetime(value, language="en")

    def iso(row: Model) -> str:
        value = moment(row)
        return "" if value is None else timezone.localtime(value, TEHRAN).isoformat(timespec="seconds")

    return [Column(title, jalali), Column(_IsoTitle(title), iso)]


class _IsoTitle:
    """A column's title with what kind of date it holds, in the language at the moment of writing."""

    def __init__(self, title: Any) -> None:
        self.title = title

    def __str__(self) -> str:
        return f"{self.title} (ISO)"


def rows_of(messages: "QuerySet[Any]", columns: Sequence[Column]) -> Iterator[list[str]]:
    """The head and the rows, the newest first, read as they are written."""
    yield [str(column.title) for column in columns]
    related = ("api_key", "campaign") if messages.model is OutboundMessage else ("api_key",)
    for row in islice(walk(messages.select_related(*related), newest_first=True), MAX_SHEET_ROWS):
        yield [column.cell(row) for column in columns]


def columns_for(model: type[Model], *, whole: bool) -> list[Column]:
    """The columns of a model's export."""
    if model is InboundMessage:
        return inbound_columns(whole=whole)
    return outbound_columns(whole=whole)


def guarded(cell: str) -> str:
    """The cell for a CSV file: one that a spreadsheet would take for a formula begins with an apostrophe.

    So does a part of it that would be a cell of its own where lists are separated by semicolons or tabs.
    """
    cell = _PART.sub(r"\1'", cell)
    return f"'{cell}" if cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA) else cell


class _Line:
    """What the csv module writes into, one line at a time."""

    def write(self, line: str) -> str:
        return line


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a CSV file that Excel opens as it should: with a byte order mark, and guarded."""
    writer = csv.writer(_Line())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([guarded(cell.replace("\x00", "")) for cell in row])


def write_xlsx(file: IO[bytes], rows: Iterable[Sequence[str]], *, right_to_left: bool) -> None:
    """A sheet of text cells, written row by row. ImportError without the extra `xlsx`."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("SMS")
    sheet.sheet_view.rightToLeft = right_to_left
    sheet.freeze_panes = "A2"
    for row in rows:
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:32_767])
            cell.data_type = "s"  # whatever it looks like
            cells.append(cell)
        sheet.append(cells)
    book.save(file)
