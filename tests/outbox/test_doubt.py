"""Requests without a readable answer, and workers that die: nothing twice, nothing lost."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from sepahan_django import accounts, outbox
from sepahan_django.gateway.errors import NotSubmitted
from sepahan_django.models import OutboundMessage, RequestState, SendRequest
from sepahan_django.models.states import TRANSITIONS, InvalidTransition, MessageState
from sepahan_django.outbox import claiming, doubt, settling, submitting
from tests import faulty_gateway as faults
from tests.factories import age_requests, make_due, number, queued, states
from tests.simulation import Killed

pytestmark = pytest.mark.django_db(transaction=True)

LOST = [faults.DROP_ANSWER, faults.TAKE_AND_500, faults.CUT, faults.TRICKLE, faults.HANG]
NOT_TAKEN = [faults.DROP_REQUEST, faults.HTTP_500, faults.HTML]


def submitted_ids(gateway):
    """The request-Ids that came with send requests, in order."""
    return [
        headers.get("request-Id") or headers.get("Request-Id")
        for (name, _body), headers in zip(gateway.state.requests, gateway.state.headers, strict=True)
        if name.startswith("Send")
    ]


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
    assert len(submitted_ids(gateway)) == 2
    assert len(set(submitted_ids(gateway))) == 1


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
    assert (states(), len(submitted_ids(gateway))) == ({"sending": 1}, 1)


def test_another_refusal_of_a_second_submission_counts_when_the_gateway_still_says_no(gateway):
    queued(1)
    gateway.state.script.extend([faults.DROP_REQUEST, -999])
    outbox.drain()
    make_due()
    outbox.drain()
    assert (states(), gateway.state.count("checkRequestId")) == ({"failed": 1}, 2)


def test_another_refusal_of_a_second_submission_counts_for_nothing_when_it_was_received_after_all(gateway):
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
    assert (states(), len(set(submitted_ids(gateway)))) == ({"sent": 1}, 1)


# After the gateway has forgotten


@pytest.mark.parametrize("fault", [faults.DROP_ANSWER, faults.DROP_REQUEST])
def test_past_the_four_hours_a_person_decides(gateway, fault):
    queued(2)
    gateway.state.script.append(fault)
    outbox.drain()
    age_requests(hours=4)
    outbox.drain()
    assert states() == {"in_doubt": 2}
    assert (len(submitted_ids(gateway)), gateway.state.count("checkRequestId")) == (1, 0)


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


# Messages past their time


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


def test_a_message_that_outlives_its_time_while_the_gateway_is_asked_is_not_submitted_again(
    gateway, monkeypatch, clock
):
    in_doubt_with_an_expiring_one(gateway, faults.DROP_REQUEST)
    clock.shift(timedelta(seconds=118))
    make_due()
    drain_with(monkeypatch, "check_request_id", after=lambda: clock.shift(timedelta(seconds=3)))
    assert gateway.state.recipients() == [number(7)]


def test_what_was_left_out_of_a_second_submission_without_an_answer_waits_for_a_person(gateway, clock):
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
    assert (states(), len(submitted_ids(gateway))) == ({"sending": 1}, 1)


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


def test_a_message_in_doubt_past_its_time_is_expired_when_the_gateway_says_no_to_the_end(gateway, clock):
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


# Killed


def kill_at(monkeypatch, where, name):
    def killed(*args, **kwargs):
        raise Killed

    monkeypatch.setattr(where, name, killed)
    with pytest.raises(Killed):
        outbox.drain()
    monkeypatch.undo()


def recovered(gateway, count):
    """Everything is sent, each message once, after the next worker's ordinary round."""
    make_due()
    outbox.drain()
    assert states() == {"sent": count}
    assert sorted(gateway.state.recipients()) == sorted(number(index) for index in range(count))


def test_killed_between_claim_and_request(gateway, monkeypatch):
    queued(3)
    kill_at(monkeypatch, submitting.Submission, "run")
    assert states() == {"sending": 3}
    recovered(gateway, 3)


def test_killed_while_claiming_leaves_the_messages_queued(gateway, monkeypatch):
    queued(3)
    kill_at(monkeypatch, claiming, "Claim")
    recovered(gateway, 3)


def test_killed_within_the_claims_transaction_leaves_the_messages_queued(gateway, monkeypatch):
    queued(3)
    kill_at(monkeypatch, OutboundMessage.objects.all().__class__, "move")
    assert (states(), SendRequest.objects.count()) == ({"queued": 3}, 0)
    recovered(gateway, 3)


def test_killed_between_answer_and_settling(gateway, monkeypatch):
    queued(3)
    kill_at(monkeypatch, settling, "accepted")
    assert len(gateway.state.ledger) == 3
    recovered(gateway, 3)


def test_killed_within_the_settling_transaction(gateway, monkeypatch):
    queued(3)
    kill_at(monkeypatch, settling, "update_from_values")
    assert states() == {"sending": 3}
    recovered(gateway, 3)


