import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from sepahan_django import accounts, outbox, signals
from sepahan_django.accounts import UnknownAccount
from sepahan_django.after_commit import send_one
from sepahan_django.models import ApiKey, Campaign, OutboundMessage, Priority, SendRequest
from sepahan_django.outbox import claiming, submitting
from sepahan_django.outbox.submitting import Submission
from sepahan_django.sms import (
    IdempotencyConflict,
    InvalidMessage,
    InvalidPhoneNumber,
    send_mass_sms,
    send_sms,
)
from tests import faulty_gateway as faults
from tests.factories import account, elsewhere, number, queued, states

pytestmark = pytest.mark.django_db(transaction=True)


# send_sms


def test_a_message_is_sent_and_comes_back_with_its_id(inline):
    message = send_sms("+98 912 123 4567", "سلام")
    assert (message.state, message.recipient) == ("sent", "09121234567")
    assert message.gateway_id == inline.state.ledger[0].id


def test_the_message_that_comes_back_is_what_the_database_holds(inline):
    message = send_sms("09121234567", "سلام")
    stored = OutboundMessage.objects.get(pk=message.pk)
    names = [field.attname for field in OutboundMessage._meta.concrete_fields]
    assert {name: getattr(stored, name) for name in names} == {name: getattr(message, name) for name in names}


def test_nothing_goes_out_before_the_commit(inline):
    with transaction.atomic():
        message = send_sms("09121234567", "سلام")
        assert (message.state, inline.state.ledger) == ("queued", [])
    assert message.state == "sent"


def test_a_rolled_back_transaction_sends_nothing(inline):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        send_sms("09121234567", "سلام")
        raise ZeroDivisionError
    assert (inline.state.ledger, OutboundMessage.objects.count()) == ([], 0)


def test_a_rolled_back_savepoint_takes_only_its_own_messages_with_it(inline):
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            send_sms("09121111111", "سلام")
            raise ZeroDivisionError
        send_sms("09122222222", "سلام")
    assert inline.state.recipients() == ["09122222222"]


def test_the_messages_of_one_transaction_cost_one_request(inline):
    with transaction.atomic():
        for index in range(100):
            send_sms(number(index), f"text {index}")
    assert (len(inline.state.ledger), len(inline.state.requests)) == (100, 1)


@pytest.mark.parametrize("to", ["0912", "", None, "02188776655", "علی"])
def test_a_number_that_can_not_be_read_is_refused_before_anything_is_stored(gateway, to):
    with pytest.raises(InvalidPhoneNumber):
        send_sms(to, "سلام")
    assert OutboundMessage.objects.count() == 0


@pytest.mark.parametrize("text", ["", "  \n", "a\x00b", "\ud800"])
def test_a_text_that_can_not_be_sent_is_refused_before_anything_is_stored(gateway, text):
    with pytest.raises(InvalidMessage):
        send_sms("09121234567", text)
    assert OutboundMessage.objects.count() == 0


def test_an_unknown_account_is_refused(gateway):
    with pytest.raises(UnknownAccount, match="nobody"):
        send_sms("09121234567", "سلام", account="nobody")


def test_without_any_account_the_sentence_says_what_to_do(settings):
    settings.SEPAHAN = {}
    with pytest.raises(UnknownAccount, match="API_KEY"):
        send_sms("09121234567", "سلام", sender="3000")


def test_without_a_line_the_sentence_says_what_to_do(settings, gateway):
    settings.SEPAHAN = {**settings.SEPAHAN, "SENDER": ""}
    with pytest.raises(InvalidMessage, match="SENDER"):
        send_sms("09121234567", "سلام")


@pytest.mark.parametrize("name", ["send_at", "expires_at"])
def test_a_time_without_a_zone_is_refused(gateway, name):
    with pytest.raises(InvalidMessage, match=name):
        send_sms("09121234567", "سلام", **{name: timezone.now().replace(tzinfo=None)})


def test_a_key_used_before_gives_the_earlier_message_and_sends_nothing(inline):
    first = send_sms("09121234567", "سلام", idempotency_key="a")
    second = send_sms("989121234567", "سلام", idempotency_key="a")
    assert (second.pk, len(inline.state.ledger)) == (first.pk, 1)


def test_a_caller_that_notes_what_it_sends_learns_whether_it_is_new(inline):
    user = User.objects.create_user("clerk")
    sent = [send_one("09121234567", "سلام", idempotency_key="a", created_by=user) for _time in range(2)]
    assert [(message.created_by, is_new) for message, is_new in sent] == [(user, True), (user, False)]
    assert len(inline.state.ledger) == 1


@pytest.mark.parametrize(("to", "text"), [("09351234567", "سلام"), ("09121234567", "دیگر")])
def test_a_key_used_before_for_something_else_is_an_error(gateway, to, text):
    send_sms("09121234567", "سلام", idempotency_key="a")
    with pytest.raises(IdempotencyConflict):
        send_sms(to, text, idempotency_key="a")


def test_keys_that_differ_in_case_are_two_keys(gateway):
    send_sms("09121234567", "سلام", idempotency_key="a")
    send_sms("09121234567", "سلام", idempotency_key="A")
    assert OutboundMessage.objects.count() == 2


