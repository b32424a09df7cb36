"""Numbers that come in by an address or a form, which anybody can write by hand."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from sepahan_django.admin.kit.addresses import MAX_PK, parse_integer, parse_pk

NO_NUMBERS = [
    "",
    None,
    " ",
    "-1",
    "+1",
    "1e3",
    "1.0",
    "1_000",
    " 1",
    "1\n",
    "1\x00",
    "٣",
    "۱۲",
    "９",
    "²",
    "0x1f",
    str(2**63),
    str(10**30),
    "9" * 19,
    "9" * 5000,
    "0" * 5000 + "1",
]
WRITE = "admin:sepahan_django_send"


@pytest.mark.parametrize("written", NO_NUMBERS, ids=lambda written: repr(written)[:20])
def test_what_is_no_number_of_a_row_is_none(written):
    assert (parse_integer(written), parse_pk(written)) == (None, 0)


@pytest.mark.parametrize("number", [1, 12, 10**18, MAX_PK])
def test_a_number_that_a_database_can_hold_is_read(number):
    assert (parse_integer(str(number)), parse_pk(str(number))) == (number, number)


def test_zero_is_a_number_and_no_row_has_it():
    assert (parse_integer("0"), parse_integer("007"), parse_pk("0")) == (0, 7, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["draft", "list", "reply_to"])
@pytest.mark.parametrize("written", NO_NUMBERS[1:], ids=lambda written: repr(written)[:20])
def test_the_page_to_write_on_opens_whatever_its_address_names(client, gateway, name, written):
    client.force_login(User.objects.create_superuser("boss"))
    answer = client.get(reverse(WRITE), {name: written or ""})
    assert (answer.status_code, answer.context["draft"]) == (200, None)
