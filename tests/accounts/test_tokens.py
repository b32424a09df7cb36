"""An account's token: encrypted, hidden, made at the gateway."""

import io

import pytest
from django.core.management import call_command
from django.db import connection

from sepahan_django import accounts
from sepahan_django.models import ApiKey
from sepahan_django.models.fields import UnreadableSecret
from tests.factories import TOKEN, account

pytestmark = pytest.mark.django_db(transaction=True)


def stored_token():
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM sepahan_django_apikey")
        return cursor.fetchone()[0]


def test_a_token_is_encrypted_in_the_database():
    account()
    assert stored_token().startswith("fernet$")
    assert TOKEN not in stored_token()


def test_a_token_comes_back_as_it_was_stored():
    account()
    assert str(ApiKey.objects.get().token) == TOKEN


def test_a_token_does_not_show_itself():
    assert TOKEN not in repr(vars(account()))


def test_a_dump_holds_no_token_in_the_clear_and_can_be_loaded(tmp_path):
    account()
    dump = tmp_path / "dump.json"
    call_command("dumpdata", "sepahan_django", output=str(dump), verbosity=0)
    ApiKey.objects.all().delete()
    call_command("loaddata", str(dump), verbosity=0)
    assert TOKEN not in dump.read_text()
    assert str(ApiKey.objects.get().token) == TOKEN


def test_a_token_survives_a_change_of_keys(settings):
    settings.SEPAHAN = {"ENCRYPTION_KEYS": ["old key of some length"]}
    account()
    settings.SEPAHAN = {"ENCRYPTION_KEYS": ["new key of some length", "old key of some length"]}
    assert str(ApiKey.objects.get().token) == TOKEN


def test_a_token_that_can_not_be_decrypted_gets_a_sentence_and_is_kept(settings):
    account()
    before = stored_token()
    settings.SECRET_KEY = "another key altogether, and long enough"
    key = ApiKey.objects.get()
    assert isinstance(key.token, UnreadableSecret)
    with pytest.raises(accounts.AccountUnusable, match="can't be decrypted"):
        accounts.client_for(key)
    key.save()
    assert stored_token() == before


def test_a_token_is_made_and_stored(gateway):
    key = accounts.generate_api_key(
        title="new", username="u", password="secret-word", domain="d", ips=["10.0.0.1"]
    )
    assert str(ApiKey.objects.get(pk=key.pk).token) == "b2fa64f05d774e56a948727441b898c3"


def test_the_command_reads_the_password_from_its_environment_and_prints_no_token(gateway, monkeypatch):
    monkeypatch.setenv("SEPAHAN_USERNAME", "u")
    monkeypatch.setenv("SEPAHAN_PASSWORD", "secret-word")
    out = io.StringIO()
    call_command("sepahan_generate_api_key", title="new", domain="d", stdout=out)
    assert "b2fa64f05d774e56" not in out.getvalue()
    assert ApiKey.objects.filter(title="new").exists()
