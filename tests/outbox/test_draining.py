"""How the workers empty the queue."""

import pytest

from sepahan_django import outbox, signals
from sepahan_django.models import OutboundMessage, Priority
from sepahan_django.outbox import submitting
from sepahan_django.sms import (
    send_mass_sms,
)
from tests.factories import account, elsewhere, number, queued, states

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_hundred_different_messages_cost_one_request(gateway):
    send_mass_sms((number(index), f"text {index}") for index in range(100))
    outbox.drain()
    assert [name for name, _body in gateway.state.requests if name.startswith("Send")] == ["SendP2P"]


def test_one_text_to_many_goes_by_send(gateway):
    send_mass_sms((number(index), "سلام") for index in range(100))
    outbox.drain()
    assert [name for name, _body in gateway.state.requests if name.startswith("Send")] == ["Send"]


def test_each_message_gets_the_id_of_its_own_position(gateway):
    send_mass_sms((number(index), f"text {index}") for index in range(250))
    outbox.drain()
    by_id = {sms.id: (sms.recipient, sms.text) for sms in gateway.state.ledger}
    stored = OutboundMessage.objects.values_list("gateway_id", "recipient", "text")
    assert {key: (recipient, text) for key, recipient, text in stored} == by_id


def test_the_way_out_makes_no_query_a_message(gateway, django_assert_max_num_queries):
    send_mass_sms((number(index), f"text {index}") for index in range(100))
    with django_assert_max_num_queries(50):
        outbox.drain()


def test_the_most_urgent_go_first(gateway):
    queued(150, priority=Priority.BULK)
    queued(1, priority=Priority.URGENT, recipient="09999999999")
    outbox.drain()
    assert gateway.state.ledger[0].recipient == "09999999999"


def test_an_urgent_message_waits_for_one_request_at_most(gateway):
    queued(300, priority=Priority.BULK)

    urgent = elsewhere(lambda: queued(1, priority=Priority.URGENT, recipient="09999999999"))
    gateway.state.script.append(gateway.between(urgent))
    outbox.drain()
    assert gateway.state.recipients().index("09999999999") == 100


def test_the_price_comes_off_the_credit_that_pages_show(gateway):
    key = account(base_url=gateway.url, credit=1000)
    queued(3, api_key=key)
    outbox.run_once(key)
    key.refresh_from_db()
    assert key.credit == 970


def test_signals_tell_what_was_sent_after_it_is_stored(gateway, listen):
    sent = listen(signals.message_sent)
    queued(2)
    outbox.drain()
    assert [one["message"].state for one in sent] == ["sent", "sent"]


def test_a_limit_is_kept_over_all_accounts(gateway):
    for title in ("a", "b"):
        queued(5, api_key=account(title, base_url=gateway.url))
    outbox.drain(limit=7)
    assert states() == {"sent": 7, "queued": 3}


def test_a_fault_of_our_own_in_one_request_does_not_hold_up_the_others(gateway, monkeypatch):
    queued(150)
    original, calls = submitting.Submission._accepted, []

    def fails_once(self, result):
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("a bug")
        original(self, result)

    monkeypatch.setattr(submitting.Submission, "_accepted", fails_once)
    outbox.drain()
    assert states() == {"sending": 100, "sent": 50}


def test_a_limit_smaller_than_a_request_that_was_left_behind_is_no_trouble(gateway, monkeypatch):
    queued(20)
    gateway.state.bad_numbers = {number(0)}
    outbox.drain(limit=20)
    queued(5, recipient="09129999999")
    for _round in range(20):
        outbox.drain(limit=1)
    assert states() == {"failed": 1, "sent": 24}


def test_only_accounts_that_have_sent_are_asked_for_their_credit(gateway):
    account("another", base_url=gateway.url)
    queued(1)
    outbox.drain()
    assert gateway.state.count("credit") == 1
