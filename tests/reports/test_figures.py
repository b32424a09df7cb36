"""What was sent and received on each day, and what waits."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone as clock_time

from sepahan_django import accounts
from sepahan_django.models import (
    InboundMessage,
    SendRequest,
)
from sepahan_django.reports import figures
from tests.factories import NOON, account, queued, sent_at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]


def test_a_day_begins_and_ends_at_midnight_in_tehran(gateway):
    for moment in (
        "2026-11-23T20:29:59",
        "2026-11-23T20:30:00",
        "2026-11-24T20:29:59",
        "2026-11-24T20:30:00",
    ):
        sent_at(datetime.fromisoformat(f"{moment}+00:00"))
    yesterday, today = figures.last_days(2, now=NOON)
    assert (yesterday.sent, today.sent) == (1, 2)


def test_a_report_counts_on_the_day_the_sms_was_sent(gateway):
    sent_at(NOON - timedelta(days=1), "delivered", delivered_at=NOON)
    yesterday, today = figures.last_days(2, now=NOON)
    assert (yesterday.sent, yesterday.delivered, today.delivered) == (1, 1, 0)


def test_every_sms_is_in_one_column(gateway):
    for state in ("sent", "delivered", "undelivered"):
        sent_at(NOON, state)
    queued(1, state="failed", created_at=NOON)
    queued(2, state="queued", created_at=NOON)
    (today,) = figures.last_days(1, now=NOON)
    assert (today.sent, today.delivered, today.undelivered, today.unreported, today.failed) == (3, 1, 1, 1, 1)


def test_what_came_in_and_what_was_spent_is_summed(gateway):
    key = accounts.resolve()
    for _each in range(2):
        InboundMessage.objects.create(line="1", sender="2", text="3", received_at=NOON, api_key=key)
    for index, price in enumerate((500, 700, None)):
        SendRequest.objects.create(
            request_id=str(index), api_key=key, state="accepted", finished_at=NOON, total_price=price
        )
    (today,) = figures.last_days(1, now=NOON)
    assert (today.received, today.cost) == (2, 1200)


def test_days_without_anything_are_there_with_zeros(gateway):
    days = figures.last_days(30, now=NOON)
    assert [figures.summed(days).sent, len(days), str(days[-1].day)] == [0, 30, "2026-11-24"]


def test_thirty_days_cost_four_queries(gateway, django_assert_num_queries):
    with django_assert_num_queries(4):
        figures.last_days(30, now=NOON)


def test_the_oldest_that_waits_is_found_in_any_lane_of_any_account(gateway):
    now = clock_time.now()
    queued(1, api_key=account("a"), priority=1, due_at=now - timedelta(minutes=1))
    queued(1, api_key=account("b"), priority=2, due_at=now - timedelta(hours=1))
    queued(1, api_key=account("b2"), due_at=now + timedelta(hours=1))
    queued(1, api_key=account("c"), state="in_doubt")
    waiting = figures.queue(now=now)
    assert waiting == figures.Queue(due=2, planned=1, in_doubt=1, oldest=now - timedelta(hours=1))