def test_a_message_for_later_waits_for_its_time(gateway, clock):
    send_sms("09121234567", "سلام", send_at=timezone.now() + timedelta(hours=1))
    outbox.drain()
    assert states() == {"queued": 1}
    clock.shift(timedelta(hours=2))
    outbox.drain()
    assert states() == {"sent": 1}


def test_a_message_past_its_time_is_never_sent(gateway, clock, listen):
    failed = listen(signals.message_failed)
    send_sms("09121234567", "سلام", expires_at=timezone.now() + timedelta(minutes=2))
    clock.shift(timedelta(minutes=3))
    outbox.drain()
    assert (states(), gateway.state.ledger, len(failed)) == ({"expired": 1}, [], 1)


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (faults.DROP_ANSWER, "sending"),
        (faults.HTTP_500, "sending"),
        (-8, "queued"),
        (-1, "queued"),
        (-14, "queued"),
        (-999, "failed"),
    ],
)
def test_the_gateways_troubles_are_no_exceptions(inline, fault, state):
    inline.state.script.append(fault)
    assert send_sms("09121234567", "سلام").state == state


def test_a_gateway_that_is_down_leaves_the_message_queued(settings):
    settings.SEPAHAN = {
        "API_KEY": "x" * 32,
        "SENDER": "3000",
        "BASE_URL": "http://127.0.0.1:9",
        "TIMEOUT": (1, 1),
    }
    message = send_sms("09121234567", "سلام")
    assert message.state == "queued"
    assert "no connection" in message.error_message


# send_mass_sms


def test_mass_sending_only_queues(inline):
    assert send_mass_sms((number(index), "سلام") for index in range(250)) == 250
    assert (states(), inline.state.ledger) == ({"queued": 250}, [])


def test_a_bad_number_among_many_stores_none(gateway):
    with pytest.raises(InvalidPhoneNumber):
        send_mass_sms([*((number(index), "سلام") for index in range(1500)), ("12", "سلام")])
    assert OutboundMessage.objects.count() == 0


def test_a_bad_number_leaves_no_campaign_behind(gateway):
    with pytest.raises(InvalidPhoneNumber):
        send_mass_sms([("12", "سلام")], campaign="نوروز")
    assert Campaign.objects.count() == 0


def test_mass_sending_makes_no_query_a_message(gateway, django_assert_max_num_queries):
    with django_assert_max_num_queries(100):
        send_mass_sms((number(index), "سلام") for index in range(3000))


def test_a_campaign_counts_its_messages_by_state(gateway):
    campaign = Campaign.objects.create(title="نوروز")
    send_mass_sms([(number(1), "سلام"), (number(2), "سلام")], campaign=campaign)
    outbox.drain()
    assert {state: count for state, count in campaign.counts.items() if count} == {"sent": 2}


# Requests


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


# People


def test_a_queued_message_can_be_cancelled_and_is_not_sent(gateway):
    queued(2)
    assert outbox.cancel(OutboundMessage.objects.all()) == 2
    outbox.drain()
    assert gateway.state.ledger == []


def test_a_failed_message_can_be_sent_again_under_a_new_request_id(gateway):
    queued(1)
    gateway.state.script.append(-999)
    outbox.drain()
    assert outbox.send_again(OutboundMessage.objects.all()) == 1
    outbox.drain()
    assert states() == {"sent": 1}
    assert SendRequest.objects.count() == 2


def test_a_sent_message_can_not_be_sent_again(gateway):
    queued(1)
    outbox.drain()
    assert outbox.send_again(OutboundMessage.objects.all()) == 0


def test_a_code_of_any_length_fails_the_messages_with_it(gateway):
    queued(1)
    gateway.state.script.append(-5_000_000_000)
    outbox.drain()
    assert set(OutboundMessage.objects.values_list("state", "error_code")) == {("failed", -5_000_000_000)}


def test_a_limit_smaller_than_a_request_that_was_left_behind_is_no_trouble(gateway, monkeypatch):
    queued(20)
    gateway.state.bad_numbers = {number(0)}
    outbox.drain(limit=20)
    queued(5, recipient="09129999999")
    for _round in range(20):
        outbox.drain(limit=1)
    assert states() == {"failed": 1, "sent": 24}


def test_one_refusal_that_many_workers_get_is_one_pause(gateway, clock):
    account = accounts.resolve()
    queued(300)
    claims = [claiming.claim(account, now=timezone.now()) for _worker in range(3)]
    gateway.state.script += [-1, -1, -1]
    submissions = [Submission(one, accounts.client_for(account)) for one in claims]
    for submission in submissions:
        submission.run()
    assert ApiKey.objects.get().pauses_in_a_row == 1


def test_only_accounts_that_have_sent_are_asked_for_their_credit(gateway):
    account("another", base_url=gateway.url)
    queued(1)
    outbox.drain()
    assert gateway.state.count("credit") == 1


@pytest.mark.skipif("connection.vendor != 'mysql'", reason="others wait, or tell the caller to start anew")
def test_a_key_used_by_somebody_since_a_snapshot_was_taken_gives_that_message(gateway):
    def send():
        return send_sms("09120000000", "سلام", idempotency_key="order-1")

    accounts.resolve()
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    with transaction.atomic():
        assert not OutboundMessage.objects.exists()
        other = threading.Thread(target=elsewhere(send))
        other.start()
        other.join()
        message = send()
    connection.close()
    assert OutboundMessage.objects.get() == message
