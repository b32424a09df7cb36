"""Messages passed on once more, when a person asks."""

import threading

import pytest

from sepahan_django import accounts, inbox, signals
from sepahan_django.inbox import lease
from sepahan_django.models import InboundMessage
from tests.arriving import arrive
from tests.factories import elsewhere

pytestmark = pytest.mark.django_db(transaction=True)


def refuse(sender, message, **kwargs):
    raise RuntimeError("not now")


@pytest.fixture
def refusing():
    signals.message_received.connect(refuse)
    yield lambda: signals.message_received.disconnect(refuse)
    signals.message_received.disconnect(refuse)


def again(**fields):
    return inbox.dispatch_again(InboundMessage.objects.filter(**fields), wait=lambda seconds: None)


def test_a_message_that_was_refused_is_passed_on_when_a_person_asks(gateway, listen, refusing):
    arrive(gateway, "1")
    inbox.pull()
    refusing()
    received = listen(signals.message_received)
    report = again()
    message = InboundMessage.objects.get()
    assert (report.dispatched, report.failures, len(received)) == (1, [], 1)
    assert (message.dispatched_at is not None, message.dispatch_error) == (True, "")


def test_a_message_that_was_passed_on_is_passed_on_again(gateway, listen):
    arrive(gateway, "1")
    inbox.pull()
    received = listen(signals.message_received)
    assert (again().dispatched, len(received)) == (1, 1)


def test_an_error_is_reported_and_noted_with_the_message(gateway, refusing):
    arrive(gateway, "1")
    inbox.pull()
    report = again()
    message = InboundMessage.objects.get()
    assert [(one.pk, why) for one, why in report.failures] == [(message.pk, "RuntimeError: not now")]
    assert (message.dispatched_at, message.dispatch_attempts) == (None, 2)
    assert message.dispatch_error == "RuntimeError: not now"


def test_a_message_that_was_passed_on_once_stays_so_when_the_second_time_fails(gateway, listen):
    arrive(gateway, "1")
    inbox.pull()
    signals.message_received.connect(refuse)
    again()
    signals.message_received.disconnect(refuse)
    received = listen(signals.message_received)
    inbox.pull()
    assert (InboundMessage.objects.get().dispatched_at is not None, received) == (True, [])


def test_chosen_messages_are_passed_on_oldest_first(gateway, listen):
    for hour in (11, 9, 10):
        arrive(gateway, str(hour), date=f"1405/09/03 {hour:02}:00")
        inbox.pull()
    received = listen(signals.message_received)
    again()
    assert [one["message"].text for one in received] == ["9", "10", "11"]


def test_while_another_process_pulls_nothing_is_passed_on_twice_at_once(gateway, listen):
    arrive(gateway, "1")
    inbox.pull()
    received = listen(signals.message_received)
    key = accounts.resolve()
    assert lease.Lease(key).acquire()
    report = again()
    assert (report.busy, report.dispatched, received) == ([key.title], 0, [])


def test_a_pull_that_ends_soon_is_waited_for(gateway, listen):
    arrive(gateway, "1")
    inbox.pull()
    other = lease.Lease(accounts.resolve())
    assert other.acquire()
    report = inbox.dispatch_again(InboundMessage.objects.all(), wait=lambda seconds: other.release())
    assert (report.dispatched, report.busy) == (1, [])


def test_a_pull_at_the_same_moment_leaves_the_message_to_the_person(gateway):
    seen, pulls = [], []

    def receiver(sender, message, **kwargs):
        seen.append(message.text)
        if len(seen) == 2:  # a pull by cron, in the middle of it
            work = threading.Thread(target=elsewhere(lambda: pulls.append(inbox.pull())))
            work.start()
            work.join()
        elif len(seen) == 1:
            raise RuntimeError("not now")

    signals.message_received.connect(receiver)
    arrive(gateway, "1")
    inbox.pull()
    again()
    signals.message_received.disconnect(receiver)
    assert (seen, pulls[0].busy) == (["1", "1"], ["settings"])


def test_the_lease_is_given_back(gateway):
    arrive(gateway, "1")
    inbox.pull()
    again()
    assert lease.Lease(accounts.resolve()).acquire()


def test_no_more_than_a_person_can_wait_for_are_passed_on_at_once(gateway, monkeypatch):
    monkeypatch.setattr("sepahan_django.inbox.redelivering.MAX_REDELIVERED", 2)
    arrive(gateway, "1", "2", "3")
    inbox.pull()
    assert again().dispatched == 2
