"""Messages passed on to the project: oldest first, each until its receivers have taken it."""

import contextlib
import sys

import pytest
from django.db import IntegrityError, connection, transaction

from sepahan_django import inbox, signals
from sepahan_django.inbox import notifying
from sepahan_django.models import ApiKey, InboundMessage
from sepahan_django.sms import send_sms
from tests import faulty_gateway as faults
from tests.arriving import arrive

pytestmark = pytest.mark.django_db(transaction=True)


def test_messages_are_dispatched_oldest_first(gateway, listen):
    received = listen(signals.message_received)
    gateway.state.newest_first = True
    for hour in (9, 10, 11):
        arrive(gateway, str(hour), date=f"1405/09/03 {hour:02}:00")
    inbox.pull()
    assert [one["message"].text for one in received] == ["9", "10", "11"]


@pytest.mark.parametrize("words", ["a\x00b", "a\ud800b"], ids=["NUL", "half a character"])
def test_an_exception_in_words_that_no_database_takes_holds_up_nobody(gateway, listen, caplog, words):
    caplog.set_level("CRITICAL", logger="sepahan_django")
    seen = []

    def receiver(sender, message, **kwargs):
        seen.append(message.text)
        if message.text == "bad":
            raise RuntimeError(words)

    listen(signals.message_received, receiver)
    arrive(gateway, "bad", "good")
    inbox.pull()
    bad = InboundMessage.objects.get(text="bad")
    assert (seen, bad.dispatch_attempts, "RuntimeError: a" in bad.dispatch_error) == (
        ["bad", "good"],
        1,
        True,
    )


def test_a_receiver_that_raises_holds_up_nobody_and_is_tried_again(gateway):
    seen = []

    def receiver(sender, message, **kwargs):
        seen.append(message.text)
        if message.text == "bad" and seen.count("bad") == 1:
            raise RuntimeError("not now")

    signals.message_received.connect(receiver)
    arrive(gateway, "bad", "good")
    inbox.pull()
    assert "not now" in InboundMessage.objects.get(text="bad").dispatch_error
    inbox.pull()
    assert (seen, InboundMessage.objects.filter(dispatched_at=None).count()) == (["bad", "good", "bad"], 0)


def leave_a_transaction_open(message):
    transaction.set_autocommit(False)
    ApiKey.objects.update(credit=7)


def break_a_transaction(message):
    with contextlib.suppress(IntegrityError), transaction.atomic():
        ApiKey.objects.create(title=message.api_key.title)


def close_the_connection(message):
    connection.close()


def exit_the_process(message):
    sys.exit("no")


@pytest.mark.parametrize(
    "misbehave", [leave_a_transaction_open, break_a_transaction, close_the_connection, exit_the_process]
)
def test_a_receiver_that_misbehaves_holds_up_no_other_message(gateway, misbehave):
    def receiver(sender, message, **kwargs):
        if message.text == "bad":
            misbehave(message)

    signals.message_received.connect(receiver)
    arrive(gateway, "bad", "good")
    inbox.pull()
    good = InboundMessage.objects.get(text="good")
    assert None not in (good.dispatched_at, good.acknowledged_at)


def test_a_message_whose_receiver_is_gone_is_dispatched(gateway):
    def receiver(sender, message, **kwargs):
        raise RuntimeError("not now")

    signals.message_received.connect(receiver)
    arrive(gateway, "1")
    inbox.pull()
    signals.message_received.disconnect(receiver)
    inbox.pull()
    assert InboundMessage.objects.get().dispatched_at


def test_a_receiver_may_send(gateway):
    def receiver(sender, message, **kwargs):
        send_sms(message.sender, "رسید", idempotency_key=f"reply-{message.pk}")

    signals.message_received.connect(receiver)
    arrive(gateway, "1")
    inbox.pull()
    assert InboundMessage.objects.filter(dispatched_at=None).count() == 0


def test_stored_messages_are_dispatched_also_when_the_gateway_is_away(gateway, listen, monkeypatch):
    arrive(gateway, "1")
    monkeypatch.setattr(notifying.Notifier, "run", lambda self: None)
    inbox.pull()
    monkeypatch.undo()
    received = listen(signals.message_received)
    gateway.state.receive_script.append(faults.HTTP_500)
    inbox.pull()
    assert len(received) == 1