def test_killed_after_a_split_before_its_halves_went_out(gateway, monkeypatch):
    queued(4)
    gateway.state.bad_numbers = {number(2)}
    kill_at(monkeypatch, submitting.Submission, "_act_on")
    assert states() == {"sending": 4}
    outbox.drain()
    assert states() == {"sent": 3, "failed": 1}
    assert len(gateway.state.ledger) == 3


def test_killed_between_the_question_and_the_second_submission(gateway, monkeypatch):
    queued(2)
    gateway.state.script.append(faults.DROP_REQUEST)
    outbox.drain()
    make_due()
    kill_at(monkeypatch, doubt.Resolution, "_submit_again")
    recovered(gateway, 2)


def test_killed_between_the_second_submission_and_its_settling(gateway, monkeypatch):
    queued(2)
    gateway.state.script.append(faults.DROP_REQUEST)
    outbox.drain()
    make_due()
    kill_at(monkeypatch, settling, "accepted")
    recovered(gateway, 2)


# Late and out of order


def test_a_worker_that_comes_back_late_writes_nothing(gateway):
    queued(1)
    key = OutboundMessage.objects.get().api_key
    stale = claiming.claim(key, now=timezone.now())
    make_due()
    outbox.drain()  # another worker asks, is told no, and sends it
    before = SendRequest.objects.values().get()
    assert settling.rejected(stale, faults_rejection())[0] == {}
    assert (states(), SendRequest.objects.values().get()) == ({"sent": 1}, before)


@pytest.mark.parametrize(
    "settle",
    [
        lambda stale: settling.released(stale, NotSubmitted("no connection")),
        lambda stale: settling.rejected(stale, faults_rejection())[0],
        lambda stale: settling.leave_unresolved(stale),
    ],
)
def test_a_worker_whose_request_another_one_has_on_the_wire_settles_nothing(gateway, settle):
    queued(1)
    stale = claiming.claim(OutboundMessage.objects.get().api_key, now=timezone.now())
    make_due()
    claiming.take_up(stale.request.api_key, now=timezone.now())
    assert (settle(stale), states()) == ({}, {"sending": 1})


def faults_rejection():
    from sepahan_django.gateway.errors import Rejected

    return Rejected("no", code=-999)


def test_a_worker_that_slept_past_its_claim_sends_nothing(gateway, clock):
    queued(1)
    key = OutboundMessage.objects.get().api_key
    stale = claiming.claim(key, now=timezone.now())
    clock.shift(timedelta(hours=1))
    submitting.Submission(stale, accounts.client_for(key)).run()
    assert gateway.state.ledger == []


def test_two_workers_never_claim_one_message(gateway):
    queued(150)
    key = OutboundMessage.objects.first().api_key
    first, second = (claiming.claim(key, now=timezone.now()) for _worker in range(2))
    claimed = [message.pk for one in (first, second) for message in one.messages]
    assert (len(claimed), len(set(claimed))) == (150, 150)


def test_two_workers_never_take_up_one_request(gateway):
    queued(1)
    gateway.state.script.append(faults.DROP_ANSWER)
    outbox.drain()
    make_due()
    key = OutboundMessage.objects.get().api_key
    takers = [claiming.take_up(key, now=timezone.now()) for _worker in range(2)]
    assert [taker is not None for taker in takers] == [True, False]


@contextmanager
def right_before(words, work):
    """Do some work of another process right before the first statement that begins with these words."""
    left = [work]

    def interleave(execute, sql, *arguments):
        if left and sql.startswith(words):
            left.pop()()
        return execute(sql, *arguments)

    with connection.execute_wrapper(interleave):
        yield


def test_a_request_that_another_worker_has_just_taken_up_is_left_to_it(gateway):
    queued(1)
    key = claiming.claim(OutboundMessage.objects.get().api_key, now=timezone.now()).request.api_key
    make_due()
    others = []
    with right_before("UPDATE", lambda: others.append(claiming.take_up(key, now=timezone.now()))):
        mine = claiming.take_up(key, now=timezone.now())
    assert [claim is not None for claim in (*others, mine)] == [True, False]


def test_messages_that_another_worker_has_just_claimed_are_left_to_it(gateway):
    key = queued(2)[0].api_key
    others = []
    with right_before(
        f"UPDATE {connection.ops.quote_name('sepahan_django_outboundmessage')}",
        lambda: others.append(claiming.claim(key, now=timezone.now())),
    ):
        mine = claiming.claim(key, now=timezone.now())
    assert (len(others[0].messages), mine) == (2, None)


def test_many_workers_send_everything_once(gateway):
    queued(430)
    outbox.drain(workers=4)
    assert states() == {"sent": 430}
    assert sorted(gateway.state.recipients()) == sorted(number(index) for index in range(430))


# The table


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
