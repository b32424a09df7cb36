"""What would go out, with blockers and warnings."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from sepahan_django import accounts
from sepahan_django.conf import setting
from sepahan_django.drafts import rows
from sepahan_django.drafts.errors import Issue
from sepahan_django.drafts.pricing import estimate
from sepahan_django.drafts.texts import ends_with_opt_out, filling_of
from sepahan_django.models import ApiKey, RowProblem, SendDraft, SenderLine
from sepahan_django.values.digits import localize_number
from sepahan_django.values.jalali import TEHRAN
from sepahan_django.values.parts import GSM, Parts, count_parts
from sepahan_django.values.placeholders import Filling, InvalidPlaceholder

MANY_PARTS = 3
QUIET_HOURS = (21, 8)
"""Hours in Tehran, from and to, in which recipients don't want an SMS."""


@dataclass(frozen=True)
class Sample:
    """One of the messages, as it will be sent. `row` is that of what was pasted or uploaded."""

    row: int
    recipient: str
    text: str
    parts: Parts


@dataclass
class Check:
    """What would go out now. Counts are of rows, `parts` of SMS parts over all messages."""

    found: int = 0
    """Rows with a number that can be read."""
    duplicates: int = 0
    unreadable: int = 0
    empty: int = 0
    """Rows with a number, but without what the text needs of a column."""
    going: int = 0
    """Messages that would go out."""
    parts: int = 0
    most_parts: int = 0
    parts_by_encoding: dict[str, int] = field(default_factory=dict)
    first: Sample | None = None
    longest: Sample | None = None
    random: Sample | None = None
    line: str = ""
    cost: int | None = None
    """Estimated Rials; None if no earlier request gives a price."""
    blockers: list[Issue] = field(default_factory=list)
    warnings: list[Issue] = field(default_factory=list)
    fingerprint: str = ""
    """Of all that decides what goes out."""

    @property
    def may_send(self) -> bool:
        return not self.blockers and self.going > 0


@dataclass(frozen=True)
class Prepared:
    """A draft with what decides what goes out, found out once."""

    draft: SendDraft
    account: ApiKey | None
    line: str
    """The draft's own, or the account's default; may be empty."""
    filling: Filling | None
    """None where the text can't be filled; `problem` says why."""
    problem: str
    now: datetime


def prepare(draft: SendDraft, *, now: datetime | None = None) -> Prepared:
    """The draft as it is now. Changes nothing."""
    account, line = draft.api_key, draft.sender
    if not line and account is not None:
        line = accounts.default_sender(account)
    filling, problem = None, ""
    try:
        filling = filling_of(draft)
    except InvalidPlaceholder as error:
        problem = str(error)
    return Prepared(draft, account, line, filling, problem, now or timezone.now())


class Fingerprint:
    """Tells whether what goes out is what was shown: account, line, time, and each number with its text."""

    def __init__(self, prepared: Prepared) -> None:
        draft = prepared.draft
        self._hash = hashlib.sha256()
        planned = draft.send_at.isoformat() if draft.send_at else "now"
        self.add(f"{draft.api_key_id}/{prepared.line}", planned)

    def add(self, recipient: str, text: str) -> None:
        """The next message."""
        self._hash.update(f"{recipient}\x00{len(text)}\x00{text}".encode())

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def going(prepared: Prepared) -> Iterator[tuple[int, str, str]]:
    """What goes out, as (row, recipient, text): the one source for check and sending.

    Nothing where the text can't be filled.
    """
    draft, filling = prepared.draft, prepared.filling
    if filling is None:
        return
    problems = rows.sendable(draft)
    if filling.constant is not None:
        for _pk, row, recipient in rows.iter_rows(draft, problems, "number", "recipient"):
            yield row, recipient, filling.constant
        return
    for _pk, row, recipient, values in rows.iter_rows(draft, problems, "number", "recipient", "values"):
        if not filling.empty(values):
            yield row, recipient, filling.fill(values)


def check(draft: SendDraft, *, most: int | None = None) -> Check:
    """What would go out now and what is to be said about it; changes nothing.

    `most` is how many recipients the user may send to at once, None for any number. Of the rows only a
    chunk is in memory.
    """
    prepared = prepare(draft)
    found = Check(line=prepared.line)
    counts = dict(draft.rows.order_by().values_list("problem").annotate(Count("pk")))
    found.duplicates = counts.get(RowProblem.DUPLICATE, 0)
    found.unreadable = counts.get(RowProblem.UNREADABLE, 0)
    found.empty = counts.get(RowProblem.EMPTY_COLUMN, 0)
    found.found = sum(counts.values()) - found.unreadable
    found.blockers = blockers(prepared)
    expected = sum(counts.get(problem, 0) for problem in rows.sendable(draft))
    if prepared.filling is not None and not prepared.filling.unknown:
        _look_through(prepared, prepared.filling, found, expected)
    else:
        found.going = expected  # as far as is known before the text is fixed
    found.blockers += _by_count(found, most=most)
    if prepared.account is not None:
        found.cost = estimate(prepared.account, found.parts_by_encoding)
    found.warnings = _warnings(prepared, found)
    return found


