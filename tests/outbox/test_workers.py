"""Workers that die, come late or are many: nothing twice, nothing lost."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from sepahan_django import accounts, outbox
from sepahan_django.gateway.errors import NotSubmitted
from sepahan_django.models import OutboundMessage, SendRequest
from sepahan_django.outbox import claiming, doubt, settling, submitting
from tests import faulty_gateway as faults
from tests.factories import make_due, number, queued, states
from tests.simulation import Killed

pytestmark = pytest.mark.django_db(transaction=True)


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
