"""An account's client."""

import pytest

from sepahan_django import accounts

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_client_is_kept_until_its_settings_change(gateway, settings):
    key = accounts.resolve()
    first = accounts.client_for(key)
    assert accounts.client_for(key) is first
    settings.SEPAHAN = {**settings.SEPAHAN, "TIMEOUT": (2, 2)}
    assert accounts.client_for(key) is not first
