"""What a page says has become of what it has just sent."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.urls import reverse
from django.utils.translation import override

from sepahan_django import signals
from sepahan_django.admin import conversation_url
from sepahan_django.models import OutboundMessage
from tests.admin.steps import check, look, send
from tests.factories import queued

pytestmark = pytest.mark.django_db(transaction=True)

FIRST_RUN = "admin:sepahan_django_first_run"
NUMBER = "09121234567"


@pytest.fixture(autouse=True)
def _in_english():
    with override("en"):
        yield


@pytest.fixture
def boss(client, gateway, settings):
    settings.SEPAHAN = {**settings.SEPAHAN, "DISPATCH": "inline"}
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def atomic_requests(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)


def told(answer):
    """The sentences at the head of the page."""
    (shown,) = re.findall('(?s)<ul class="messagelist">.*?</ul>', answer.content.decode())
    return " ".join(re.sub("<[^>]*>", " ", shown).split())


def draft_test(client):
    page = look(client)
    data = {"action": "test", "number": NUMBER, "nonce": page.context["test"]["nonce"].value()}
    return check(client, page.context["draft"], **data)


def first_run(client):
    nonce = client.get(reverse(FIRST_RUN)).context["forms"]["test"]["nonce"].value()
    data = {"step": "test", "test-number": NUMBER, "test-nonce": nonce}
    return client.post(reverse(FIRST_RUN), data, follow=True)


def reply(client):
    form = client.get(conversation_url(NUMBER)).context["form"]
    data = {name: form[name].value() for name in ("account", "line", "nonce")}
    return client.post(conversation_url(NUMBER), {**data, "text": "x", "shown": ""}, follow=True)


PAGES = pytest.mark.parametrize("submit", [draft_test, first_run, reply])


@PAGES
def test_what_is_sent_was_handed_over(boss, submit):
    assert "sent to the gateway" in told(submit(boss)).lower()


@PAGES
def test_what_is_delivered_by_then_was_handed_over_too(boss, listen, submit):
    def deliver(message, **arguments):
        OutboundMessage.objects.filter(pk=message.pk).update(state="delivered")

    listen(signals.message_sent, deliver)
    assert "sent to the gateway" in told(submit(boss)).lower()


@PAGES
def test_the_reason_of_a_refusal_turns_nothing_around(boss, gateway, listen, submit):
    def turn(message, **arguments):
        OutboundMessage.objects.filter(pk=message.pk).update(error_message="no \u202ebecause")

    listen(signals.message_failed, turn)
    gateway.state.script.append(-999)
    assert "[U+202E]because" in told(submit(boss))


@PAGES
def test_what_waits_is_queued(boss, settings, submit):
    settings.SEPAHAN = {**settings.SEPAHAN, "DISPATCH": "none"}
    assert "is queued" in told(submit(boss))


@PAGES
def test_where_a_request_is_one_transaction_the_outcome_is_told_after_it(boss, atomic_requests, submit):
    assert "sent to the gateway" in told(submit(boss)).lower()


def test_where_a_request_is_one_transaction_a_campaigns_outcome_is_told_after_it(boss, atomic_requests):
    assert "1 SMS sent to the gateway." in told(send(boss))


def test_where_a_request_is_one_transaction_a_buttons_outcome_is_told_after_it(boss, atomic_requests):
    (row,) = queued(1)
    answer = boss.post(reverse("admin:sepahan_django_message_send_now", args=[row.pk]), follow=True)
    assert "Sent: The gateway has accepted it" in told(answer)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("sent", "Sent to the gateway"),
        ("delivered", "Sent to the gateway"),
        ("undelivered", "Not delivered: It did not reach the handset"),
        ("sending", "The SMS is queued"),
        ("in_doubt", "In doubt: It is unknown whether it was sent"),
        ("cancelled", "Cancelled: It was cancelled"),
    ],
)
def test_a_test_submitted_again_is_told_as_it_stands_by_then(boss, state, sentence):
    page = look(boss)
    data = {"action": "test", "number": NUMBER, "nonce": page.context["test"]["nonce"].value()}
    check(boss, page.context["draft"], **data)
    OutboundMessage.objects.update(state=state)
    assert sentence in told(check(boss, page.context["draft"], **data))
