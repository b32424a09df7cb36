"""A client of the project's own that raises what no client should: the other accounts go on."""

from datetime import timedelta

import pytest

from sepahan_django import accounts, delivery, inbox, outbox, testing
from sepahan_django.models import InboundMessage, OutboundMessage, PauseKind
from tests.factories import account, queued

pytestmark = pytest.mark.django_db(transaction=True)


class OddClient(testing.MemoryClient):
    """Of the account with the token "odd" everything fails but sending."""

    def _fail(self, name):
        if self.token == "odd":
            raise KeyError(name)

    def credit(self):
        self._fail("credit")
        return super().credit()

    def status(self, ids):
        self._fail("status")
        return super().status(ids)

    def receive(self, **arguments):
        self._fail("receive")
        return super().receive(**arguments)


@pytest.fixture
def two(settings):
    settings.SEPAHAN = {
        "SENDER": "3000",
        "CLIENT": "tests.accounts.test_odd_client.OddClient",
        "DISPATCH": "none",
    }
    return account("odd", token="odd"), account("good")


def test_sending_ends_well_when_the_credit_can_not_be_asked_for(two):
    for one in two:
        queued(1, api_key=one)
    outbox.drain()
    assert set(OutboundMessage.objects.values_list("state", flat=True)) == {"sent"}


def test_the_other_accounts_messages_go_out(two):
    accounts.pause(two[0], kind=PauseKind.CREDIT, reason="no credit")
    for one in two:
        queued(1, api_key=one)
    report = outbox.drain()
    assert OutboundMessage.objects.filter(state="sent", api_key=two[1]).count() == 1
    assert report.troubles.keys() <= {"odd"}


def test_the_other_accounts_states_are_asked_for(two, clock):
    for one in two:
        queued(1, api_key=one)
    outbox.drain()
    clock.shift(timedelta(minutes=1))
    report = delivery.sync()
    assert OutboundMessage.objects.filter(state="delivered", api_key=two[1]).count() == 1
    assert report.troubles == {"odd": "The gateway client failed: KeyError"}


def test_the_other_accounts_inbox_is_fetched(two):
    testing.memory.receive(sender="09120000000", text="1")
    report = inbox.pull()
    assert InboundMessage.objects.get().api_key == two[1]
    assert report.troubles == {"odd": "The gateway client failed: KeyError"}
