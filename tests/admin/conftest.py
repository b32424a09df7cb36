"""Rows for the admin's pages to be about."""

import pytest
from django.contrib.auth.models import Group

from sepahan_django.models import ApiKey, Campaign, OutboundMessage
from tests.admin.doors import make_rows


@pytest.fixture
def rows(gateway):
    """One row of each model, all of one account."""
    return make_rows()


@pytest.fixture
def limited(rows):
    group = Group.objects.create(name="sales")
    rows[ApiKey].groups.add(group)
    OutboundMessage.objects.update(campaign=rows[Campaign])
    return group


@pytest.fixture
def few(settings, gateway):
    settings.SEPAHAN = {**settings.SEPAHAN, "BULK_THRESHOLD": 3}
