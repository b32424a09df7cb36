"""The spans of days that an office asks for, in the Jalali calendar with weeks from Saturday."""

from datetime import date, timedelta

import jdatetime

TODAY, YESTERDAY, WEEK, MONTH, LAST_MONTH, YEAR = (
    "today", "yesterday", "week", "month", "last_month", "year",
)  # fmt: skip
SPANS = (TODAY, YESTERDAY, WEEK, MONTH, LAST_MONTH, YEAR)


def days_of(span: str, *, today: date) -> tuple[date, date]:
    """The first day of a span and the first day after it, both Gregorian; KeyError for an unknown one."""
    day = timedelta(days=1)
    jalali = jdatetime.date.fromgregorian(year=today.year, month=today.month, day=today.day)
    this_month = jalali.replace(day=1)
    saturday = today - jalali.weekday() * day  # jdatetime counts weekdays from Saturday
    starts = {
        TODAY: (today, today + day),
        YESTERDAY: (today - day, today),
        WEEK: (saturday, saturday + 7 * day),
        MONTH: (_gregorian(this_month), _gregorian(_next_month(this_month))),
        LAST_MONTH: (_gregorian(_month_before(this_month)), _gregorian(this_month)),
        YEAR: (
            _gregorian(jdatetime.date(jalali.year, 1, 1)),
            _gregorian(jdatetime.date(jalali.year + 1, 1, 1)),
        ),
    }
    return starts[span]


def _next_month(first: jdatetime.date) -> jdatetime.date:
    return jdatetime.date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _month_before(first: jdatetime.date) -> jdatetime.date:
    return jdatetime.date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)


def _gregorian(day: jdatetime.date) -> date:
    found: date = day.togregorian()
    return found
