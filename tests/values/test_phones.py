import os
import subprocess
import sys

import pytest
from django.utils.translation import override

from sepahan_django.values.phones import (
    InvalidPhoneNumber,
    InvalidSenderLine,
    mask,
    normalize_line,
    normalize_mobile,
)

READABLE = [
    "09121234567", "9121234567", "+989121234567", "989121234567", "00989121234567", "0098 912 123 4567",
    "+98 912 123 4567", "+98-912-123-4567", "+98 (0)912 123 4567", "+98(912)1234567", "(0912) 123-4567",
    "(+98)9121234567", "0912 123 4567", "0912-123-4567", "0912.123.4567", "0912_123_4567", "0912/123/4567",
    "  09121234567  ", "09121234567\n", "\t09121234567", "0912\u00a01234567", "0912\u200c123\u200c4567",
    "\u200e09121234567\u200e", "\u202a09121234567\u202c", "\u2066+989121234567\u2069", "\ufeff09121234567",
    "0912\u00ad1234567", "0912\u200b1234567", "0912\u20091234567", "0912\u20131234567", "0912\u20111234567",
    "0912\u20121234567", "0912\u22121234567", "۰۹۱۲۱۲۳۴۵۶۷", "٠٩١٢١٢٣٤٥٦٧", "۰۹۱۲ ۱۲۳ ۴۵۶۷", "+۹۸۹۱۲۱۲۳۴۵۶۷",
    "۰۰۹۸۹۱۲۱۲۳۴۵۶۷", "۹۱۲۱۲۳۴۵۶۷", "0912۱۲۳۴567", "۰٩12۱٢34567", "０９１２１２３４５６７", "＋989121234567",
    "9121234567.0", "9121234567.00", "09121234567.0", "989121234567.0", "۹۱۲۱۲۳۴۵۶۷.۰", "'09121234567",
    "’09121234567", '"09121234567"', "tel:+989121234567", "TEL:09121234567", "[09121234567]", "{09121234567}",
    "0 9 1 2 1 2 3 4 5 6 7", "98 912 123 45 67", "+98 0912 123 4567", "00980912 1234567", "98-09121234567",
    "+ 98 912 1234567", "0912--123--4567", "0912  1234567", "0912·123·4567", "0912\r\n1234567",
    9121234567, 9121234567.0, 989121234567, 989121234567.0, 9_121_234_567,
]  # fmt: skip

OTHER_OPERATORS = ["09011234567", "09331234567", "09901234567", "09991234567", "09221234567", "09981234567"]

UNREADABLE = [
    ("", "empty"), ("   ", "empty"), (None, "empty"), (True, "empty"), ("\u200f\u200e", "empty"),
    ("-", "no digit"), ("+", "no digit"), ("( )", "no digit"), ("علی", "other than"), ("ali", "other than"),
    ("0912123456O", "other than"), ("0912x1234567", "other than"), ("09121234567 علی", "other than"),
    ("0912123456", "few"), ("912123456", "few"), ("09", "few"), ("0", "few"), ("123", "few"), ("110", "few"),
    ("+98912123456", "few"), ("0098912123456", "few"), ("091212345678", "many"), ("91212345678", "many"),
    ("+9891212345678", "many"), ("09121234567 09351234567", "many"),
    ("09121234567,09351234567", "other than"),
    ("02188776655", "landline"), ("021-8877 6655", "landline"), ("+982188776655", "landline"),
    ("۰۲۱۸۸۷۷۶۶۵۵", "landline"), ("2188776655", "landline"), ("+14155552671", "foreign"),
    ("00441632960961", "foreign"), ("+9647701234567", "foreign"), ("9.12E+09", "Excel"),
    ("9.121E+9", "Excel"),    ("9,12E+09", "Excel"),
    ("۹.۱۲E+۰۹", "Excel"), (float("nan"), "other than"), (float("inf"), "other than"),
    (9121234567.5, "many"), ("9121234567.5", "many"), ("3000123456", "landline"), ("50003300", "few"),
    ("0912123456²", "other than"), ("०९१२१२३४५६७", "other than"), ("0912\x001234567x", "other than"),
    ([], "no digit"), ({}, "no digit"), (b"09121234567", "other than"), ("-9121234567e", "other than"),
]  # fmt: skip


@pytest.mark.parametrize("written", READABLE, ids=ascii)
def test_a_number_is_read_in_every_writing(written):
    assert normalize_mobile(written) == "09121234567"


@pytest.mark.parametrize("written", OTHER_OPERATORS)
def test_every_operator_is_known(written):
    assert normalize_mobile(written) == written


@pytest.mark.parametrize(("written", "why"), UNREADABLE, ids=ascii)
def test_what_is_no_mobile_number_is_refused_with_the_reason(written, why):
    with pytest.raises(InvalidPhoneNumber, match=why):
        normalize_mobile(written)


def test_an_invalid_number_is_a_value_error_that_names_it():
    with pytest.raises(ValueError, match="'0912'"):
        normalize_mobile("0912")


def test_a_line_is_its_digits():
    assert normalize_line(" ۳۰۰۰-۱۲۳۴۵۶ ") == "3000123456"


@pytest.mark.parametrize("written", ["", "30", "SEPAHAN", "1" * 21])
def test_a_line_without_the_right_digits_is_refused(written):
    with pytest.raises(InvalidSenderLine):
        normalize_line(written)


def test_a_masked_number_hides_its_middle():
    assert mask("09121236789") == "0912•••6789"


@pytest.mark.parametrize(
    ("number", "shown"), [("9121236789", "91•••89"), ("30001234", "30•••34"), ("3000", "•••"), ("", "•••")]
)
def test_of_a_short_number_less_is_shown(number, shown):
    assert mask(number) == shown


def test_a_number_is_refused_where_no_django_is_set_up():
    code = """
from sepahan_django.values.phones import normalize_mobile
try:
    normalize_mobile("123")
except ValueError:
    print("refused")
"""
    variables = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    assert done.stdout == "refused\n", done.stderr


def test_the_reason_is_in_the_language_in_which_it_is_asked_for():
    with override("fa"), pytest.raises(InvalidPhoneNumber) as caught:
        normalize_mobile("0912")
    with override("en"):
        assert caught.value.reason == "It has too few digits."
