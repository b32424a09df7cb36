"""What an answer makes of the messages of its request."""

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
from tests.factories import account, number, queued, states

pytestmark = pytest.mark.django_db(transaction=True)


# Answers


def test_too_few_ids_mark_no_message_with_one(gateway):
    queued(3)
    gateway.state.script.append(faults.FEW_IDS)
    outbox.drain()
    assert states() == {"sent": 3}
    assert set(OutboundMessage.objects.values_list("gateway_id", flat=True)) == {None}


def test_too_many_ids_mark_no_message_with_one(gateway):
    queued(3)
    gateway.state.script.append(faults.MANY_IDS)
    outbox.drain()
    assert set(OutboundMessage.objects.values_list("state", "gateway_id")) == {("sent", None)}


def test_a_negative_id_fails_that_message_alone(gateway):
    queued(3)
    gateway.state.script.append(lambda ids: [ids[0], -4, ids[2]])
    outbox.drain()
    assert list(OutboundMessage.objects.order_by("pk").values_list("state", "error_code")) == [
        ("sent", None), ("failed", -4), ("sent", None),
    ]  # fmt: skip


def test_an_id_given_twice_is_nobodys(gateway):
    queued(3)
    gateway.state.script.append(lambda ids: [ids[0], ids[0], ids[2]])
    outbox.drain()
    assert list(OutboundMessage.objects.order_by("pk").values_list("state", "gateway_id")) == [
        ("sent", None), ("sent", None), ("sent", gateway.state.ledger[2].id),
    ]  # fmt: skip


def test_an_id_that_another_message_has_is_not_taken_over(gateway):
    queued(1)
    outbox.drain()
    taken = OutboundMessage.objects.get().gateway_id
    queued(1)
    gateway.state.script.append(lambda ids: [taken])
    outbox.drain()
    assert list(OutboundMessage.objects.order_by("pk").values_list("state", "gateway_id")) == [
        ("sent", taken), ("sent", None),
    ]  # fmt: skip


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


# Rejections


def test_one_bad_number_in_a_hundred_is_found_and_the_others_go_out(gateway):
    queued(100)
    gateway.state.bad_numbers = {number(37)}
    outbox.drain()
    assert states() == {"sent": 99, "failed": 1}
    assert OutboundMessage.objects.get(state="failed").recipient == number(37)
    assert gateway.state.count("Send") <= 15


def test_an_unknown_code_fails_the_messages_with_the_gateways_words(gateway):
    queued(2)
    gateway.state.script.append(-999)
    outbox.drain()
    assert set(OutboundMessage.objects.values_list("state", "error_code", "error_message")) == {
        ("failed", -999, "no because")
    }


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


def test_a_bad_line_fails_its_own_messages_and_no_others(gateway):
    queued(2)
    queued(2, sender="3000999")
    gateway.state.script.extend([-12, faults.ACCEPT, -12])
    outbox.drain()
    assert set(OutboundMessage.objects.values_list("sender", "state")) == {
        ("3000123456", "sent"),
        ("3000999", "failed"),
    }


def test_try_later_leaves_the_messages_queued(gateway):
    queued(1)
    gateway.state.script.append(-8)
    outbox.drain()
    assert states() == {"queued": 1}
    outbox.drain()
    assert states() == {"sent": 1}


def test_minus_20_at_once_means_that_it_was_received(gateway):
    queued(1)
    gateway.state.script.append(-20)
    outbox.drain()
    assert states() == {"sent": 1}


def test_a_code_of_any_length_fails_the_messages_with_it(gateway):
    queued(1)
    gateway.state.script.append(-5_000_000_000)
    outbox.drain()
    assert set(OutboundMessage.objects.values_list("state", "error_code")) == {("failed", -5_000_000_000)}


def test_one_refusal_that_many_workers_get_is_one_pause(gateway, clock):
    account = accounts.resolve()
    queued(300)
    claims = [claiming.claim(account, now=timezone.now()) for _worker in range(3)]
    gateway.state.script += [-1, -1, -1]
    submissions = [Submission(one, accounts.client_for(account)) for one in claims]
    for submission in submissions:
        submission.run()
    assert ApiKey.objects.get().pauses_in_a_row == 1
