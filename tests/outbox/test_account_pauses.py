"""What sending does to the pauses and the back-off of an account, and they to it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sepahan_django import accounts, outbox, signals
from sepahan_django.models import ApiKey, OutboundMessage
from sepahan_django.outbox import claiming
from sepahan_django.outbox.submitting import Submission
from sepahan_django.sms import (
    send_sms,
)
from tests import faulty_gateway as faults
from tests.factories import account, queued, states

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_gateway_that_stays_away_is_not_asked_by_every_message(inline):
    inline.state.script.extend([faults.HTTP_500] * 5)
    for _message in range(5):
        send_sms("09121234567", "سلام")
    assert inline.state.count("Send") == 2
    assert states() == {"sending": 2, "queued": 3}


def test_one_lost_answer_does_not_hold_up_the_next_message(inline):
    inline.state.script.append(faults.HTTP_500)
    send_sms("09121234567", "سلام")
    assert send_sms("09351234567", "سلام").state == "sent"


def test_a_code_of_the_account_pauses_it_once_and_the_messages_wait(gateway, listen):
    paused = listen(signals.account_paused)
    queued(150)
    gateway.state.script.extend([-1])
    report = outbox.drain()
    assert (states(), gateway.state.count("Send"), len(paused)) == ({"queued": 150}, 1, 1)
    assert "-1" in next(iter(report.troubles.values()))


def test_a_paused_account_calls_nobody_until_its_pause_is_over(gateway, clock):
    queued(1)
    gateway.state.script.append(-1)
    outbox.drain()
    outbox.drain()
    assert gateway.state.count("Send") == 1
    clock.shift(timedelta(minutes=6))
    outbox.drain()
    assert states() == {"sent": 1}
    assert ApiKey.objects.get().paused_until is None


def test_a_new_token_ends_the_pause_of_the_old_one(gateway):
    key = account(base_url=gateway.url, is_default=True)
    queued(1, api_key=key)
    gateway.state.script.append(-1)
    outbox.drain()
    key.refresh_from_db()
    key.token = "f" * 32
    key.save()
    outbox.drain()
    assert states() == {"sent": 1}


def test_a_pause_that_the_project_sets_itself_is_kept_for_its_length(gateway, clock):
    queued(1)
    ApiKey.objects.update(paused_until=timezone.now() + timedelta(days=2), pause_reason="holidays")
    report = outbox.drain()
    assert (states(), "holidays" in next(iter(report.troubles.values()))) == ({"queued": 1}, True)
    clock.shift(timedelta(days=3))
    outbox.drain()
    assert states() == {"sent": 1}


def test_other_accounts_go_on_when_one_is_paused(gateway):
    first, second = account("a", base_url=gateway.url), account("b", base_url=gateway.url)
    queued(1, api_key=first)
    queued(1, api_key=second)
    gateway.state.script.append(-9)
    outbox.drain()
    assert set(OutboundMessage.objects.values_list("api_key__title", "state")) == {
        ("a", "queued"),
        ("b", "sent"),
    }


@pytest.mark.parametrize("code", [-14, -19])
def test_without_credit_the_messages_wait_until_there_is_more(gateway, code):
    queued(1)
    gateway.state.credit = 3
    gateway.state.script.append(code)
    outbox.drain()
    outbox.drain()
    assert (states(), gateway.state.count("Send")) == ({"queued": 1}, 1)
    gateway.state.credit = 100_000
    outbox.drain()
    assert states() == {"sent": 1}


def test_one_refusal_that_many_workers_get_is_one_pause(gateway, clock):
    account = accounts.resolve()
    queued(300)
    claims = [claiming.claim(account, now=timezone.now()) for _worker in range(3)]
    gateway.state.script += [-1, -1, -1]
    submissions = [Submission(one, accounts.client_for(account)) for one in claims]
    for submission in submissions:
        submission.run()
    assert ApiKey.objects.get().pauses_in_a_row == 1
