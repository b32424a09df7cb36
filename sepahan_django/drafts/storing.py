"""Storing a draft and its recipients, whatever their source."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any

from django.db import transaction

from sepahan_django.db.chunks import walk_values
from sepahan_django.drafts import rows, spreadsheets
from sepahan_django.drafts.errors import DraftError
from sepahan_django.models import ApiKey, ListMember, RecipientList, RowProblem, SendDraft
from sepahan_django.values.digits import localize_number
from sepahan_django.values.phones import InvalidPhoneNumber, normalize_line, normalize_mobile
from sepahan_django.values.placeholders import clean_name
from sepahan_django.values.sentences import sentence as _
from sepahan_django.values.tables import (
    MAX_RAW_LENGTH,
    Pasted,
    Recipient,
    clean_cell,
    column_name,
    in_row,
    in_table,
)

MAX_SOURCE_LENGTH = 200


def start(
    user: Any,
    *,
    account: ApiKey | None = None,
    sender: str = "",
    text: str = "",
    title: str = "",
    source: str = "",
) -> SendDraft:
    """A draft of this user's, without recipients yet. ValueError for an invalid sender line."""
    return SendDraft.objects.create(
        created_by=user,
        api_key=account,
        sender=normalize_line(sender) if sender else "",
        text=text,
        title=title[:200],
        source=source[:MAX_SOURCE_LENGTH],
    )


def change(draft: SendDraft, **fields: Any) -> None:
    """Change these fields of the draft, and mark its rows anew where the text uses other columns now.

    AlreadySent when it has gone out.
    """
    with transaction.atomic():
        rows.lock(draft)
        before = rows.used_columns(draft)
        for name, value in fields.items():
            setattr(draft, name, value)
        draft.save(update_fields=list(fields))
        if set(rows.used_columns(draft)) != set(before):
            rows.mark(draft)


def fill(draft: SendDraft, recipients: Iterable[tuple[object, Mapping[str, object]]]) -> None:
    """Fill the recipients from (number in any format, {column: text}) pairs, read as they are stored.

    `NoNumber` stands for a missing number.
    """
    columns: dict[str, str] = {}

    def cleaned() -> Iterator[Recipient]:
        for row, (raw, given) in enumerate(recipients, start=1):
            values = {}
            for name, value in given.items():
                if name not in columns:
                    columns[name] = clean_name(name) or column_name(len(columns) + 1)
                    _check_columns(columns)
                if value not in (None, ""):
                    values[columns[name]] = clean_cell(value)
            yield _recipient(row, raw, values)

    _fill(draft, cleaned(), columns=lambda: list(dict.fromkeys(columns.values())))


class NoNumber:
    """Stands for a missing number. `name` identifies the row to the user."""

    def __init__(self, name: object) -> None:
        self.name = str(name)


def _recipient(row: int, raw: object, values: dict[str, str]) -> Recipient:
    if isinstance(raw, NoNumber):
        # Not parsed: a name may contain another number.
        return Recipient(row, clean_cell(raw.name)[:MAX_RAW_LENGTH], "", _("The number is empty."), values)
    shown = clean_cell("" if raw is None else raw)[:MAX_RAW_LENGTH]
    try:
        return Recipient(row, shown, normalize_mobile(raw), "", values)
    except InvalidPhoneNumber as error:
        return Recipient(row, shown, "", error.reason, values)


def fill_from_text(draft: SendDraft, text: str) -> None:
    """The recipients from what was pasted: from Excel, with names beside them, one a line or many.

    A first line of names between tabs names the columns; otherwise they are called by their position.
    """
    pasted = Pasted(text)
    _fill(draft, pasted, columns=lambda: pasted.columns)


def fill_from_list(draft: SendDraft, recipient_list: RecipientList) -> None:
    """The members of a saved list as they are now."""
    _fill(
        draft,
        _members(recipient_list),
        columns=lambda: list(recipient_list.columns),
        known=list(recipient_list.columns),
        source=str(recipient_list),
    )


def _members(recipient_list: RecipientList) -> Iterator[Recipient]:
    members = ListMember.objects.filter(list=recipient_list)
    for row, (_pk, recipient, values) in enumerate(walk_values(members, "recipient", "values"), start=1):
        yield _recipient(row, recipient, values)


def fill_from_file(draft: SendDraft, file: IO[bytes], name: str) -> None:
    """The recipients from a CSV or XLSX file, with all its columns; InvalidFile says why it can't be read.

    The column with the most readable numbers in the first rows becomes the number column; `map_number`
    selects another.
    """
    with spreadsheets.opened(file) as table:
        _fill(
            draft,
            in_table(table.rows, table.columns, table.number_column),
            columns=lambda: table.columns,
            known=table.columns,
            number_column=table.number_column,
            source=clean_cell(name),
        )


def map_number(draft: SendDraft, column: str) -> None:
    """Read the numbers from this column of the file instead."""
    if column not in draft.columns:
        raise DraftError(_("The file has no column “%(column)s”.", column=column))
    _fill(
        draft,
        _read_again(draft, column),
        columns=lambda: list(draft.columns),
        known=list(draft.columns),
        number_column=column,
        source=draft.source,
    )


def _read_again(draft: SendDraft, column: str) -> Iterator[Recipient]:
    last = None
    for _pk, row, values in rows.iter_rows(draft, RowProblem.values, "number", "values"):
        if row != last:  # a cell with several numbers had made several rows of one
            yield from in_row(row, values, column)
        last = row


def _fill(
    draft: SendDraft,
    recipients: Iterable[Recipient],
    *,
    columns: Callable[[], list[str]],
    known: list[str] | None = None,
    number_column: str = "",
    source: str | None = None,
) -> None:
    """Store them all or, with an error, leave the draft as it was. `columns` is asked at the end."""
    before = (draft.columns, draft.number_column, draft.source)
    try:
        with transaction.atomic():
            rows.lock(draft)
            draft.columns = known if known is not None else []
            draft.number_column = number_column
            if source is not None:
                draft.source = source[:MAX_SOURCE_LENGTH]
            rows.store(draft, recipients)
            draft.columns = columns()
            _check_columns(draft.columns)
            draft.save(update_fields=["columns", "number_column", "source"])
            if known is None and rows.used_columns(draft):
                rows.mark(draft)  # which columns there are is known only now
    except BaseException:
        draft.columns, draft.number_column, draft.source = before
        raise


def _check_columns(columns: Iterable[str]) -> None:
    if len(list(columns)) > spreadsheets.MAX_COLUMNS:
        raise DraftError(_("At most %(most)s columns.", most=localize_number(spreadsheets.MAX_COLUMNS)))
