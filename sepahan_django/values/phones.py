"""Iranian mobile numbers, in every way that people here write them.

A small function and no phone library: `phonenumbers` takes Excel's `9123456789.0` for a number of eleven
digits and calls service lines invalid.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from sepahan_django.values.digits import latin_digits
from sepahan_django.values.sentences import Sentence, sentence

MAX_SHOWN_LENGTH = 60

_SEPARATORS = re.compile(r"[\s\-‐-―−._()\[\]{}/\\'’\"٫·•]+")
_FLOAT = re.compile(r"\+?[0-9]+\.0*")
_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,٫][0-9]+)?[eE]\+?[0-9]+")
_MOBILE = re.compile(r"(?:\+|00)?(?:98)?0?(9[0-9]{9})")


def _(message: str) -> str:
    """Mark a message for the catalogue. Django's own mark needs settings, and reading a number needs none."""
    return message


class InvalidPhoneNumber(ValueError):
    """Not an Iranian mobile number. `value` is what was given, `reason` a sentence that says why."""

    def __init__(self, value: object, message: str) -> None:
        self.value = value
        self._message = message
        super().__init__(value, message)

    @property
    def reason(self) -> Sentence:
        """In the language active when it is read; settings are needed only then."""
        return sentence(self._message)

    def __str__(self) -> str:
        shown = str(self.value)[:MAX_SHOWN_LENGTH]
        return f"{shown!r}: {self.reason}"


class InvalidSenderLine(InvalidPhoneNumber):
    """Not a number that SMS can be sent from."""


def normalize_mobile(value: object) -> str:
    """The number as `09xxxxxxxxx`; InvalidPhoneNumber says why it can't be one.

    Takes text, and the int or float that a spreadsheet makes of it.
    """
    if value is None or isinstance(value, bool):
        raise InvalidPhoneNumber(value, _("The number is empty."))
    if isinstance(value, float):
        value = f"{value:.0f}" if value == value and abs(value) < 1e15 and value.is_integer() else str(value)
    text = _visible(str(value))
    if not text:
        raise InvalidPhoneNumber(value, _("The number is empty."))
    text = re.sub(r"^(?:tel|sms|sip):", "", text, flags=re.IGNORECASE)
    if _SCIENTIFIC.fullmatch(text):
        raise InvalidPhoneNumber(value, _("Excel has shortened this number, so its digits are lost."))
    if _FLOAT.fullmatch(text):  # Excel's 9123456789.0
        text = text.split(".")[0]
    digits = _SEPARATORS.sub("", text)
    found = _MOBILE.fullmatch(digits)
    if found is not None:
        return f"0{found[1]}"
    raise InvalidPhoneNumber(value, _reason(digits))


def _visible(text: str) -> str:
    """Without invisible marks, and with Latin digits."""
    kept = (
        " " if unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cc") else character
        for character in text
        if unicodedata.category(character) not in ("Cf", "Mn")
    )
    return latin_digits("".join(kept)).replace("＋", "+").strip()


def _reason(digits: str) -> str:
    """The message that says why these are not the digits of a mobile number."""
    number = digits.removeprefix("+")
    if not number:
        return _("It has no digits.")
    if not (number.isascii() and number.isdecimal()):
        return _("It has characters other than digits.")
    is_international = digits.startswith("+") or number.startswith("00")
    bare = number.removeprefix("00")
    if is_international and not bare.startswith("98"):
        return _("It is a foreign number.")
    national = bare.removeprefix("98") if is_international or len(bare) >= 12 else bare
    national = national.removeprefix("0")
    if national.startswith("9"):
        return _("It has too few digits.") if len(national) < 10 else _("It has too many digits.")
    if len(national) == 10 and national[0] in "12345678":
        return _("It is a landline.")
    if len(national) < 10:
        return _("It has too few digits.")
    return _("It is not an Iranian mobile number.")


def normalize_line(value: object) -> str:
    """A sender line as its digits alone; InvalidSenderLine if it has none, or too many."""
    digits = _SEPARATORS.sub("", _visible(str(value))).removeprefix("+")
    if not (digits.isascii() and digits.isdecimal() and 3 <= len(digits) <= 20):
        raise InvalidSenderLine(value, _("A sender line has 3 to 20 digits."))
    return digits


