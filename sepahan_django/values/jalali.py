"""Jalali dates, in Tehran time: what the gateway writes, what people type, what pages show."""

import re
from datetime import MAXYEAR, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import jdatetime
from django.utils.translation import gettext_lazy

from sepahan_django.values.digits import is_persian, latin_digits, localize_digits

__all__ = [
    "TEHRAN",
    "InvalidDate",
    "day_start",
    "format_date",
    "format_datetime",
    "format_day",
    "format_long",
    "parse_gateway_date",
    "parse_typed_date",
    "parse_typed_datetime",
    "tehran_today",
    "to_jalali_day",
]

TEHRAN = ZoneInfo("Asia/Tehran")
FIRST_GREGORIAN_YEAR = 1700
"""A year below it is Jalali (docs/gateway.rst, Receive)."""

MONTHS_FA = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
MONTHS_EN = (
    "Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar",
    "Mehr", "Aban", "Azar", "Dey", "Bahman", "Esfand",
)  # fmt: skip

_DATE = r"(?P<year>[0-9]{4})[/\-.](?P<month>[0-9]{1,2})[/\-.](?P<day>[0-9]{1,2})"
_TIME = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{1,2})(?::(?P<second>[0-9]{1,2})(?:[.,][0-9]+)?)?"
    r"(?:\s*(?P<half>[AaPp]\.?[Mm]\.?|ق\.?ظ\.?|ب\.?ظ\.?))?"
    r"(?:\s*(?P<zone>[Zz]|[+\-][0-9]{2}:?[0-9]{2}))?"
)
_DATE_FIRST = re.compile(rf"{_DATE}(?:(?:\s*[T,،\-]\s*|\s+){_TIME})?")
_TIME_FIRST = re.compile(rf"{_TIME}(?:\s*[,،\-]\s*|\s+){_DATE}")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\xad]")


class InvalidDate(ValueError):
    """This can't be read as a date; str() is one sentence."""

    reason = gettext_lazy("It is not a date such as 1405/09/03 14:20.")

    def __init__(self, typed: str) -> None:
        super().__init__(typed)
        self.typed = typed

    def __str__(self) -> str:
        return f"{self.typed[:60]!r}: {self.reason}"


def parse_gateway_date(text: str) -> datetime | None:
    """The moment that the gateway wrote, in UTC; None if it can't be read.

    Jalali or Gregorian by the year, with or without a time, in any digits; Tehran time unless it
    names another zone.
    """
    try:
        return _moment(text)
    except (ValueError, OverflowError, AttributeError):
        return None


def parse_typed_datetime(text: str) -> datetime:
    """The moment that a person typed, in UTC; InvalidDate if it can't be read. Without a time: midnight."""
    found = parse_gateway_date(text)
    if found is None:
        raise InvalidDate(str(text))
    return found


def parse_typed_date(text: str) -> date:
    """The day, Gregorian, that a person typed in either calendar; InvalidDate if it can't be read."""
    return parse_typed_datetime(text).astimezone(TEHRAN).date()


def _moment(text: str) -> datetime:
    clean = " ".join(_INVISIBLE.sub("", latin_digits(text)).split())
    found = _DATE_FIRST.fullmatch(clean) or _TIME_FIRST.fullmatch(clean)
    if found is None:
        raise ValueError
    parts = found.groupdict()
    year, month, day = int(parts["year"]), int(parts["month"]), int(parts["day"])
    if year < FIRST_GREGORIAN_YEAR:
        the_day = jdatetime.date(year, month, day).togregorian()
    else:
        the_day = date(year, month, day)
    if the_day.year == MAXYEAR:
        raise ValueError  # in some zone it is past what can be written, and a page that shows it would fail
    local = datetime.combine(the_day, _time(parts), _zone(parts["zone"]))
    return local.astimezone(timezone.utc)


def _time(parts: dict[str, Any]) -> time:
    if parts["hour"] is None:
        return time()
    hour = int(parts["hour"])
    half = (parts["half"] or "").replace(".", "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if half in ("pm", "بظ") else 0)
    return time(hour, int(parts["minute"]), int(parts["second"] or 0))


def _zone(written: str | None) -> Any:
    if written is None:
        return TEHRAN
    if written in "Zz":
        return timezone.utc
    offset = timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
    return timezone(-offset if written[0] == "-" else offset)


def _jalali(value: datetime | date) -> jdatetime.date:
    day = value.astimezone(TEHRAN).date() if isinstance(value, datetime) else value
    return jdatetime.date.fromgregorian(year=day.year, month=day.month, day=day.day)


def to_jalali_day(value: datetime | date) -> str:
    """`1404/10/10`, in Latin digits."""
    day = _jalali(value)
    return f"{day.year:04}/{day.month:02}/{day.day:02}"


def format_date(value: datetime | date, *, language: str | None = None) -> str:
    """`1405/09/03`, in Persian digits where the language is Persian."""
    return localize_digits(to_jalali_day(value), language=language)


def format_datetime(value: datetime, *, language: str | None = None) -> str:
    """`1405/09/03 14:20`, Tehran time."""
    local = value.astimezone(TEHRAN)
    return localize_digits(f"{to_jalali_day(value)} {local:%H:%M}", language=language)


def format_long(value: datetime, *, language: str | None = None) -> str:
    """`3 Azar 1405, 14:20`, and in Persian with its own month names and digits."""
    day, local = _jalali(value), value.astimezone(TEHRAN)
    month = (MONTHS_FA if is_persian(language) else MONTHS_EN)[day.month - 1]
    comma = "،" if is_persian(language) else ","
    return localize_digits(f"{day.day} {month} {day.year}{comma} {local:%H:%M}", language=language)


def format_day(value: datetime | date, *, language: str | None = None) -> str:
    """`3 Azar 1405`, and in Persian with its own month names and digits."""
    day = _jalali(value)
    month = (MONTHS_FA if is_persian(language) else MONTHS_EN)[day.month - 1]
    return localize_digits(f"{day.day} {month} {day.year}", language=language)


def tehran_today(now: datetime) -> date:
    """The day, Gregorian, that it is in Tehran at this moment."""
    return now.astimezone(TEHRAN).date()


def day_start(day: date) -> datetime:
    """The moment, in UTC, at which a day begins in Tehran."""
    return datetime.combine(day, time(), TEHRAN).astimezone(timezone.utc)
