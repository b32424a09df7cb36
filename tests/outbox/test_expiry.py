"""Messages past their time, before the request and while it is in doubt."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sepahan_django import accounts, outbox
from sepahan_django.models import OutboundMessage
from sepahan_django.outbox import claiming, submitting
from tests import faulty_gateway as faults
from tests.factories import make_due, number, queued, states

pytestmark = pytest.mark.django_db(transaction=True)


def expiring(count=1):
    return queued(count, expires_at=timezone.now() + timedelta(minutes=2))


def test_a_message_that_outlives_its_time_between_claim_and_request_is_not_sent(gateway, monkeypatch, clock):
    expiring()
    original = submitting.Submission.run

    def late(self):
        clock.shift(timedelta(minutes=3))
        self.claim.until += timedelta(minutes=3)
        original(self)

    monkeypatch.setattr(submitting.Submission, "run", late)
    outbox.drain()
    assert (states(), gateway.state.ledger) == ({"expired": 1}, [])


def test_a_message_that_outlives_its_time_while_it_waits_for_its_turn_is_not_sent(
    gateway, monkeypatch, clock
):
    expiring()
    client = type(accounts.client_for(accounts.resolve()))
    monkeypatch.setattr(client, "wait_turn", lambda self: clock.shift(timedelta(minutes=3)))
    outbox.drain()
    assert gateway.state.ledger == []


def drain_with(monkeypatch, method, before=lambda: None, after=lambda: None):
    """A run in which time passes around one of the client's calls."""
    client = type(accounts.client_for(accounts.resolve()))
    original = getattr(client, method)

    def wrapped(self, *arguments, **named):
        before()
        answer = original(self, *arguments, **named)
        after()
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(client, method, wrapped)
        outbox.drain()


def in_doubt_with_an_expiring_one(gateway, fault):
    """Two messages, of which one expires after a while, in a request without an answer."""
    queued(1, recipient=number(7))
    expiring()
    gateway.state.script.append(fault)
    outbox.drain()


def by_expiry():
    rows = OutboundMessage.objects.order_by("expires_at").values_list("expires_at", "state")
    return {"expiring" if expires_at else "other": state for expires_at, state in rows}


def test_what_was_left_out_of_the_first_submission_is_expired_whatever_becomes_of_it(gateway, clock):
    queued(1, recipient=number(7))
    expiring()
    stale = claiming.claim(accounts.resolve(), now=timezone.now())
    clock.shift(timedelta(minutes=3))
    stale.until += timedelta(minutes=3)
    gateway.state.script.append(faults.DROP_ANSWER)
    submitting.Submission(stale, accounts.client_for(accounts.resolve())).run()
    make_due()
    outbox.drain()
    assert (by_expiry(), len(gateway.state.ledger)) == ({"expiring": "expired", "other": "sent"}, 1)


def test_a_message_that_expires_during_the_question_is_not_submitted_again(gateway, monkeypatch, clock):
    """The question is that for the request-Id of an earlier submission."""
    in_doubt_with_an_expiring_one(gateway, faults.DROP_REQUEST)
    clock.shift(timedelta(seconds=118))
    make_due()
    drain_with(monkeypatch, "check_request_id", after=lambda: clock.shift(timedelta(seconds=3)))
    assert gateway.state.recipients() == [number(7)]


def test_what_a_second_submission_without_an_answer_left_out_waits_for_a_decision(gateway, clock):
    in_doubt_with_an_expiring_one(gateway, faults.DROP_REQUEST)
    clock.shift(timedelta(minutes=3))
    make_due()
    gateway.state.script.append(faults.DROP_ANSWER)
    outbox.drain()
    make_due()
    outbox.drain()
    assert by_expiry() == {"expiring": "sending", "other": "sent"}
    clock.shift(timedelta(hours=4))
    outbox.drain()
    assert by_expiry() == {"expiring": "in_doubt", "other": "sent"}


def test_what_was_in_every_submission_is_sent_when_the_gateway_has_one_of_them(gateway, clock):
    in_doubt_with_an_expiring_one(gateway, faults.DROP_ANSWER)
    clock.shift(timedelta(minutes=3))
    make_due()
    outbox.drain()
    assert by_expiry() == {"expiring": "sent", "other": "sent"}


def test_a_machine_that_slept_between_the_no_and_the_second_submission_sends_nothing(
    gateway, monkeypatch, clock
):
    queued(1)
    gateway.state.script.append(faults.TAKE_LATER)
    outbox.drain()
    make_due()
    drain_with(monkeypatch, "check_request_id", after=lambda: clock.shift(timedelta(hours=5)))
    assert (states(), len(gateway.state.submitted_ids())) == ({"sending": 1}, 1)


def test_a_no_that_comes_when_the_gateway_has_forgotten_is_not_believed(gateway, monkeypatch, clock):
    queued(1)
    gateway.state.script.append(faults.DROP_ANSWER)
    outbox.drain()
    make_due()
    drain_with(monkeypatch, "check_request_id", before=lambda: clock.shift(timedelta(hours=5)))
    assert (states(), len(gateway.state.ledger)) == ({"sending": 1}, 1)


def test_a_no_after_a_refusal_is_not_believed_when_the_gateway_has_forgotten(gateway, monkeypatch, clock):
    queued(1)
    gateway.state.script.extend([faults.TAKE_LATER, -14])
    outbox.drain()
    make_due()
    asked = []

    def sleep_the_second_time():
        asked.append(1)
        if len(asked) == 2:
            clock.shift(timedelta(hours=5))

    original = faults._Handler.refuse
    monkeypatch.setattr(
        faults._Handler, "refuse", lambda self, code=None, status=401: original(self, -14, status)
    )
    drain_with(monkeypatch, "check_request_id", before=sleep_the_second_time)
    assert (states(), len(gateway.state.ledger)) == ({"sending": 1}, 1)


def test_a_message_in_doubt_past_its_time_is_not_submitted_again(gateway, clock):
    expiring()
    gateway.state.script.append(faults.DROP_REQUEST)
    outbox.drain()
    clock.shift(timedelta(minutes=3))
    make_due()
    outbox.drain()
    assert (states(), gateway.state.ledger) == ({"sending": 1}, [])


def test_a_message_in_doubt_expires_when_the_gateway_never_has_its_request(gateway, clock):
    expiring()
    gateway.state.script.append(faults.DROP_REQUEST)
    outbox.drain()
    clock.shift(timedelta(hours=3, minutes=45))
    make_due()
    outbox.drain()
    assert states() == {"expired": 1}


def test_a_message_in_doubt_past_its_time_is_sent_when_it_was_received(gateway, clock):
    expiring()
    gateway.state.script.append(faults.TAKE_LATER)
    outbox.drain()
    for _round in range(2):
        clock.shift(timedelta(minutes=30))
        make_due()
        outbox.drain()
    assert (states(), len(gateway.state.ledger)) == ({"sent": 1}, 1)


def test_only_what_may_still_go_out_is_submitted_again(gateway, clock):
    expiring()
    queued(1, recipient="09351234567")
    gateway.state.script.append(faults.DROP_REQUEST)
    outbox.drain()
    clock.shift(timedelta(minutes=3))
    make_due()
    outbox.drain()
    assert (states(), gateway.state.recipients()) == ({"sent": 1, "expired": 1}, ["09351234567"])
