"""A campaign that is paused stands still, alone, and goes on where it stopped."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from sepahan_django import accounts, outbox
from sepahan_django.models import Campaign, OutboundMessage, Priority, SendRequest
from sepahan_django.outbox import claiming
from sepahan_django.reports import figures
from sepahan_django.reports.incidents import Kind, open_incidents
from sepahan_django.sms import send_sms
from tests import faulty_gateway as faults
from tests.factories import elsewhere, make_due, number, queued, states
from tests.simulation import trouble_at

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = timedelta(minutes=20)


@pytest.fixture
def paused(campaign):
    outbox.pause(campaign)
    return campaign


def bulk(count, campaign, **fields):
    return queued(count, campaign=campaign, priority=Priority.BULK, **fields)


def states_of(campaign):
    return {state: count for state, count in campaign.counts.items() if count}


def test_nothing_of_a_paused_campaign_goes_out(gateway, paused):
    bulk(3, paused)
    outbox.drain()
    assert (states(), gateway.state.requests) == ({"queued": 3}, [])


def test_resumed_it_goes_on_where_it_stopped_and_repeats_nothing(gateway, campaign):
    bulk(250, campaign)
    gateway.state.script.append(gateway.between(elsewhere(lambda: outbox.pause(campaign))))
    outbox.drain()
    outbox.resume(campaign)
    outbox.drain()
    assert states() == {"sent": 250}
    assert sorted(gateway.state.recipients()) == [number(index) for index in range(250)]


def test_what_was_claimed_before_the_pause_still_goes_and_nothing_else(gateway, campaign):
    bulk(250, campaign)
    gateway.state.script.append(gateway.between(elsewhere(lambda: outbox.pause(campaign))))
    outbox.drain()
    assert (states(), len(gateway.state.ledger)) == ({"sent": 100, "queued": 150}, 100)


def test_a_request_in_doubt_at_the_pause_is_seen_through(gateway, campaign):
    bulk(150, campaign)
    gateway.state.script.append(faults.DROP_ANSWER)
    outbox.drain(limit=100)
    outbox.pause(campaign)
    make_due()
    outbox.drain()
    assert (states(), len(gateway.state.ledger)) == ({"sent": 100, "queued": 50}, 100)


def test_what_comes_back_into_the_queue_after_the_pause_waits_there(gateway, campaign):
    bulk(2, campaign)
    gateway.state.script.append(-14)
    outbox.drain()
    outbox.pause(campaign)
    accounts.resume(accounts.resolve())
    outbox.drain()
    assert (states(), gateway.state.ledger) == ({"queued": 2}, [])


def test_another_campaign_goes_out_from_behind_a_paused_one(gateway, paused):
    bulk(250, paused, due_at=timezone.now() - LONG_AGO)
    other = Campaign.objects.create(title="other")
    bulk(150, other)
    outbox.drain()
    assert (states_of(paused), states_of(other)) == ({"queued": 250}, {"sent": 150})
    assert gateway.state.count("Send") == 2


@pytest.mark.parametrize("priority", Priority.values)
def test_messages_of_no_campaign_go_out_in_every_lane(gateway, paused, priority):
    queued(2, campaign=paused, priority=priority)
    queued(1, priority=priority, recipient="09999999999")
    outbox.drain()
    assert gateway.state.recipients() == ["09999999999"]


def test_a_message_that_is_sent_at_once_waits_too_when_its_campaign_is_paused(gateway, paused, settings):
    settings.SEPAHAN = {**settings.SEPAHAN, "DISPATCH": "inline"}
    (message,) = bulk(1, paused)
    outbox.submit_now([message.pk])
    assert (states(), send_sms("09121234567", "x").state) == ({"queued": 1}, "sent")


def test_what_is_due_but_paused_is_no_work(gateway, paused):
    bulk(1, paused)
    key = accounts.resolve()
    assert not claiming.has_due(key, now=timezone.now())
    assert not outbox.run_once(key).more


def test_no_request_is_left_behind_by_a_claim_that_finds_only_paused_messages(gateway, paused):
    bulk(1, paused)
    assert claiming.claim(accounts.resolve(), now=timezone.now()) is None
    assert SendRequest.objects.count() == 0


def test_messages_of_a_paused_campaign_expire_as_ever(gateway, paused):
    bulk(1, paused, expires_at=timezone.now() - timedelta(seconds=1))
    bulk(1, paused)
    outbox.drain()
    assert states() == {"expired": 1, "queued": 1}


def test_pausing_twice_keeps_the_first_moment(campaign):
    assert outbox.pause(campaign)
    first = Campaign.objects.get().paused_at
    assert not outbox.pause(Campaign.objects.get())
    assert Campaign.objects.get().paused_at == first


def test_resuming_what_is_not_paused_does_nothing(campaign):
    assert not outbox.resume(campaign)


def test_while_nothing_is_paused_a_claim_asks_of_no_campaign(gateway, campaign):
    bulk(1, campaign)
    due = OutboundMessage.objects.due(api_key=accounts.resolve(), priority=2, now=timezone.now())
    assert str(due.outside(Campaign.objects.paused_pks()).query) == str(due.query)


def test_a_pause_that_holds_nothing_back_burdens_no_claim(gateway, paused):
    assert Campaign.objects.paused_pks() == []


# Cancelling what has not gone


def test_cancelling_the_rest_leaves_what_was_handed_over(gateway, campaign):
    bulk(250, campaign)
    outbox.drain(limit=100)
    assert outbox.cancel_rest(campaign) == 150
    assert states() == {"sent": 100, "cancelled": 150}


def test_cancelling_the_rest_leaves_others_alone(gateway, campaign):
    bulk(2, campaign)
    queued(1, recipient="09999999999")
    outbox.cancel_rest(campaign)
    outbox.drain()
    assert gateway.state.recipients() == ["09999999999"]


def test_after_cancelling_the_campaign_is_as_it_was(gateway, campaign):
    bulk(2, campaign)
    outbox.cancel_rest(campaign)
    assert Campaign.objects.get().paused_at is None


def test_a_campaign_that_was_paused_stays_paused_when_it_is_cancelled(gateway, paused):
    bulk(2, paused)
    outbox.cancel_rest(paused)
    assert Campaign.objects.get().paused_at is not None


def test_what_the_gateway_does_not_take_after_cancelling_is_not_sent_after_all(
    gateway, campaign, monkeypatch
):
    bulk(150, campaign)
    original = faults._Handler.refuse

    def cancel_and_refuse(self, *arguments, **more):
        elsewhere(lambda: outbox.cancel_rest(campaign))()
        original(self, *arguments, **more)

    monkeypatch.setattr(faults._Handler, "refuse", cancel_and_refuse)
    gateway.state.script.append(-14)
    outbox.drain()
    accounts.resume(accounts.resolve())
    outbox.drain()
    assert (states(), gateway.state.ledger) == ({"queued": 100, "cancelled": 50}, [])


# A pause is no trouble


def test_a_paused_campaign_is_no_queue_that_stands_still(gateway, paused):
    bulk(3, paused, due_at=timezone.now() - LONG_AGO)
    assert [one.kind for one in open_incidents()] == []


def test_what_stands_still_beside_a_paused_campaign_is_told(gateway, paused):
    bulk(3, paused, due_at=timezone.now() - LONG_AGO)
    bulk(1, None, due_at=timezone.now() - LONG_AGO)
    assert Kind.JOB in [one.kind for one in open_incidents()]


def test_the_overview_counts_paused_messages_apart(gateway, paused):
    now = timezone.now()
    bulk(3, paused, due_at=now - LONG_AGO)
    bulk(2, paused, due_at=now + LONG_AGO)
    bulk(1, None, due_at=now - timedelta(minutes=1))
    queue = figures.queue(now=now)
    assert (queue.due, queue.planned, queue.paused) == (1, 0, 5)
    assert queue.oldest == OutboundMessage.objects.get(campaign=None).due_at


def test_the_rest_of_a_large_campaign_is_cancelled_in_few_statements(campaign, django_assert_max_num_queries):
    key = accounts.resolve()
    rows = [
        OutboundMessage(recipient=number(index), text="x", sender="3000", api_key=key, campaign=campaign)
        for index in range(2000)
    ]
    OutboundMessage.objects.bulk_create(rows)
    with django_assert_max_num_queries(40):
        assert outbox.cancel_rest(campaign) == 2000


@pytest.mark.parametrize("statement", [1, 2, 3])
def test_a_deadlock_in_the_middle_of_cancelling_is_tried_again(campaign, statement):
    bulk(3, campaign)
    with trouble_at(statement, failures=1):
        outbox.cancel_rest(campaign)
    assert (states(), connection.in_atomic_block) == ({"cancelled": 3}, False)
