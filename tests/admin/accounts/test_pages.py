"""The pages of accounts: tokens, credit, pauses."""

import pytest
from django.urls import reverse

from sepahan_django import accounts, outbox
from sepahan_django.models import ApiKey
from tests.admin.steps import SEND
from tests.factories import TOKEN, account, queued, states

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_token_is_written_and_never_shown(boss, gateway):
    address = reverse("admin:sepahan_django_apikey_add")
    lines = {"lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}
    boss.post(address, {"title": "new", "token": TOKEN, "is_active": "on", **lines})
    key = ApiKey.objects.get(title="new")
    page = boss.get(reverse("admin:sepahan_django_apikey_change", args=[key.pk])).content.decode()
    assert (str(key.token), TOKEN in page, TOKEN[-4:] in page) == (TOKEN, False, True)


def test_an_empty_token_field_keeps_the_stored_one(boss, gateway):
    key = account("a")
    lines = {"lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}
    boss.post(
        reverse("admin:sepahan_django_apikey_change", args=[key.pk]), {"title": "b", "token": "", **lines}
    )
    key.refresh_from_db()
    assert (key.title, str(key.token)) == ("b", TOKEN)


def test_a_wrong_address_gets_a_sentence(boss, gateway):
    lines = {"lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}
    data = {"title": "a", "token": TOKEN, "base_url": "http://api.sepahansms.com", **lines}
    page = boss.post(reverse("admin:sepahan_django_apikey_add"), data).content.decode()
    assert "https" in page
    assert ApiKey.objects.filter(title="a").count() == 0


def test_the_credit_is_checked_with_a_button(boss, gateway):
    key = accounts.resolve()
    answer = boss.post(reverse("admin:sepahan_django_credit", args=[key.pk]), follow=True)
    assert "1,000,000 Rials" in answer.content.decode()


def test_a_token_is_made_from_user_name_and_password(boss, gateway):
    data = {
        "title": "made",
        "username": "u",
        "password": "hunter2-hunter2",
        "domain": "d",
        "ips": "10.0.0.1، 10.0.0.2",
    }
    answer = boss.post(reverse("admin:sepahan_django_generate"), data, follow=True)
    assert str(ApiKey.objects.get(title="made").token) == "b2fa64f05d774e56a948727441b898c3"
    assert "b2fa64f05d774e56" not in answer.content.decode()
    assert gateway.state.requests[-1][1]["filterIps"] == ["10.0.0.1", "10.0.0.2"]


def test_the_password_is_not_written_back_into_the_page(boss, settings):
    settings.SEPAHAN = {"API_KEY": "x", "BASE_URL": "http://127.0.0.1:9", "TIMEOUT": (1, 1)}
    data = {"title": "made", "username": "u", "password": "hunter2-hunter2", "domain": "d"}
    page = boss.post(reverse("admin:sepahan_django_generate"), data).content.decode()
    assert ("hunter2" in page, "reached" in page) == (False, True)


def test_a_pause_is_ended_with_a_button(boss, gateway):
    queued(1)
    gateway.state.script.append(-1)
    outbox.drain()
    key = ApiKey.objects.get()
    assert "paused" in boss.get(reverse(SEND)).content.decode()
    boss.post(reverse("admin:sepahan_django_try_now", args=[key.pk]))
    outbox.drain()
    assert states() == {"sent": 1}
