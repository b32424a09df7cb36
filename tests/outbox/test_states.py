"""The table of states."""

import pytest

from sepahan_django.models import OutboundMessage, SendRequest
from sepahan_django.models.states import TRANSITIONS, InvalidTransition, MessageState
from tests.factories import queued

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("target", MessageState)
@pytest.mark.parametrize("source", MessageState)
def test_a_message_goes_where_the_table_lets_it_and_nowhere_else(gateway, source, target):
    request = SendRequest.objects.create(request_id=f"{source}-{target}", api_key=queued(1)[0].api_key)
    OutboundMessage.objects.update(state=source, request=request)
    moved = OutboundMessage.objects.all().move(target)
    assert moved == (target in TRANSITIONS[source])


def test_saving_a_message_against_the_table_is_an_error(gateway):
    (message,) = queued(1)
    message.state = MessageState.DELIVERED
    with pytest.raises(InvalidTransition):
        message.save()


def test_every_state_is_in_the_table():
    assert set(TRANSITIONS) == set(MessageState)
