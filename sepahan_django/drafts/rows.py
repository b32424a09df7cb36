"""The rows of a draft: stored and read in chunks, each marked with whether it is sent to."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from sepahan_django.db.chunks import walk_values
from sepahan_django.drafts.errors import AlreadySent, DraftError
from sepahan_django.drafts.texts import filling_of
from sepahan_django.models import DraftRow, RowProblem, SendDraft
from sepahan_django.values.digits import localize_number
from sepahan_django.values.placeholders import Filling, InvalidPlaceholder
from sepahan_django.values.sentences import sentence as _
from sepahan_django.values.tables import Recipient

ROW_CHUNK = 1000
"""Rows in memory at once, and in an INSERT."""
MARKED_CHUNK = 500
"""Rows in an UPDATE, each of them a parameter."""
MAX_ROWS = 100_000
READABLE = (RowProblem.NONE, RowProblem.DUPLICATE, RowProblem.EMPTY_COLUMN)


def lock(draft: SendDraft) -> None:
    """Keep the draft, to the end of the transaction, from being sent or filled by another process.

    AlreadySent when it has gone out. An UPDATE, since a transaction of SQLite that has read before can't
    wait for the lock.
    """
    if not SendDraft.objects.filter(pk=draft.pk, sent_at=None).update(created_at=F("created_at")):
        earlier = SendDraft.objects.select_related("campaign").filter(pk=draft.pk).first()
        raise AlreadySent(earlier.campaign if earlier else None)


def sendable(draft: SendDraft) -> tuple[RowProblem, ...]:
    """The marks of the rows that are sent to."""
    return (RowProblem.NONE, RowProblem.DUPLICATE) if draft.keep_duplicates else (RowProblem.NONE,)


def iter_rows(draft: SendDraft, problems: Iterable[str], *fields: str) -> Iterator[tuple[Any, ...]]:
    """The rows with these marks in their order, as (pk, …fields), a chunk in memory at a time.

    Those that are there at the beginning: rows that are stored on the way, from these, don't come along.
    Mark by mark, which is the order of the index.
    """
    end = last_row(draft)
    return merge(*(_walk_one(draft, problem, end, fields) for problem in problems), key=itemgetter(0))


def last_row(draft: SendDraft) -> int:
    """The pk of the draft's last row; 0 without any."""
    return DraftRow.objects.filter(draft=draft).aggregate(last=Max("pk"))["last"] or 0


def _walk_one(draft: SendDraft, problem: str, end: int, fields: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    found = DraftRow.objects.filter(draft=draft, problem=problem, pk__lte=end)
    return walk_values(found, *fields, chunk=ROW_CHUNK)


class Marker:
    """Decides for each row in turn whether it is sent to, by the columns the text uses and by number."""

    def __init__(self, filling: Filling | None) -> None:
        self._filling = filling
        # A number as an integer: a hundred thousand of them are a few megabytes, the rows would be many.
        self._seen: set[int] = set()

    def mark(self, number: str, values: Mapping[str, str]) -> tuple[str, str]:
        """The problem and its reason, both empty when the row is sent to."""
        empty = self._filling.empty(values) if self._filling else []
        if empty:
            # Not seen as a number yet: another row with it, and with the column, is sent to.
            return RowProblem.EMPTY_COLUMN.value, _("“%(column)s” is empty.", column=empty[0])
        key = int(number)
        if key in self._seen:
            return RowProblem.DUPLICATE.value, ""
        self._seen.add(key)
        return RowProblem.NONE.value, ""


def _usable_filling(draft: SendDraft) -> Filling | None:
    try:
        return filling_of(draft)
    except InvalidPlaceholder:  # the check says so
        return None


def used_columns(draft: SendDraft) -> list[str]:
    """The columns that the draft's text uses."""
    filling = _usable_filling(draft)
    return filling.used if filling else []


def store(draft: SendDraft, recipients: Iterable[Recipient]) -> None:
    """Replace the draft's rows with these, in the caller's transaction.

    The earlier ones go last, since the new ones may be made from them.
    """
    earlier = last_row(draft)
    marker = Marker(_usable_filling(draft))
    rows = (_row(draft, one, marker) for one in recipients)
    total = 0
    while chunk := list(islice(rows, ROW_CHUNK)):
        total += len(chunk)
        if total > MAX_ROWS:
            raise DraftError(_("At most %(most)s rows at once.", most=localize_number(MAX_ROWS)))
        DraftRow.objects.bulk_create(chunk)
    DraftRow.objects.filter(draft=draft, pk__lte=earlier).delete()


def _row(draft: SendDraft, one: Recipient, marker: Marker) -> DraftRow:
    if one.number:
        problem, reason = marker.mark(one.number, one.values)
    else:
        problem, reason = RowProblem.UNREADABLE.value, one.reason
    return DraftRow(
        draft=draft,
        number=one.row,
        raw=one.raw[:200],
        recipient=one.number,
        values=one.values,
        problem=problem,
        reason=reason,
    )


def mark(draft: SendDraft) -> None:
    """Re-mark the draft's rows after its text or columns have changed. Writes only what differs."""
    marker = Marker(_usable_filling(draft))
    changes: dict[tuple[str, str], list[int]] = {}
    for pk, recipient, values, problem, reason in iter_rows(
        draft, READABLE, "recipient", "values", "problem", "reason"
    ):
        marked = marker.mark(recipient, values)
        if marked != (problem, reason):
            changes.setdefault(marked, []).append(pk)
    with transaction.atomic():
        for (problem, reason), pks in changes.items():
            for some in _slices(pks):
                DraftRow.objects.filter(pk__in=some).update(problem=problem, reason=reason)


def _slices(pks: list[int]) -> Iterator[Collection[int]]:
    return (pks[at : at + MARKED_CHUNK] for at in range(0, len(pks), MARKED_CHUNK))
