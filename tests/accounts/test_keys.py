"""Another encryption key, and a key that is lost."""

import pytest
from django.core.management import CommandError
from django.db import connection

from sepahan_django import accounts, outbox
from sepahan_django.models import ApiKey, InboundMessage
from sepahan_django.models.fields import UnreadableSecret
from tests.commands import run
from tests.factories import TOKEN, account, queued, states

pytestmark = pytest.mark.django_db(transaction=True)


# Keys


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT title, token FROM sepahan_django_apikey ORDER BY id")
        return dict(cursor.fetchall())


@pytest.fixture
def old_and_new(settings):
    settings.SEPAHAN = {"ENCRYPTION_KEYS": ["the old key, long enough"]}
    account("main")
    settings.SEPAHAN = {"ENCRYPTION_KEYS": ["the new key, long enough", "the old key, long enough"]}
    return settings


def test_after_reencryption_the_old_key_can_go(old_and_new):
    assert run("sepahan_reencrypt") == "reencrypted=1 current=0 unreadable=0"
    old_and_new.SEPAHAN = {"ENCRYPTION_KEYS": ["the new key, long enough"]}
    assert str(ApiKey.objects.get().token) == TOKEN


def test_what_is_under_the_newest_key_is_left_as_it_is(old_and_new):
    run("sepahan_reencrypt")
    before = stored()
    assert run("sepahan_reencrypt") == "reencrypted=0 current=1 unreadable=0"
    assert stored() == before


def test_a_token_that_no_key_opens_is_named_and_keeps_no_other_from_its_turn(old_and_new, settings):
    settings.SEPAHAN = {"ENCRYPTION_KEYS": ["a lost key of some length"]}
    account("lost")
    settings.SEPAHAN = {"ENCRYPTION_KEYS": ["the new key, long enough", "the old key, long enough"]}
    before = stored()["lost"]
    with pytest.raises(CommandError, match=r"^lost: The token can't be decrypted"):
        run("sepahan_reencrypt")
    settings.SEPAHAN = {"ENCRYPTION_KEYS": ["the new key, long enough"]}
    assert str(ApiKey.objects.get(title="main").token) == TOKEN
    assert stored()["lost"] == before


def test_a_token_entered_meanwhile_is_not_put_back(old_and_new, monkeypatch):
    from sepahan_django.accounts import tokens

    original = tokens.decrypt

    def enter_another(stored):
        monkeypatch.setattr(tokens, "decrypt", original)
        ApiKey.objects.filter(title="main").update(token="b" * 32)
        return original(stored)

    monkeypatch.setattr(tokens, "decrypt", enter_another)
    run("sepahan_reencrypt")
    assert str(ApiKey.objects.get().token) == "b" * 32


def test_a_lost_key_pauses_nothing_else(gateway, settings):
    lost = account("lost")
    settings.SECRET_KEY = "another key altogether, and long enough"
    assert isinstance(ApiKey.objects.get(pk=lost.pk).token, UnreadableSecret)
    queued(1, api_key=lost)
    queued(1, api_key=accounts.resolve(), recipient="09350000001")
    report = outbox.drain()
    assert (states(), list(report.troubles)) == ({"queued": 1, "sent": 1}, ["lost"])


# Fetching


def test_the_account_of_a_lost_key_does_not_keep_others_inbox_from_being_fetched(gateway, settings):
    from sepahan_django import inbox
    from tests.faulty_gateway import Inbound

    account("lost")
    settings.SECRET_KEY = "another key altogether, and long enough"
    gateway.state.inbound.append(Inbound("3000", "1405/09/03", "09350000001", "1"))
    inbox.pull()
    assert InboundMessage.objects.count() == 1
