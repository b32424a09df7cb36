"""Spreadsheets read row by row: CSV in the encodings that Excel writes here, and XLSX.

Uploaded files may be damaged or malicious: everything is bounded, before and while it is read, and every
problem becomes an InvalidFile.
"""

import codecs
import csv
import io
import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Any

from django.utils.translation import gettext as _

from sepahan_django.drafts.errors import InvalidFile
from sepahan_django.values.digits import localize_number
from sepahan_django.values.tables import clean_cell, column_name, column_names, guess_number_column, is_head

MEGABYTE = 1 << 20
MAX_FILE_BYTES = 20 * MEGABYTE
MAX_UNPACKED_BYTES = 150 * MEGABYTE
MAX_XML_TAGS = 300_000
"""XML tags between the ends of two rows, or two texts: what the reader holds in memory at once."""
MAX_XML_TEXTS = 2_000_000
"""Rows or texts in a part of an archive; the reader keeps a workbook's texts in memory."""
MAX_COLUMNS = 50
MAX_CELL_LENGTH = 1000
MAX_LINE_LENGTH = 200_000
LAST_SHEET_ROW = 1_048_576
LOOKED_AT = 100
"""First rows, used to detect the header and the number column."""
_DELIMITERS = (",", ";", "\t")

Row = tuple[int, list[str]]
Reader = Generator[tuple[int, Sequence[Any]], None, None]


@dataclass(frozen=True)
class Table:
    """A file's columns, the one with the numbers (empty if it can't be detected), and its rows."""

    columns: list[str]
    number_column: str
    rows: Iterator[Row]


@contextmanager
def opened(file: IO[bytes]) -> Iterator[Table]:
    """The table in this file, read as its rows are. InvalidFile, here or later, says what is wrong."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > MAX_FILE_BYTES:
        raise InvalidFile(
            _("The file is larger than %(most)s megabytes.")
            % {"most": localize_number(MAX_FILE_BYTES // MEGABYTE)}
        )
    begin = file.read(8)
    file.seek(0)
    if begin.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidFile(_("This is an old or protected Excel file. Save it as XLSX or CSV."))
    if not begin:
        raise InvalidFile(_("The file is empty."))
    reader = _xlsx(file) if begin.startswith(b"PK\x03\x04") else _csv(file)
    try:
        yield _table(_checked(reader))
    except InvalidFile:
        raise
    except (csv.Error, UnicodeError, zipfile.BadZipFile) as error:
        raise InvalidFile(_damaged()) from error
    finally:
        reader.close()


def _damaged() -> str:
    return _("The file can't be read. Save it again as XLSX or CSV.")


def _checked(rows: Iterator[tuple[int, Sequence[Any]]]) -> Iterator[Row]:
    """The rows that hold anything, their cells as clean text without the empty ones at the end."""
    for row, cells in rows:
        width = len(cells)
        while width and cells[width - 1] is None:  # the reader fills each row up to the last column
            width -= 1
        texts = [clean_cell(_cell_text(cell)) for cell in cells[:width]]
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            continue
        if len(texts) > MAX_COLUMNS:
            most = localize_number(MAX_COLUMNS)
            raise InvalidFile(_("The file has more than %(most)s columns.") % {"most": most})
        if any(len(text) > MAX_CELL_LENGTH for text in texts):
            raise InvalidFile(
                _("Row %(row)s has a cell with more than %(most)s characters.")
                % {"row": localize_number(row), "most": localize_number(MAX_CELL_LENGTH)}
            )
        yield row, texts


def _cell_text(cell: Any) -> str:
    """A cell as its text: whole numbers without Excel's `.0`, dates as ISO."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
    if hasattr(cell, "isoformat"):
        text = str(cell.isoformat(" ") if hasattr(cell, "date") else cell.isoformat())
        return text.removesuffix(" 00:00:00")
    return str(cell)


def _table(rows: Iterator[Row]) -> Table:
    first = list(islice(rows, LOOKED_AT))
    if not first:
        raise InvalidFile(_("The file is empty."))
    width = max(len(cells) for _row, cells in first)
    if is_head(first[0][1]) and len(first) > 1:
        head = first.pop(0)[1]
        columns = column_names([*head, *[""] * (width - len(head))])
    else:
        columns = [column_name(position + 1) for position in range(width)]
    guessed = guess_number_column([cells for _row, cells in first], width)
    return Table(columns, "" if guessed is None else columns[guessed], chain(first, rows))


