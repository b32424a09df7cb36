from datetime import timedelta

import pytest
from django.utils import timezone

from example_project.shop.models import OneTimeCode, Order, Vote
from example_project.shop.services import check_code, move_order, send_code
from sepahan_django import inbox, outbox
from sepahan_django.models import OutboundMessage
from tests.factories import states
from tests.faulty_gateway import Inbound

pytestmark = pytest.mark.django_db(transaction=True)


def write(gateway, text):
    gateway.state.inbound.append(Inbound("3000123456", "1405/09/03 10:00", "09121234567", text))
    inbox.pull()


def test_an_orders_change_is_told_once(gateway):
    order = Order.objects.create(customer="مریم", mobile="09121234567")
    move_order(order, "shipped")
    move_order(order, "shipped")
    outbox.drain()
    assert len(gateway.state.ledger) == 1


def test_a_bad_number_keeps_the_orders_change_back(gateway):
    order = Order.objects.create(customer="مریم", mobile="12")
    with pytest.raises(ValueError, match="few"):
        move_order(order, "shipped")
    assert Order.objects.get().state == "new"


def test_a_code_is_good_once(gateway):
    message = send_code("09121234567")
    code = message.text[-6:]
    assert [check_code("09121234567", code), check_code("09121234567", code)] == [True, False]


def test_a_code_that_is_late_is_neither_sent_nor_good(gateway, clock):
    code = send_code("09121234567").text[-6:]
    clock.shift(timedelta(minutes=3))
    outbox.drain()
    assert (states(), check_code("09121234567", code)) == ({"expired": 1}, False)
    assert OneTimeCode.objects.filter(expires_at__lte=timezone.now()).count() == 1


def test_a_keyword_is_answered(gateway):
    Order.objects.create(customer="مریم", mobile="09121234567")
    write(gateway, "سفارش")
    assert OutboundMessage.objects.get().recipient == "09121234567"


def test_the_last_vote_of_a_number_counts(gateway):
    write(gateway, "1")
    write(gateway, "۲")
    assert Vote.objects.get().choice == 2


def test_anything_else_is_not_answered(gateway):
    write(gateway, "سلام")
    assert OutboundMessage.objects.count() == 0