def _look_through(prepared: Prepared, filling: Filling, found: Check, expected: int) -> None:
    """Count parts, pick the samples, and make the fingerprint, in one walk over the rows."""
    fingerprint = Fingerprint(prepared)
    # By the draft's own number, so that the page shows the same one each time it is looked at.
    picked = random.Random(prepared.draft.pk).randrange(expected) if expected else 0  # noqa: S311 - a sample
    parts = count_parts(filling.constant) if filling.constant is not None else None
    for index, (row, recipient, text) in enumerate(going(prepared)):
        fingerprint.add(recipient, text)
        counted = parts or count_parts(text)
        found.parts += counted.parts
        by_encoding = found.parts_by_encoding
        by_encoding[counted.encoding] = by_encoding.get(counted.encoding, 0) + counted.parts
        found.going += 1
        is_longest = found.longest is None or _length(counted) > _length(found.longest.parts)
        if index in (0, picked) or is_longest:
            sample = Sample(row, recipient, text, counted)
            found.first = found.first or sample
            found.random = sample if index == picked else found.random
            found.longest = sample if is_longest else found.longest
    found.most_parts = found.longest.parts.parts if found.longest else 0
    found.fingerprint = fingerprint.hexdigest()


def _length(parts: Parts) -> tuple[int, int]:
    return parts.parts, parts.units


def blockers(prepared: Prepared) -> list[Issue]:
    """Why the draft can't be sent, whatever its recipients."""
    found = [*_of_account(prepared), *_of_text(prepared)]
    planned = prepared.draft.send_at
    if planned is not None and planned <= prepared.now:
        found.append(Issue("past", _("The scheduled time has passed. Choose another, or send now.")))
    return found


def _of_account(prepared: Prepared) -> Iterator[Issue]:
    account = prepared.account
    if account is None or not account.is_active:
        yield Issue("no_account", _("No active account is selected."))
        return
    if not prepared.line:
        sentence = _("The account has no line: add one under Sender lines, or set SEPAHAN[“SENDER”].")
        yield Issue("no_line", sentence)
    else:
        yield from _of_line(account, prepared.line)
    if accounts.must_wait(account, now=prepared.now):
        yield Issue("paused", _("The account is paused: %(why)s") % {"why": account.pause_reason})
    if account.credit is not None and account.credit <= 0:
        yield Issue("no_credit", _("The account has no credit. Top it up, then check the credit."))


def _of_line(account: ApiKey, line: str) -> Iterator[Issue]:
    stored = list(SenderLine.objects.filter(number=line).values_list("api_key", "is_active")[:100])
    own = [is_active for owner, is_active in stored if owner == account.pk]
    if own and not own[0]:
        yield Issue("inactive_line", _("The line %(line)s is not active.") % {"line": line})
    elif stored and not own and line != str(setting("SENDER")):
        yield Issue("foreign_line", _("This line belongs to another account."))


def _of_text(prepared: Prepared) -> Iterator[Issue]:
    if not prepared.draft.text.strip():
        yield Issue("no_text", _("The text is empty."))
    elif prepared.filling is None:
        yield Issue("brace", prepared.problem)
    else:
        for name in prepared.filling.unknown:
            yield Issue("placeholder", _("The recipients have no column “%(name)s”.") % {"name": name})


def _by_count(found: Check, *, most: int | None) -> Iterator[Issue]:
    if not found.going:
        yield Issue("nobody", _("No recipients remain."))
    if most is not None and found.going > most:
        yield Issue("too_many", too_many(found.going, most))


def too_many(count: int, most: int) -> str:
    """The sentence for more recipients than the user may send to."""
    return _("You may send to at most %(most)s recipients at once; this has %(count)s.") % {
        "most": localize_number(most),
        "count": localize_number(count),
    }


def _warnings(prepared: Prepared, found: Check) -> list[Issue]:
    return [*_about_text(prepared.draft, found), *_about_time(prepared), *_about_credit(prepared, found)]


def _about_text(draft: SendDraft, found: Check) -> Iterator[Issue]:
    by_encoding = {name: count for name, count in found.parts_by_encoding.items() if count}
    if found.empty:
        sentence = _("A column used in the text is empty in %(count)s rows; these rows are skipped.")
        yield Issue("empty_column", sentence % {"count": localize_number(found.empty)})
    if found.most_parts > MANY_PARTS:
        sentence = _("The longest message counts as %(count)s SMS, each of which is charged.")
        yield Issue("many_parts", sentence % {"count": localize_number(found.most_parts)})
    if len(by_encoding) > 1:
        yield Issue(
            "encodings", _("Some messages are in Latin script and others in Persian; their prices differ.")
        )
    elif GSM in by_encoding:
        yield Issue("latin", _("The text is in Latin script: it usually costs more than a Persian one."))
    is_advertising = SenderLine.objects.filter(
        number=found.line, api_key=draft.api_key_id, purpose=SenderLine.Purpose.ADVERTISING
    ).exists()
    if is_advertising and draft.text.strip() and not draft.with_opt_out and not ends_with_opt_out(draft.text):
        yield Issue("no_opt_out", _("Advertising must end with the line “لغو۱۱”; this text does not."))


def _about_time(prepared: Prepared) -> Iterator[Issue]:
    hour = (prepared.draft.send_at or prepared.now).astimezone(TEHRAN).hour
    if hour >= QUIET_HOURS[0] or hour < QUIET_HOURS[1]:
        yield Issue("night", _("Recipients would get the SMS at night, between 21:00 and 8:00 Tehran time."))


def _about_credit(prepared: Prepared, found: Check) -> Iterator[Issue]:
    account = prepared.account
    if account is None:
        return
    low = setting("LOW_CREDIT")
    if account.credit is None:
        yield Issue("credit_unknown", _("The account's credit is unknown."))
    elif found.cost is not None and account.credit < found.cost:
        yield Issue("credit_short", _("The last known credit does not cover all of these SMS."))
    elif account.credit > 0 and low is not None and account.credit < low:
        yield Issue("credit_low", _("The account's credit is low."))
