"""Saved lists: members added from what was pasted or from a file, looked through and removed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from sepahan_django.db.chunks import walk_values
from sepahan_django.drafts import spreadsheets
from sepahan_django.drafts.errors import DraftError, InvalidFile
from sepahan_django.drafts.rows import MAX_ROWS
from sepahan_django.models import ListMember, RecipientList
from sepahan_django.values.digits import latin_digits, localize_number
from sepahan_django.values.placeholders import same_name
from sepahan_django.values.tables import Pasted, Recipient, in_table

MEMBER_CHUNK = 500
"""Members that one query looks up and one INSERT adds: each is a parameter, of which SQLite took only 999."""
MAX_MEMBERS = MAX_ROWS
"""What a list may hold: as many as can be sent to at once."""
MAX_LISTED_ROWS = 50
"""Skipped rows that are listed; the rest are only counted."""
MAX_SEARCH_RESULTS = 200
"""Members that a search by a name finds."""


class ListError(DraftError):
    """The list can't take this; str() is one sentence."""


@dataclass
class AddReport:
    """What became of the rows: how many were added, and which were left out and why."""

    added: int = 0
    duplicates: int = 0
    unreadable: int = 0
    left_out: list[Recipient] = field(default_factory=list)
    """The first `MAX_LISTED_ROWS`, each with its reason."""

    @property
    def unnamed(self) -> int:
        """How many were left out beyond those named."""
        return self.duplicates + self.unreadable - len(self.left_out)

    def leave_out(self, one: Recipient, reason: str = "") -> None:
        """Count the row, as a duplicate where a reason is given, and keep it if there is room."""
        if reason:
            self.duplicates += 1
        else:
            self.unreadable += 1
        if len(self.left_out) < MAX_LISTED_ROWS:
            self.left_out.append(Recipient(one.row, one.raw, one.number, reason or one.reason))


def add_from_text(recipient_list: RecipientList, text: str) -> AddReport:
    """Add pasted numbers: from Excel, with names beside them, one or more per line."""
    pasted = Pasted(text)
    return _add(recipient_list, pasted, columns=lambda: pasted.columns)


def add_from_file(recipient_list: RecipientList, file: IO[bytes]) -> AddReport:
    """Add the rows of a CSV or XLSX file. InvalidFile says why it can't be read."""
    with spreadsheets.opened(file) as table:
        if not table.number_column:
            raise InvalidFile(_("No column in the file has readable numbers."))
        columns = [column for column in table.columns if column != table.number_column]
        rows = in_table(table.rows, table.columns, table.number_column)
        return _add(recipient_list, rows, columns=lambda: columns, without=table.number_column)


def _add(
    recipient_list: RecipientList,
    recipients: Iterable[Recipient],
    *,
    columns: Callable[[], Sequence[str]],
    without: str = "",
) -> AddReport:
    """Add all of them, or none after an error. A number already in the list stays as it is.

    `without` is a column whose values are not kept.
    """
    report = AddReport()
    with transaction.atomic():
        _lock(recipient_list)
        known = {same_name(column): column for column in recipient_list.columns}
        room = MAX_MEMBERS - recipient_list.members.count()
        for fresh in _fresh(recipient_list, recipients, report):
            report.added += len(fresh)
            if report.added > room:
                most = localize_number(MAX_MEMBERS)
                raise ListError(_("A list holds at most %(most)s recipients.") % {"most": most})
            ListMember.objects.bulk_create(
                ListMember(
                    list=recipient_list,
                    recipient=one.number,
                    values={
                        known.get(same_name(name), name): value
                        for name, value in one.values.items()
                        if name != without
                    },
                )
                for one in fresh
            )
        names = [*recipient_list.columns, *(name for name in columns() if same_name(name) not in known)]
        if len(names) > spreadsheets.MAX_COLUMNS:
            most = localize_number(spreadsheets.MAX_COLUMNS)
            raise ListError(_("At most %(most)s columns.") % {"most": most})
        if report.added and names != recipient_list.columns:
            RecipientList.objects.filter(pk=recipient_list.pk).update(columns=names)
            recipient_list.columns = names
    return report


def _lock(recipient_list: RecipientList) -> None:
    """Keep others from adding to the list, and see what they have added. An UPDATE, as for drafts."""
    if not RecipientList.objects.filter(pk=recipient_list.pk).update(created_at=F("created_at")):
        raise ListError(_("The list no longer exists."))
    recipient_list.refresh_from_db(fields=["columns"])


def _fresh(
    recipient_list: RecipientList, recipients: Iterable[Recipient], report: AddReport
) -> Iterator[list[Recipient]]:
    """Those that are numbers and not in the list yet, chunk by chunk; the others go into the report."""
    seen: set[int] = set()
    rows = iter(recipients)
    while chunk := list(islice(rows, MEMBER_CHUNK)):
        numbers = [one.number for one in chunk if one.number]
        there = set(
            recipient_list.members.filter(recipient__in=numbers)
            .order_by()
            .values_list("recipient", flat=True)
        )
        fresh = []
        for one in chunk:
            if not one.number:
                report.leave_out(one)
            elif int(one.number) in seen:
                report.leave_out(one, _("It appears twice."))
            elif one.number in there:
                report.leave_out(one, _("It is already in the list."))
            else:
                seen.add(int(one.number))
                fresh.append(one)
        yield fresh


def remove(recipient_list: RecipientList, pks: Sequence[int]) -> int:
    """Remove these members; returns how many there were."""
    return recipient_list.members.filter(pk__in=pks).delete()[0]


def search(recipient_list: RecipientList, term: str) -> QuerySet[ListMember]:
    """The members whose number begins with these digits or, of a word, who have it in a column."""
    members = recipient_list.members.order_by("pk")
    digits = "".join(character for character in latin_digits(term) if character.isdecimal())
    if not term.strip():
        return members
    if digits and not any(character.isalpha() for character in term):
        start = _beginning(digits)
        return members.filter(recipient__gte=start, recipient__lt=f"{start}:")
    return members.filter(pk__in=list(islice(_having(recipient_list, same_name(term)), MAX_SEARCH_RESULTS)))


def _beginning(digits: str) -> str:
    """How the number that begins like this is stored."""
    for prefix in ("0098", "98"):
        if digits.startswith(prefix):
            digits = digits.removeprefix(prefix)
    return f"0{digits.removeprefix('0')}"


def _having(recipient_list: RecipientList, word: str) -> Iterator[int]:
    """The members with this word in a column. Read in Python, since each database stores JSON differently."""
    for pk, values in walk_values(recipient_list.members.all(), "values"):
        if any(word in same_name(str(value)) for value in values.values()):
            yield pk
