"""Which account and which line are used."""

import pytest

from sepahan_django import accounts
from sepahan_django.models import ApiKey, SenderLine
from tests.factories import account

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_account_in_the_settings_is_a_row_without_a_token(gateway):
    key = accounts.resolve()
    assert (key.is_from_settings, str(key.token)) == (True, "")
    assert accounts.resolve().pk == key.pk


def test_the_row_marked_as_default_comes_before_the_settings(gateway):
    key = account(is_default=True)
    assert accounts.resolve() == key


def test_a_new_default_takes_the_place_of_the_old(gateway):
    account("a", is_default=True)
    account("b", is_default=True)
    assert list(ApiKey.objects.filter(is_default=True).values_list("title", flat=True)) == ["b"]


def test_several_accounts_without_a_default_must_be_named(settings):
    settings.SEPAHAN = {}
    account("a")
    account("b")
    with pytest.raises(accounts.UnknownAccount, match="several"):
        accounts.resolve()
    assert accounts.resolve("b").title == "b"


def test_an_account_switched_off_is_not_used(settings):
    account("a", is_active=False)
    with pytest.raises(accounts.UnknownAccount, match="not active"):
        accounts.resolve("a")


def test_the_accounts_default_line_is_used_before_the_settings(gateway):
    key = account()
    SenderLine.objects.create(api_key=key, number="5000", is_default=True)
    assert accounts.default_sender(key) == "5000"
