"""What people decide about messages."""

import pytest

from sepahan_django import outbox
from sepahan_django.models import OutboundMessage, SendRequest
from tests.factories import queued, states

pytestmark = pytest.mark.django_db(transaction=True)


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
