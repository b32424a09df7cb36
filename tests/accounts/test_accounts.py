import io

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from sepahan_django import accounts, inbox, signals
from sepahan_django.models import ApiKey, PauseKind, SenderLine
from sepahan_django.models.fields import UnreadableSecret
from tests.factories import TOKEN, account, queued

pytestmark = pytest.mark.django_db(transaction=True)


def stored_token():
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM sepahan_django_apikey")
        return cursor.fetchone()[0]


# Tokens


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


# Which account


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


def test_a_client_is_kept_until_its_settings_change(gateway, settings):
    key = accounts.resolve()
    first = accounts.client_for(key)
    assert accounts.client_for(key) is first
    settings.SEPAHAN = {**settings.SEPAHAN, "TIMEOUT": (2, 2)}
    assert accounts.client_for(key) is not first


# Credit


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


def test_a_pause_is_told_once(gateway, listen):
    told = listen(signals.account_paused)
    for _time in range(3):
        accounts.pause(accounts.resolve(), kind=PauseKind.ACCOUNT, reason="no")
    assert [one["reason"] for one in told] == ["no"]


def test_a_pause_grows(gateway):
    ends = []
    for _time in range(3):
        accounts.pause(accounts.resolve(), kind=PauseKind.ACCOUNT, reason="no")
        ends.append(ApiKey.objects.get().paused_until)
    assert ends == sorted(ends)
    assert ends[2] - ends[1] > ends[1] - ends[0]


def test_of_many_workers_one_tries_a_paused_account(gateway, clock):
    accounts.pause(accounts.resolve(), kind=PauseKind.ACCOUNT, reason="no")
    clock.shift(600)
    seen = [ApiKey.objects.get() for _worker in range(3)]
    now = seen[0].paused_until
    assert [accounts.take_probe(one, now=now) for one in seen] == [True, False, False]


def test_one_failure_costs_no_wait_and_more_cost_ever_more(gateway):
    waits = []
    for _time in range(4):
        accounts.back_off(accounts.resolve(), reason="away")
        waits.append((ApiKey.objects.get().backoff_until - timezone.now()).total_seconds())
    assert waits[0] <= 0
    assert 0 < waits[1] < waits[3]


# A token for user name and password


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


# A pause that no message met


@pytest.fixture
def refused_inbox(gateway, clock):
    """The account was refused when its inbox was asked for, and its pause has passed."""
    gateway.state.receive_script.append(-1)
    inbox.pull()
    clock.shift(600)
    return gateway


def test_a_pause_that_the_inbox_met_is_over_when_the_inbox_is_let_in_again(refused_inbox):
    inbox.pull()
    assert not ApiKey.objects.get().is_paused


def test_a_second_pause_long_after_the_first_is_told_and_is_short(refused_inbox, listen):
    inbox.pull()
    told = listen(signals.account_paused)
    refused_inbox.state.receive_script.append(-1)
    inbox.pull()
    assert (len(told), ApiKey.objects.get().pauses_in_a_row) == (1, 1)


def test_a_pause_is_not_over_for_waiting_messages_because_the_inbox_is_let_in(refused_inbox):
    queued(1)
    inbox.pull()
    assert ApiKey.objects.get().is_paused
