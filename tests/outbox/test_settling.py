"""What an answer makes of the messages of its request."""

import pytest

from sepahan_django import outbox
from sepahan_django.models import OutboundMessage
from tests import faulty_gateway as faults
from tests.factories import number, queued, states

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
