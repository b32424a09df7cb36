"""Requests without a readable answer: nothing twice, nothing lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sepahan_django import outbox
from sepahan_django.models import OutboundMessage, RequestState, SendRequest
from tests import faulty_gateway as faults
from tests.factories import age_requests, make_due, queued, states

pytestmark = pytest.mark.django_db(transaction=True)


LOST = [faults.DROP_ANSWER, faults.TAKE_AND_500, faults.CUT, faults.TRICKLE, faults.HANG]

NOT_TAKEN = [faults.DROP_REQUEST, faults.HTTP_500, faults.HTML]


# No readable answer


@pytest.mark.parametrize("fault", [*LOST, *NOT_TAKEN])
def test_without_an_answer_the_request_stays_in_doubt_with_its_messages(gateway, fault):
    queued(2)
    gateway.state.script.append(fault)
    outbox.drain()
    assert states() == {"sending": 2}
    assert SendRequest.objects.get().state == RequestState.IN_DOUBT


@pytest.mark.parametrize("fault", LOST)
def test_what_was_received_is_settled_as_sent_without_ids(gateway, fault):
    queued(2)
    gateway.state.script.append(fault)
    outbox.drain()
    make_due()
    outbox.drain()
    assert set(OutboundMessage.objects.values_list("state", "gateway_id")) == {("sent", None)}
    assert len(gateway.state.ledger) == 2


@pytest.mark.parametrize("fault", NOT_TAKEN)
def test_what_was_not_received_goes_out_again_under_the_same_request_id(gateway, fault):
    queued(2)
    gateway.state.script.append(fault)
    outbox.drain()
    make_due()
    outbox.drain()
    assert (states(), len(gateway.state.ledger)) == ({"sent": 2}, 2)
    assert len(gateway.state.submitted_ids()) == 2
    assert len(set(gateway.state.submitted_ids())) == 1


def test_a_request_in_doubt_is_left_alone_for_a_while(gateway):
    queued(1)
    gateway.state.script.append(faults.DROP_ANSWER)
    outbox.drain()
    outbox.drain()
    assert gateway.state.count("checkRequestId") == 0


def test_a_request_taken_up_by_the_gateway_after_its_no_is_not_sent_twice(gateway):
    queued(2)
    gateway.state.script.append(faults.TAKE_LATER)
    outbox.drain()
    make_due()
    outbox.drain()
    assert (states(), len(gateway.state.ledger)) == ({"sent": 2}, 2)


@pytest.mark.parametrize(
    "fault", [faults.DROP_ANSWER, faults.HTTP_500, faults.HTML, faults.CUT, -8, -999, -1]
)
def test_without_an_answer_to_the_question_the_request_stays_in_doubt(gateway, fault):
    queued(1)
    gateway.state.script.append(faults.DROP_REQUEST)
    gateway.state.check_script.append(fault)
    outbox.drain()
    make_due()
    outbox.drain()
    assert (states(), len(gateway.state.submitted_ids())) == ({"sending": 1}, 1)


def test_a_second_refusal_counts_when_the_gateway_still_has_no_request(gateway):
    queued(1)
    gateway.state.script.extend([faults.DROP_REQUEST, -999])
    outbox.drain()
    make_due()
    outbox.drain()
    assert (states(), gateway.state.count("checkRequestId")) == ({"failed": 1}, 2)


def test_a_second_refusal_is_ignored_when_the_first_request_was_received_after_all(gateway):
    queued(1)
    gateway.state.script.append(faults.TAKE_LATER)
    outbox.drain()
    make_due()

    def refuse_what_was_just_taken(self, code=None, status=401):
        original(self, -14 if code == -20 else code, status)

    original = faults._Handler.refuse
    faults._Handler.refuse = refuse_what_was_just_taken
    try:
        outbox.drain()
    finally:
        faults._Handler.refuse = original
    assert (states(), len(gateway.state.ledger)) == ({"sent": 1}, 1)


def test_after_no_credit_for_a_second_submission_the_messages_wait_in_the_queue(gateway):
    queued(1)
    gateway.state.script.extend([faults.DROP_REQUEST, -14])
    outbox.drain()
    make_due()
    outbox.drain()
    assert states() == {"queued": 1}


def test_a_gateway_out_of_reach_at_the_second_submission_keeps_the_request_in_doubt(gateway, monkeypatch):
    queued(1)
    gateway.state.script.extend([faults.DROP_REQUEST, faults.DROP_REQUEST])
    outbox.drain()
    for _round in range(2):
        make_due()
        outbox.drain()
    assert (states(), len(set(gateway.state.submitted_ids()))) == ({"sent": 1}, 1)


# After the gateway has forgotten


@pytest.mark.parametrize("fault", [faults.DROP_ANSWER, faults.DROP_REQUEST])
def test_past_the_four_hours_a_person_decides(gateway, fault):
    queued(2)
    gateway.state.script.append(fault)
    outbox.drain()
    age_requests(hours=4)
    outbox.drain()
    assert states() == {"in_doubt": 2}
    assert (len(gateway.state.submitted_ids()), gateway.state.count("checkRequestId")) == (1, 0)


def test_within_the_four_hours_the_gateway_is_still_asked(gateway):
    queued(1)
    gateway.state.script.append(faults.DROP_REQUEST)
    outbox.drain()
    age_requests(hours=3, minutes=45)
    outbox.drain()
    assert states() == {"sent": 1}


def test_a_clock_put_back_makes_a_person_decide(gateway):
    queued(1)
    gateway.state.script.append(faults.DROP_REQUEST)
    outbox.drain()
    age_requests(hours=-1)
    outbox.drain()
    assert states() == {"in_doubt": 1}


def test_a_claim_made_by_a_clock_that_was_ahead_is_taken_up(gateway):
    queued(1)
    gateway.state.script.append(faults.DROP_ANSWER)
    outbox.drain()
    SendRequest.objects.update(due_at=timezone.now() + timedelta(days=3))
    outbox.drain()
    assert states() == {"sent": 1}


def test_messages_in_doubt_are_settled_also_while_their_account_is_paused(gateway):
    (message,) = queued(1)
    gateway.state.script.append(faults.DROP_ANSWER)
    outbox.drain()
    type(message.api_key).objects.update(is_active=False)
    age_requests(hours=5)
    outbox.drain()
    assert states() == {"in_doubt": 1}


def test_a_person_can_take_a_message_in_doubt_for_sent(gateway):
    queued(1)
    gateway.state.script.append(faults.DROP_ANSWER)
    outbox.drain()
    age_requests(hours=5)
    outbox.drain()
    assert outbox.mark_sent(OutboundMessage.objects.all()) == 1
    outbox.drain()
    assert (states(), len(gateway.state.ledger)) == ({"sent": 1}, 1)
