from datetime import date, datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sepahan_django.values import jalali

NOON = datetime(2026, 11, 24, 10, 50, tzinfo=timezone.utc)  # 14:20 in Tehran

WRITTEN = [
    ("1405/09/03 14:20", NOON), ("1405/9/3 14:20:00", NOON), ("1405-09-03 14:20", NOON),
    ("۱۴۰۵/۰۹/۰۳ ۱۴:۲۰", NOON), ("١٤٠٥/٠٩/٠٣ ١٤:٢٠", NOON), ("2026/11/24 14:20", NOON),
    ("2026-11-24T14:20:00", NOON), ("2026-11-24T10:50:00Z", NOON), ("2026-11-24T14:20:00+03:30", NOON),
    ("2026-11-24T14:20:00.123", NOON), ("14:20 1405/09/03", NOON), ("1405/09/03 - 14:20", NOON),
    ("1405/09/03 02:20 PM", NOON), ("1405/09/03 02:20 ب.ظ", NOON), ("\u200e1405/09/03\u200f 14:20 ", NOON),
    ("1405.09.03 14:20", NOON),
    ("1405/09/03", datetime(2026, 11, 23, 20, 30, tzinfo=timezone.utc)),
    ("2025/07/02", datetime(2025, 7, 1, 20, 30, tzinfo=timezone.utc)),
    ("1403/12/30", datetime(2025, 3, 19, 20, 30, tzinfo=timezone.utc)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "moment"), WRITTEN)
def test_a_date_of_the_gateway_is_read_in_every_writing(text, moment):
    assert jalali.parse_gateway_date(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1404/12/30",
        "1405/13/01",
        "2026/02/30",
        "05/09/03",
        "1405/09/03 25:00",
        "99999",
        "1405/09",
    ],
)
def test_a_date_that_can_not_be_read_is_none(text):
    assert jalali.parse_gateway_date(text) is None


@given(st.text())
def test_no_text_whatever_raises(text):
    jalali.parse_gateway_date(text)


def test_what_a_person_types_wrong_gets_a_sentence():
    with pytest.raises(jalali.InvalidDate, match="not a date"):
        jalali.parse_typed_datetime("فردا")


def test_a_typed_day_is_gregorian_inside():
    assert jalali.parse_typed_date("۱۴۰۵/۹/۳") == date(2026, 11, 24)


@given(st.dates(min_value=date(1922, 1, 1), max_value=date(2100, 1, 1)))
def test_every_day_survives_the_way_there_and_back(day):
    assert jalali.parse_typed_date(jalali.to_jalali_day(day)) == day


def test_a_time_is_shown_in_persian_digits_in_persian():
    assert jalali.format_datetime(NOON, language="fa") == "۱۴۰۵/۰۹/۰۳ ۱۴:۲۰"


def test_a_time_is_shown_in_latin_digits_in_english():
    assert jalali.format_datetime(NOON, language="en") == "1405/09/03 14:20"


def test_the_long_form_names_the_month():
    assert jalali.format_long(NOON, language="fa") == "۳ آذر ۱۴۰۵، ۱۴:۲۰"


def test_a_day_begins_at_midnight_in_tehran():
    assert jalali.day_start(date(2026, 11, 24)) == datetime(2026, 11, 23, 20, 30, tzinfo=timezone.utc)
