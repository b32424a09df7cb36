from datetime import datetime, timedelta, timezone

import pytest

from sepahan_django import delivery, outbox, signals
from sepahan_django.delivery import asking, recording
from sepahan_django.models import OutboundMessage
from sepahan_django.values.jalali import TEHRAN
from tests import faulty_gateway as faults
from tests.factories import NOON, queued, states

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = datetime(2026, 11, 24, 22, 30, tzinfo=timezone.utc)  # 02:00 in Tehran


@pytest.fixture
def sent(gateway, time_machine):
    """Three messages sent at noon, and the clock a minute later."""
    time_machine.move_to(NOON)
    queued(3)
    outbox.drain()
    time_machine.shift(timedelta(minutes=1))
    return gateway


def ids():
    return list(OutboundMessage.objects.order_by("pk").values_list("gateway_id", flat=True))


@pytest.mark.parametrize(
    ("status", "state"),
    [(1, "delivered"), (2, "undelivered"), (3, "undelivered"), (5, "undelivered"), (16, "undelivered"),
     (0, "sent"), (7, "sent"), (8, "sent"), (-1, "sent"), (-23, "sent"), (99, "sent")],
)  # fmt: skip
def test_each_status_has_its_state_and_is_kept(sent, status, state):
    sent.state.statuses = dict.fromkeys(ids(), status)
    delivery.sync()
    assert set(OutboundMessage.objects.values_list("state", "delivery_status")) == {(state, status)}


def test_a_final_state_is_not_asked_for_again(sent, time_machine):
    delivery.sync()
    time_machine.shift(timedelta(hours=5))
    delivery.sync()
    assert sent.state.count("status") == 1


def test_a_final_state_never_changes_back(sent):
    taken = asking._taken(
        OutboundMessage.objects.first().api_key,
        is_old=False,
        most=100,
        only=None,
        now=NOON + timedelta(minutes=1),
    )
    OutboundMessage.objects.update(status_due_at=NOON)
    delivery.sync()
    recording.record(taken, [8, 8, 8], delivery.Report().tally)
    assert states() == {"delivered": 3}


def test_states_are_asked_for_ever_more_rarely(sent, time_machine):
    sent.state.statuses = dict.fromkeys(ids(), 8)
    for _minute in range(60):
        delivery.sync()
        time_machine.shift(timedelta(minutes=1))
    assert 5 <= sent.state.count("status") <= 12


def test_a_hundred_ids_cost_one_request(gateway, clock):
    queued(250)
    outbox.drain()
    clock.shift(timedelta(minutes=1))
    delivery.sync()
    assert (gateway.state.count("status"), states()) == (3, {"delivered": 250})


def test_the_states_make_no_query_a_message(gateway, clock, django_assert_max_num_queries):
    queued(100)
    outbox.drain()
    clock.shift(timedelta(minutes=1))
    with django_assert_max_num_queries(40):
        delivery.sync()


def test_a_limit_is_kept(sent):
    delivery.sync(limit=2)
    assert states() == {"delivered": 2, "sent": 1}


def test_an_id_that_the_gateway_refuses_does_not_hide_the_others(sent, monkeypatch):
    first = ids()[0]

    def picky(self, body):
        if first in body:
            return self.refuse(-23)
        return self.answer([1] * len(body))

    monkeypatch.setattr(faults._Handler, "statuses", picky)
    delivery.sync()
    assert list(OutboundMessage.objects.order_by("pk").values_list("delivery_status", flat=True)) == [
        -23,
        1,
        1,
    ]


@pytest.mark.parametrize("fault", [faults.HTTP_500, faults.HTML, faults.DROP_ANSWER, -8, -999])
def test_without_an_answer_the_states_stay_and_are_asked_for_later(sent, time_machine, fault):
    sent.state.status_script.append(fault)
    report = delivery.sync()
    assert (states(), len(report.troubles)) == ({"sent": 3}, 1)
    time_machine.shift(timedelta(minutes=1))
    delivery.sync()
    assert states() == {"delivered": 3}


def test_a_change_is_told_once_with_the_status_before(sent, time_machine, listen):
    told = listen(signals.delivery_changed)
    sent.state.statuses = dict.fromkeys(ids()[:1], 8)
    delivery.sync()
    sent.state.statuses = {}
    time_machine.shift(timedelta(minutes=5))
    delivery.sync()
    first = OutboundMessage.objects.order_by("pk").first()
    assert [one["previous"] for one in told if one["message"].pk == first.pk] == [None, 8]


# After a day


def test_older_messages_are_asked_for_by_the_other_method_at_night(sent, time_machine):
    sent.state.statuses = dict.fromkeys(ids(), 8)
    delivery.sync()
    time_machine.move_to(NOON + timedelta(hours=30))
    delivery.sync()
    assert sent.state.count("oldStatus") == 0
    time_machine.move_to(NIGHT + timedelta(days=1))
    delivery.sync()
    assert sent.state.count("oldStatus") == 1


def test_outside_its_hours_the_gateways_no_waits_for_the_next_night(sent, time_machine):
    sent.state.statuses = dict.fromkeys(ids(), 8)
    time_machine.move_to(NIGHT + timedelta(days=1))
    sent.state.status_script.append(-8)
    report = delivery.sync()
    assert report.troubles == {}
    assert OutboundMessage.objects.first().status_due_at > NIGHT + timedelta(days=1, hours=20)


def test_after_two_weeks_messages_rest_as_they_are(sent, time_machine):
    sent.state.statuses = dict.fromkeys(ids(), 8)
    time_machine.move_to(NIGHT + timedelta(days=15))
    delivery.sync()
    time_machine.shift(timedelta(days=1))
    delivery.sync()
    assert sent.state.count("oldStatus") == 1
    assert set(OutboundMessage.objects.values_list("state", "status_due_at")) == {("sent", None)}


def test_after_a_month_nobody_asks(sent, time_machine):
    time_machine.move_to(NIGHT + timedelta(days=31))
    delivery.sync()
    assert sent.state.count("oldStatus") == 0


@pytest.mark.parametrize("hour", range(24))
def test_the_next_night_begins_at_one_in_tehran(hour):
    moment = datetime(2026, 11, 24, hour, 0, tzinfo=timezone.utc)
    night = delivery.next_night(moment).astimezone(TEHRAN)
    assert (night.hour, night > moment, night - moment <= timedelta(days=1)) == (1, True, True)
