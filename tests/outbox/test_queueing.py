"""`send_sms` and `send_mass_sms`: what is queued, refused, and sent at once."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from sepahan_django import accounts, outbox, signals
from sepahan_django.accounts import UnknownAccount
from sepahan_django.after_commit import send_one
from sepahan_django.models import Campaign, OutboundMessage
from sepahan_django.sms import (
    IdempotencyConflict,
    InvalidMessage,
    InvalidPhoneNumber,
    send_mass_sms,
    send_sms,
)
from tests import faulty_gateway as faults
from tests.factories import elsewhere, number, states

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


def test_a_caller_that_notes_what_it_sends_learns_whether_it_is_new(inline):
    user = User.objects.create_user("clerk")
    sent = [send_one("09121234567", "سلام", idempotency_key="a", created_by=user) for _time in range(2)]
    assert [(message.created_by, is_new) for message, is_new in sent] == [(user, True), (user, False)]
    assert len(inline.state.ledger) == 1
