from datetime import date

import jdatetime
import pytest

from sepahan_django.values.date_ranges import SPANS, days_of


def jalali(day):
    return str(jdatetime.date.fromgregorian(date=day))


@pytest.mark.parametrize(
    ("span", "first", "after"),
    [
        ("today", "1405-09-03", "1405-09-04"),
        ("yesterday", "1405-09-02", "1405-09-03"),
        ("week", "1405-08-30", "1405-09-07"),
        ("month", "1405-09-01", "1405-10-01"),
        ("last_month", "1405-08-01", "1405-09-01"),
        ("year", "1405-01-01", "1406-01-01"),
    ],
)
def test_a_span_is_of_jalali_days(span, first, after):
    tuesday = date(2026, 11, 24)
    assert tuple(map(jalali, days_of(span, today=tuesday))) == (first, after)


@pytest.mark.parametrize(("offset", "first"), [(0, "1405-09-07"), (6, "1405-09-07"), (7, "1405-09-14")])
def test_a_week_begins_on_saturday_and_ends_on_friday(offset, first):
    saturday = date(2026, 11, 28)
    begins, ends = days_of("week", today=date.fromordinal(saturday.toordinal() + offset))
    assert (jalali(begins), (ends - begins).days) == (first, 7)


@pytest.mark.parametrize(("year", "days"), [(1403, 30), (1404, 29)])
def test_esfand_has_a_thirtieth_day_in_a_leap_year(year, days):
    begins, ends = days_of("month", today=jdatetime.date(year, 12, 29).togregorian())
    assert (ends - begins).days == days


def test_last_month_of_farvardin_is_esfand_of_the_year_before():
    begins, ends = days_of("last_month", today=jdatetime.date(1404, 1, 15).togregorian())
    assert (jalali(begins), jalali(ends)) == ("1403-12-01", "1404-01-01")


def test_every_span_has_its_day_or_has_ended_before_it():
    today = date(2026, 3, 21)
    for span in SPANS:
        begins, ends = days_of(span, today=today)
        assert begins < ends
        assert (begins <= today < ends) == (span not in ("yesterday", "last_month"))
