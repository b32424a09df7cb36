"""Dates as the gateway takes and gives them; reimplemented here, so as not to share the app's mistakes."""

import re
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import jdatetime
from django.utils.translation import get_language

TEHRAN = ZoneInfo("Asia/Tehran")
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")


def written(moment: datetime) -> str:
    """`1405/09/03 14:20:05`, Tehran time."""
    local = moment.astimezone(TEHRAN)
    day = jdatetime.date.fromgregorian(date=local.date())
    return f"{day.year:04}/{day.month:02}/{day.day:02} {local:%H:%M:%S}"


def shown(moment: datetime) -> str:
    """The time for the page, in the language's digits."""
    text = written(moment)[:-3]
    if (get_language() or "").startswith("fa"):
        return text.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    return text


def start_of(text: str) -> datetime:
    """The moment at which the day of a startDate begins. ValueError if it can't be read."""
    found = re.match(r"(\d{4})[/\-](\d{1,2})[/\-](\d{1,2})", text.translate(_DIGITS))
    if found is None:
        raise ValueError(text)
    year, month, day = map(int, found.groups())
    if year < 1700:
        gregorian = jdatetime.date(year, month, day).togregorian()
        year, month, day = gregorian.year, gregorian.month, gregorian.day
    return datetime(year, month, day, tzinfo=TEHRAN).astimezone(timezone.utc)
