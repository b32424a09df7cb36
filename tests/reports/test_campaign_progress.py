"""How far a campaign is: its phase, its cost, and what went out when."""

from datetime import datetime, timedelta, timezone

import pytest
from django.utils import timezone as clock_time

from sepahan_django import outbox
from sepahan_django.models import Campaign
from sepahan_django.reports import campaign_progress
from sepahan_django.reports.campaign_progress import Phase, Step
from tests.campaigns import messages, phase, request_for, sent
from tests.factories import NOON

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]


# Progress


def test_a_campaign_whose_time_has_not_come_is_planned(campaign):
    messages(2, campaign, due_at=clock_time.now() + timedelta(hours=1))
    assert phase(campaign) is Phase.PLANNED


def test_a_campaign_with_messages_due_is_going_out(campaign):
    messages(2, campaign)
    assert phase(campaign) is Phase.GOING


def test_a_campaign_with_nothing_left_is_done_even_if_it_was_paused(campaign):
    sent(1, campaign)
    outbox.pause(campaign)
    assert phase(campaign) is Phase.DONE


# Cost and parts


def test_many_requests_are_summed_in_chunks(campaign, monkeypatch):
    monkeypatch.setattr(campaign_progress, "REQUEST_CHUNK", 2)
    for _index in range(5):
        request_for(sent(1, campaign), price=10, parts=1)
    assert campaign_progress.cost(campaign).price == 50


# Over time


@pytest.mark.parametrize(
    ("span", "step"),
    [
        (timedelta(0), Step.MINUTE),
        (timedelta(minutes=50), Step.MINUTE),
        (timedelta(hours=3), Step.TEN_MINUTES),
        (timedelta(hours=30), Step.HOUR),
        (timedelta(days=5), Step.DAY),
        (timedelta(days=500), Step.DAY),
    ],
)
def test_the_step_suits_the_span_and_the_chart_stays_readable(campaign, span, step):
    sent(1, campaign)
    sent(1, campaign, at=NOON + span)
    found, counts = campaign_progress.sent_over_time(campaign)
    assert (found, len(counts) <= campaign_progress.MAX_CHART_STEPS, counts[-1][1] > 0) == (step, True, True)


def test_every_message_is_in_one_step(campaign):
    for seconds in (0, 59, 60, 61, 119, 120):
        sent(1, campaign, at=NOON + timedelta(seconds=seconds))
    _step, counts = campaign_progress.sent_over_time(campaign)
    assert [count for _at, count in counts] == [2, 3, 1]


def test_a_day_begins_at_midnight_in_tehran(campaign):
    sent(1, campaign, at=datetime(2026, 11, 24, 20, 29, tzinfo=timezone.utc))
    sent(1, campaign, at=datetime(2026, 11, 24, 20, 30, tzinfo=timezone.utc))
    sent(1, campaign, at=datetime(2026, 11, 29, 9, tzinfo=timezone.utc))
    _step, counts = campaign_progress.sent_over_time(campaign)
    assert [count for _at, count in counts] == [1, 1, 0, 0, 0, 1]


def test_other_campaigns_are_not_in_the_chart(campaign):
    sent(1, campaign)
    sent(5, Campaign.objects.create(title="other"))
    _step, counts = campaign_progress.sent_over_time(campaign)
    assert sum(count for _at, count in counts) == 1


def test_a_campaign_of_which_nothing_has_gone_has_no_chart(campaign):
    messages(1, campaign)
    assert campaign_progress.sent_over_time(campaign) is None