# CSV


def _csv(file: IO[bytes]) -> Reader:
    text = io.TextIOWrapper(file, encoding=_encoding(file), newline="")
    try:
        start = text.read(64 * 1024)
        text.seek(0)
        delimiter = _delimiter(start)
        lines = _lines(text)
        if start[:4].casefold() == "sep=":  # Excel's own first line
            next(lines)
        reader = csv.reader(lines, delimiter=delimiter)
        for cells in reader:
            yield reader.line_num, cells
    finally:
        text.detach()


def _lines(text: IO[str]) -> Iterator[str]:
    while line := text.readline(MAX_LINE_LENGTH + 1):
        if len(line) > MAX_LINE_LENGTH:
            raise InvalidFile(_damaged())
        if "\x00" in line:
            raise InvalidFile(_("This is not a CSV or XLSX file."))
        yield line


def _encoding(file: IO[bytes]) -> str:
    """UTF-8 and UTF-16 by their marks or by what they hold; otherwise what Persian Windows writes."""
    begin = file.read(4096)
    file.seek(0)
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if begin[1::2].count(0) > len(begin) // 4:  # Latin letters and digits in UTF-16, without a mark
        return "utf-16-le"
    if begin[::2].count(0) > len(begin) // 4:
        return "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while some := file.read(MEGABYTE):
            decoder.decode(some)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1256"
    finally:
        file.seek(0)
    return "utf-8-sig"


def _delimiter(start: str) -> str:
    """The one that cuts the first lines into the most cells, most evenly."""
    if start[:4].casefold() == "sep=" and start[4:5] in (*_DELIMITERS, "|"):
        return start[4]
    lines = [line for line in start.splitlines()[:50] if line.strip()]
    if len(lines) > 1 and len(start) >= 64 * 1024:
        lines.pop()  # cut in the middle

    def evenness(delimiter: str) -> tuple[int, int]:
        widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter)]
        usual = max(set(widths), key=widths.count, default=1)
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(_DELIMITERS, key=evenness)


# XLSX


def _xlsx(file: IO[bytes]) -> Reader:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise InvalidFile(
            _("Excel files need sepahan_django[xlsx] on the server. Save the file as CSV.")
        ) from None
    _check_archive(file)
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its own size may be wrong
        for row, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True), start=1):
            if row > LAST_SHEET_ROW:
                raise InvalidFile(_damaged())
            yield row, cells
    except (InvalidFile, GeneratorExit):
        raise
    except Exception as error:
        # The reader fails in its own ways (KeyError, ParseError, …) on what is not a valid workbook.
        raise InvalidFile(_damaged()) from error


def _check_archive(file: IO[bytes]) -> None:
    """Unpack once to nowhere: neither what the archive says of its size nor what it really has is too much.

    Nor is what the XML reader would have to hold at once, which it lets go of at the end of a row or text.
    """
    too_large = InvalidFile(
        _("The unpacked file is larger than %(most)s megabytes.")
        % {"most": localize_number(MAX_UNPACKED_BYTES // MEGABYTE)}
    )
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > 1000 or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                raise too_large
            total = 0
            for member in members:
                tags, texts, tail = 0, 0, b""
                with archive.open(member) as unpacked:
                    while some := unpacked.read(64 * 1024):
                        total += len(some)
                        if total > MAX_UNPACKED_BYTES:
                            raise too_large
                        first, *others = (tail + some).replace(b"si>", b"row>").split(b"row>")
                        tags += first.count(b"<") - tail.count(b"<")
                        for piece in others:
                            _check_tree(tags)
                            tags = piece.count(b"<")
                        texts += len(others)
                        if texts > MAX_XML_TEXTS:
                            raise too_large
                        _check_tree(tags)
                        tail = some[-3:]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise InvalidFile(_damaged()) from error
    file.seek(0)


def _check_tree(tags: int) -> None:
    if tags > MAX_XML_TAGS:
        raise InvalidFile(_damaged())
