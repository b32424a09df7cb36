"""An account's credit."""

import pytest

from sepahan_django import accounts, signals
from sepahan_django.models import ApiKey

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_credit_is_kept_with_its_age(gateway):
    gateway.state.credit = 0
    assert accounts.refresh_credit(accounts.resolve()) == 0
    key = ApiKey.objects.get()
    assert (key.credit, key.credit_checked_at is not None) == (0, True)


def test_low_credit_is_told_once_until_it_is_above_the_limit_again(gateway, settings, listen):
    settings.SEPAHAN = {**settings.SEPAHAN, "LOW_CREDIT": 1000}
    told = listen(signals.credit_low)
    for credit in (5000, 900, 800, 5000, 0):
        gateway.state.credit = credit
        accounts.refresh_credit(accounts.resolve())
    assert [one["credit"] for one in told] == [900, 0]
