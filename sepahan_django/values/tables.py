"""Recipients in rows: what was pasted, a number and the cells beside it, and the names of the columns."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext

from sepahan_django.values.digits import latin_digits, localize_number
from sepahan_django.values.phones import (
    InvalidPhoneNumber,
    Unreadable,
    looks_like_phone,
    normalize_mobile,
    read_cell,
    split_fields,
)
from sepahan_django.values.placeholders import clean_name, same_name
from sepahan_django.values.sentences import sentence as _

MAX_RAW_LENGTH = 200

_FIGURE = re.compile(r"[\d\s.,٬٫+\-/]+")
_MEANT_AS_MOBILE = re.compile(r"(?:\+98|0098|0)9[0-9]{4,}")


@dataclass(frozen=True)
class Recipient:
    """A row: the number as it was given and as it was read, or why it can't be. `row` counts from 1."""

    row: int
    raw: str
    number: str = ""
    reason: str = ""
    values: dict[str, str] = field(default_factory=dict)


def column_name(position: int) -> str:
    """What a column without a name is called; `position` counts from 1."""
    return gettext("Column %(number)s") % {"number": localize_number(position)}


def column_names(cells: Iterable[object]) -> list[str]:
    """Names for columns from the cells of a head: cleaned, none empty, none twice."""
    names: list[str] = []
    taken: set[str] = set()
    for position, cell in enumerate(cells, start=1):
        name = wanted = clean_name(cell) or column_name(position)
        copy = 1
        while same_name(name) in taken:
            copy += 1
            name = f"{wanted[:50]} {localize_number(copy)}"
        taken.add(same_name(name))
        names.append(name)
    return names


def clean_cell(value: object) -> str:
    """A cell as text that every database takes."""
    text = str(value).replace("\x00", "")
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n").strip()


def read_number(cell: str) -> list[tuple[str, str]]:
    """The numbers of a cell that holds a number, as (number, "") or ("", why not); several are several."""
    try:
        return [(normalize_mobile(cell), "")]
    except InvalidPhoneNumber as error:
        problem = error.reason
    parts = split_fields(cell)
    numbers = [one for part in parts for one in read_cell(part)[0] if isinstance(one, str)]
    return [(number, "") for number in numbers] or [("", problem)]


class Pasted:
    """What was pasted, row by row. `columns` is complete once the rows have been read."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._names: list[str] = []
        self._first = 0
        self._positions: dict[int, int] = {}
        self._seen_values: set[int] = set()
        for index, line in enumerate(self._lines):
            if line.strip():
                if _is_head(line):
                    self._names = column_names(line.split("\t"))
                    self._first = index + 1
                break

    @property
    def columns(self) -> list[str]:
        """The names of the columns beside the number."""
        if not self._names:
            return [column_name(position + 1) for position in sorted(self._seen_values)]
        of_number = max(self._positions, key=lambda at: self._positions[at], default=None)
        beyond = [column_name(at + 1) for at in sorted(self._seen_values) if at >= len(self._names)]
        named = [name for at, name in enumerate(self._names) if at != of_number or at in self._seen_values]
        return named + beyond

    def __iter__(self) -> Iterator[Recipient]:
        for index in range(self._first, len(self._lines)):
            if self._lines[index].strip():
                yield from self._row(index + 1, self._lines[index])

    def _row(self, row: int, line: str) -> Iterator[Recipient]:
        is_table = "\t" in line
        cells = line.split("\t") if is_table else split_fields(line)
        found: list[tuple[str, str | Unreadable]] = []
        values: dict[int, str] = {}
        for position, cell in enumerate(cells):
            results, words = _read(cell)
            numbers = [one for one in results if isinstance(one, str)]
            found += [(cell, one) for one in results]
            if numbers:
                self._positions[position] = self._positions.get(position, 0) + len(numbers)
            value = " ".join(words) if numbers else clean_cell(cell)
            if value:
                values[position] = value
        if any(isinstance(one, str) for _cell, one in found):
            # Beside a number a short figure is a row number, an amount or a code, not a number gone wrong.
            meant = _meant_as_mobile if is_table else looks_like_phone
            found = [(cell, one) for cell, one in found if isinstance(one, str) or meant(one.raw)]
            self._seen_values |= set(values)
        elif not found:
            found = [(line, Unreadable(line.strip(), _("It contains no number.")))]
        named = {self._name(position): value for position, value in values.items()}
        for cell, one in found:
            if isinstance(one, str):
                yield Recipient(row, clean_cell(cell)[:MAX_RAW_LENGTH], one, "", named)
            else:
                yield Recipient(row, clean_cell(one.raw)[:MAX_RAW_LENGTH], "", one.reason, {})

    def _name(self, position: int) -> str:
        return self._names[position] if position < len(self._names) else column_name(position + 1)


def _read(cell: str) -> tuple[list[str | Unreadable], list[str]]:
    results: list[str | Unreadable] = []
    words: list[str] = []
    for part in split_fields(cell):
        numbers, beside = read_cell(part)
        results += numbers
        words += beside
    return results, words


def _is_head(line: str) -> bool:
    """Whether a line names columns: cells between tabs, none of them a figure."""
    cells = line.split("\t")
    return len(cells) > 1 and is_head([cell.strip() for cell in cells])


def _meant_as_mobile(raw: str) -> bool:
    return _MEANT_AS_MOBILE.match(re.sub(r"[\s-]", "", latin_digits(raw))) is not None


def in_table(
    rows: Iterable[tuple[int, Sequence[str]]], columns: Sequence[str], number_column: str
) -> Iterator[Recipient]:
    """The rows of a table, with the numbers of one column; all cells are kept by column name."""
    for row, cells in rows:
        values = {name: cell for name, cell in zip(columns, cells, strict=False) if cell}
        yield from in_row(row, values, number_column)


def in_row(row: int, values: dict[str, str], number_column: str) -> Iterator[Recipient]:
    """One row of a table: as many recipients as its number's cell holds numbers."""
    raw = values.get(number_column, "")
    for number, reason in read_number(raw):
        yield Recipient(row, raw[:MAX_RAW_LENGTH], number, reason, values)


def guess_number_column(rows: Sequence[Sequence[str]], width: int) -> int | None:
    """Which column of these first rows holds the numbers; None where none can be read."""
    counts = [sum(_is_number(cells[at]) for cells in rows if at < len(cells)) for at in range(width)]
    best = max(range(width), key=counts.__getitem__, default=None)
    return best if best is not None and counts[best] else None


def _is_number(cell: str) -> bool:
    return any(number for number, _reason in read_number(cell))


def is_head(cells: Sequence[str]) -> bool:
    """Whether a table's first row names its columns: text, and nothing that is or was meant as a number."""
    filled = [cell for cell in cells if cell]
    return bool(filled) and not any(_FIGURE.fullmatch(cell) or looks_like_phone(cell) for cell in filled)