_INTERNATIONAL = ("", "+98", "98", "0098")
_OF_A_MOBILE = tuple(
    f"{mark}{country}{zero}" for mark in ("", "+", "00") for country in ("", "98") for zero in ("", "0")
)
SHORT_CODE = 6
"""Up to this many digits a number is a short code, which is never written with the country code."""


def spellings(number: str) -> tuple[str, ...]:
    """Every way in which the gateway may have written this sender or line, itself included.

    To look a number up by `IN` and its index, where the column holds the raw sender. A name (`IRANCELL`) is
    written in one way.
    """
    given = number.strip()
    try:
        bare = normalize_mobile(given)[1:]
    except InvalidPhoneNumber:
        found = tuple(f"{prefix}{_national(given)}" for prefix in _prefixes(given))
    else:
        found = tuple(f"{prefix}{bare}" for prefix in _OF_A_MOBILE)
    return tuple(dict.fromkeys((*found, given, number)))


def beginnings(start: str) -> tuple[str, ...]:
    """How a number that begins like this may begin as the gateway has written it; none for a name."""
    digits = _SEPARATORS.sub("", _visible(start)).removeprefix("+")
    found = re.fullmatch(r"(?:(?:00)?98|0)?(\d+)", digits, re.ASCII)
    return tuple(f"{prefix}{found[1]}" for prefix in (*_INTERNATIONAL, "0")) if found else ()


def _prefixes(number: str) -> tuple[str, ...]:
    digits = _national(number)
    is_long = digits.isascii() and digits.isdecimal() and len(digits) > SHORT_CODE
    return _INTERNATIONAL if is_long else ("",)


def _national(number: str) -> str:
    """The digits of a line without the country's code, where it is certain to be one; a name as it is."""
    digits = _SEPARATORS.sub("", _visible(number))
    found = re.fullmatch(r"(?:\+98|0098)(\d+)", digits) or re.fullmatch(r"\+?(\d+)", digits, re.ASCII)
    return found[1] if found else number


def mask(number: str) -> str:
    """The number with its middle hidden, for logs: 0912•••6789. A short one shows less, down to nothing."""
    if len(number) >= 11:
        return f"{number[:4]}•••{number[-4:]}"
    return f"{number[:2]}•••{number[-2:]}" if len(number) >= 8 else "•••"


@dataclass(frozen=True)
class Unreadable:
    """Something in a pasted list that is no number."""

    raw: str
    reason: Any


_FIELDS = re.compile(r"[\t,،;؛|]|\s{2,}")


def split_fields(line: str) -> list[str]:
    """The cells of a pasted line, without the empty ones."""
    return [cell for cell in _FIELDS.split(line) if _visible(cell)]


def read_cell(cell: str) -> tuple[list[str | Unreadable], list[str]]:
    """What a cell holds: its numbers, read or not, and the words beside them.

    It is one number, several with spaces or slashes between, or a name with a number in it.
    """
    try:
        return [normalize_mobile(cell)], []
    except InvalidPhoneNumber as error:
        problem = error
    parts = [part for part in re.split(r"[\s/]+", _visible(cell)) if part]
    numbers: list[str | Unreadable] = []
    words: list[str] = []
    pending = ""
    for part in parts:
        if not any(character.isdigit() for character in part):
            words.append(part)
            continue
        # Spaces may stand between numbers or within one: what is not yet a number is held against the next.
        joined = f"{pending}{part}"
        for candidate in (part, joined):
            try:
                numbers.append(normalize_mobile(candidate))
            except InvalidPhoneNumber:
                continue
            if candidate == part and pending:
                numbers.insert(-1, Unreadable(pending[:MAX_SHOWN_LENGTH], sentence(_reason(pending))))
            pending = ""
            break
        else:
            pending = joined
    if pending:
        raw = cell.strip() if not numbers and not words else pending
        numbers.append(
            Unreadable(raw[:MAX_SHOWN_LENGTH], problem.reason if not numbers else sentence(_reason(pending)))
        )
    return numbers, words


def looks_like_phone(raw: str) -> bool:
    """Whether this may have been meant as a number: a row number, an amount or a code is shorter."""
    return sum(character.isdigit() for character in latin_digits(raw)) >= 7
