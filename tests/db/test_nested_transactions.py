"""Work that calls the gateway inside somebody's transaction, or after a receiver that left one open."""

import pytest
from django.db import connection, transaction
from django.urls import reverse

from sepahan_django import inbox, outbox, signals
from sepahan_django.models import InboundMessage, OutboundMessage
from sepahan_django.sms import send_sms
from tests.arriving import arrive, unread
from tests.factories import number, queued, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manual():
    """Autocommit is off, as some projects have it."""
    transaction.set_autocommit(False)
    yield
    transaction.rollback()
    transaction.set_autocommit(True)


def test_nothing_is_sent_in_a_transaction_that_could_be_rolled_back_after_it(gateway):
    queued(1)
    with pytest.raises(RuntimeError), transaction.atomic():
        outbox.drain()
    assert (gateway.state.ledger, states()) == ([], {"queued": 1})


def test_nothing_is_marked_in_a_transaction_that_could_be_rolled_back_after_it(gateway):
    arrive(gateway, "1")
    with pytest.raises(RuntimeError), transaction.atomic():
        inbox.pull()
    assert unread(gateway) == ["1"]


def test_nothing_is_sent_while_autocommit_is_off(gateway, manual):
    queued(1)
    with pytest.raises(RuntimeError):
        outbox.drain()
    assert gateway.state.ledger == []


def test_a_message_queued_while_autocommit_is_off_waits_for_a_worker(gateway, settings, manual):
    settings.SEPAHAN = {**settings.SEPAHAN, "DISPATCH": "inline"}
    message = send_sms("09120000000", "سلام")
    assert (message.state, gateway.state.ledger) == ("queued", [])


def test_a_project_whose_requests_are_transactions_fetches_from_the_admin(gateway, admin_client, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    arrive(gateway, "1")
    admin_client.post(reverse("admin:sepahan_django_pull"))
    assert (unread(gateway), InboundMessage.objects.count()) == ([], 1)


def turn_autocommit_off():
    transaction.set_autocommit(False)


def enter_a_transaction():
    transaction.atomic().__enter__()


@pytest.mark.parametrize("leave", [turn_autocommit_off, enter_a_transaction])
def test_a_transaction_that_a_receiver_leaves_open_undoes_no_record_of_the_outbox(gateway, leave):
    def receiver(sender, message, **kwargs):
        if message.recipient == number(0):
            leave()

    signals.message_sent.connect(receiver)
    queued(101)
    outbox.drain(limit=101)
    connection.close()  # as at the end of a process
    connection.connect()
    assert OutboundMessage.objects.filter(state="sent").count() == len(gateway.state.ledger) == 101


@pytest.mark.parametrize("leave", [turn_autocommit_off, enter_a_transaction])
def test_a_receiver_that_leaves_a_transaction_open_is_retried_and_undoes_no_record(gateway, leave):
    def receiver(sender, message, **kwargs):
        if message.text == "bad":
            leave()

    signals.message_received.connect(receiver)
    arrive(gateway, "bad", "good")
    inbox.pull()
    connection.close()
    connection.connect()
    rows = {row.text: row for row in InboundMessage.objects.all()}
    assert (rows["good"].dispatched_at is None, rows["bad"].dispatched_at is None) == (False, True)
    assert "transaction" in rows["bad"].dispatch_error
