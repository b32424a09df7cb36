import re
from pathlib import Path

import certifi
import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection

from sepahan_django import checks
from tests.factories import account


def ids(settings, **changes):
    settings.SEPAHAN = {"API_KEY": "x" * 32, "SENDER": "3000", **changes}
    return [message.id for message in checks.check_settings(None)]


def test_the_defaults_are_fine(settings):
    assert ids(settings) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"API_KYE": "x"}, "sepahan.E002"),
        ({"TIMEOUT": None}, "sepahan.E003"), ({"TIMEOUT": (0, 1)}, "sepahan.E003"),
        ({"TIMEOUT": "fast"}, "sepahan.E003"),
        ({"DISPATCH": "later"}, "sepahan.E004"), ({"INBOX_MODE": ""}, "sepahan.E004"),
        ({"BASE_URL": "http://api.sepahansms.com"}, "sepahan.E005"), ({"BASE_URL": None}, "sepahan.E005"),
        ({"CA_BUNDLE": "/nowhere.pem"}, "sepahan.E006"), ({"MAX_REQUESTS_PER_SECOND": 0}, "sepahan.E007"),
        ({"LOW_CREDIT": "much"}, "sepahan.E008"), ({"CLIENT": "nowhere.Client"}, "sepahan.E009"),
        ({"ENCRYPTION_KEYS": "short"}, "sepahan.E010"), ({"ENCRYPTION_KEYS": []}, "sepahan.E010"),
        ({"API_KEY": ""}, "sepahan.I001"), ({"SENDER": ""}, "sepahan.I001"),
        ({"API_KEY": 5}, "sepahan.E012"), ({"CURRENCY_UNIT": "dollar"}, "sepahan.E014"),
        ({"BULK_THRESHOLD": "all"}, "sepahan.E015"), ({"CA_BUNDLE": __file__}, "sepahan.E016"),
    ],
)  # fmt: skip
def test_each_mistake_is_named(settings, changes, expected):
    assert ids(settings, **changes) == [expected]


def test_a_ca_bundle_with_certificates_is_fine(settings):
    assert ids(settings, CA_BUNDLE=certifi.where()) == []


def test_no_two_checks_have_one_id():
    found = re.findall(r'id="(sepahan\.\w+)"', Path(checks.__file__).read_text())
    assert sorted(found) == sorted(set(found))


@pytest.mark.parametrize(
    "given", [{"MANY": 5, "MONEY": "toman"}, {"MANY": 5, "BULK_THRESHOLD": 5}, {"CURRENCY_UNIT": "toman"}]
)
def test_former_names_of_settings_are_known(settings, given):
    assert ids(settings, **given) == []


@pytest.mark.parametrize(
    "given", [{"MANY": 5, "BULK_THRESHOLD": 6}, {"MONEY": "toman", "CURRENCY_UNIT": "rial"}]
)
def test_a_setting_that_its_former_name_contradicts_is_warned_of(settings, given):
    assert ids(settings, **given) == ["sepahan.W010"]


@pytest.mark.parametrize("given", [{"MANY": "all"}, {"MONEY": "dollar"}])
def test_a_mistake_is_named_by_the_key_that_the_project_wrote(settings, given):
    settings.SEPAHAN = given
    (key,) = given
    found = [one.msg for one in checks.check_settings(None) if one.id in ("sepahan.E014", "sepahan.E015")]
    assert [f'SEPAHAN["{key}"]' in message for message in found] == [True]


def test_settings_that_are_no_dictionary_are_named(settings):
    settings.SEPAHAN = "token"
    assert [message.id for message in checks.check_settings(None)] == ["sepahan.E001"]


def test_a_missing_setting_is_named(settings):
    del settings.SEPAHAN
    assert [message.id for message in checks.check_settings(None)] == ["sepahan.W006"]


def test_each_check_says_how_to_mend_it(settings):
    settings.SEPAHAN = {"API_KYE": 1, "TIMEOUT": 0, "DISPATCH": "x", "BASE_URL": "x"}
    assert all(message.hint for message in checks.check_settings(None))


@pytest.mark.django_db
def test_no_account_at_all_is_warned_of(settings):
    settings.SEPAHAN = {}
    assert [message.id for message in checks.check_accounts(None, databases=["default"])] == ["sepahan.W001"]


@pytest.mark.django_db
def test_a_token_that_can_not_be_decrypted_is_named(settings):
    account()
    settings.SECRET_KEY = "another key altogether, and long enough"
    assert [message.id for message in checks.check_accounts(None, databases=["default"])] == ["sepahan.E013"]


def test_what_should_not_go_into_production_is_warned_of(settings):
    settings.SEPAHAN = {
        "API_KEY": "x",
        "BASE_URL": "http://127.0.0.1",
        "CLIENT": "sepahan_django.testing.MemoryClient",
    }
    settings.DEBUG = True
    found = {message.id for message in checks.check_deployment(None)}
    assert found == {"sepahan.W002", "sepahan.W003", "sepahan.W004", "sepahan.W005"}


@pytest.mark.parametrize("address", ["http://127.0.0.1", "HTTP://localhost:8000/sandbox"])
def test_a_loopback_address_in_production_is_warned_of_in_any_letters(settings, address):
    settings.SEPAHAN = {"BASE_URL": address}
    settings.INSTALLED_APPS = []
    assert [message.id for message in checks.check_deployment(None)] == ["sepahan.W004"]


def test_one_secret_for_two_uses_is_warned_of(settings):
    settings.SEPAHAN = {"ENCRYPTION_KEYS": [settings.SECRET_KEY]}
    settings.INSTALLED_APPS = []
    assert [message.id for message in checks.check_deployment(None)] == ["sepahan.W008"]


def test_what_is_set_up_for_production_is_not_warned_of(settings):
    settings.SEPAHAN = {"API_KEY": "x" * 32, "SENDER": "3000"}
    settings.INSTALLED_APPS = []
    assert checks.check_deployment(None) == []


def test_the_checks_are_registered(settings):
    settings.SEPAHAN = {"NO_SUCH": 1}
    assert "sepahan.E002" in {message.id for message in run_checks()}


@pytest.mark.django_db
def test_the_migrations_are_complete():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


class Router:
    """Reads here, writes there."""

    def __init__(self, reads, writes):
        self.reads, self.writes = reads, writes

    def db_for_read(self, model, **hints):
        return self.reads

    def db_for_write(self, model, **hints):
        return self.writes


@pytest.mark.parametrize(
    ("reads", "writes", "found"),
    [(None, None, []), ("other", None, ["sepahan.W009"]), ("other", "other", ["sepahan.E017"])],
)
def test_a_router_that_takes_the_apps_rows_elsewhere_is_told(settings, reads, writes, found):
    settings.DATABASE_ROUTERS = [Router(reads, writes)]
    ids = {one.id for one in checks.check_settings(None)}
    assert [one for one in ("sepahan.E017", "sepahan.W009") if one in ids] == found


def test_autocommit_that_is_off_is_told(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "AUTOCOMMIT", False)
    assert "sepahan.E018" in {one.id for one in checks.check_settings(None)}


def test_no_two_checks_share_an_id():
    source = (Path(checks.__file__)).read_text()
    ids = re.findall(r'id="(sepahan\.[A-Z]\d+)"', source)
    assert sorted(ids) == sorted(set(ids))
