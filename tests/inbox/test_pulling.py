"""Fetching: whatever is lost, killed or odd, each message is stored once."""

import random
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from sepahan_django import accounts, inbox, signals
from sepahan_django.inbox import lease, notifying, pulling
from sepahan_django.models import ApiKey, InboundMessage, SenderLine
from sepahan_django.values.jalali import day_start, parse_gateway_date, tehran_today
from tests import faulty_gateway as faults
from tests.arriving import LINE, arrive, arrived, unread
from tests.factories import elsewhere
from tests.factories import inbox as stored
from tests.simulation import Killed

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_came_in_is_stored_acknowledged_and_dispatched(gateway, listen):
    received = listen(signals.message_received)
    arrive(gateway, "سلام")
    report = inbox.pull()
    assert (stored(), unread(gateway), len(received)) == (arrived(gateway), [], 1)
    message = InboundMessage.objects.get()
    assert message.acknowledged_at is not None
    assert message.dispatched_at is not None
    assert report.tally == {"stored": 1, "acknowledged": 1, "dispatched": 1}


def test_a_message_is_peeked_at_before_it_is_marked(gateway):
    arrive(gateway, "سلام")
    inbox.pull()
    marks = [body["markAsRead"] for name, body in gateway.state.requests if name == "Receive"]
    assert marks == [False, True, False]


def test_two_equal_messages_are_two_messages(gateway):
    arrive(gateway, "1", "1", "1")
    inbox.pull()
    inbox.pull()
    assert stored() == arrived(gateway)


def test_an_equal_message_that_comes_later_is_another_message(gateway):
    arrive(gateway, "1")
    inbox.pull()
    arrive(gateway, "1")
    inbox.pull()
    assert stored() == arrived(gateway)


def test_an_equal_message_beside_an_unmarked_one_is_another_message(gateway):
    """The first is stored, and the request that would have marked it was lost."""
    arrive(gateway, "1")
    gateway.state.receive_script.extend([faults.ACCEPT, faults.DROP_REQUEST])
    inbox.pull()
    arrive(gateway, "1")
    inbox.pull()
    assert stored() == arrived(gateway)


def test_more_than_a_batch_is_fetched_in_one_pull(gateway):
    arrive(gateway, *[f"text {index}" for index in range(250)])
    inbox.pull()
    assert (stored(), unread(gateway)) == (arrived(gateway), [])


def test_the_way_in_makes_no_query_a_message(gateway, django_assert_max_num_queries):
    inbox.pull()
    arrive(gateway, *[f"text {index}" for index in range(100)])
    with django_assert_max_num_queries(50):
        inbox.pull()


def test_another_order_is_no_trouble(gateway):
    gateway.state.newest_first = True
    arrive(gateway, *[f"text {index}" for index in range(150)])
    inbox.pull()
    assert stored() == arrived(gateway)


def test_what_arrives_between_peek_and_mark_is_stored(gateway):
    arrive(gateway, "1")
    gateway.state.receive_script.extend([faults.ACCEPT, lambda state: arrive(gateway, "2", "3")])
    inbox.pull()
    assert (stored(), unread(gateway)) == (arrived(gateway), [])


def test_a_mark_that_takes_others_than_were_seen_loses_none(gateway):
    arrive(gateway, "a")

    def newest_first(state):
        arrive(gateway, "b")
        state.newest_first = True

    gateway.state.receive_script.extend([faults.ACCEPT, newest_first])
    inbox.pull()
    assert (stored(), unread(gateway)) == (arrived(gateway), [])


# Lost answers


def test_a_lost_peek_is_fetched_the_next_time(gateway):
    arrive(gateway, "1")
    gateway.state.receive_script.append(faults.DROP_ANSWER)
    report = inbox.pull()
    assert (stored(), len(report.troubles)) == ([], 1)
    inbox.pull()
    assert stored() == arrived(gateway)


@pytest.mark.parametrize("fault", [faults.DROP_ANSWER, faults.TAKE_AND_500, faults.CUT])
def test_a_lost_answer_after_marking_stores_nothing_twice_and_loses_nothing(gateway, fault):
    arrive(gateway, "1", "2")
    gateway.state.receive_script.extend([faults.ACCEPT, fault])
    inbox.pull()
    inbox.pull()
    assert (stored(), InboundMessage.objects.filter(acknowledged_at=None).count()) == (arrived(gateway), 0)


@pytest.mark.parametrize("fault", [faults.DROP_REQUEST, faults.HTTP_500, faults.HTML])
def test_a_lost_mark_is_made_again(gateway, fault):
    arrive(gateway, "1", "2")
    gateway.state.receive_script.extend([faults.ACCEPT, fault])
    inbox.pull()
    inbox.pull()
    assert (stored(), unread(gateway)) == (arrived(gateway), [])


def test_an_equal_message_that_arrives_while_a_mark_is_in_doubt_is_not_swallowed(gateway):
    arrive(gateway, "1", "2")
    gateway.state.receive_script.extend([faults.ACCEPT, faults.DROP_ANSWER])
    inbox.pull()
    arrive(gateway, "1")
    inbox.pull()
    assert stored() == arrived(gateway)


def test_a_pull_of_one_line_judges_a_batch_in_doubt_by_that_lines_part(gateway):
    arrive(gateway, "1")
    arrive(gateway, "2", line="3000")
    gateway.state.receive_script.extend([faults.ACCEPT, faults.DROP_REQUEST])
    inbox.pull()
    inbox.pull(line="3000")
    inbox.pull()
    assert (stored(), unread(gateway)) == (arrived(gateway), [])


# Killed


@pytest.mark.parametrize(
    "name", ["_store_peek", "_store", "_record_attempt", "_store_acknowledged", "_acknowledge"]
)
def test_killed_at_any_step_nothing_is_lost_or_stored_twice(gateway, monkeypatch, clock, listen, name):
    received = listen(signals.message_received)
    arrive(gateway, "1", "1", "2")

    def killed(*args, **kwargs):
        raise Killed

    monkeypatch.setattr(pulling.Pull, name, killed)
    monkeypatch.setattr(lease.Lease, "release", lambda self: None)
    with pytest.raises(Killed):
        inbox.pull()
    monkeypatch.undo()
    clock.shift(timedelta(minutes=1))  # past the lease of the dead
    inbox.pull()
    assert (stored(), unread(gateway)) == (arrived(gateway), [])
    assert {one["message"].pk for one in received} == set(InboundMessage.objects.values_list("pk", flat=True))


def test_killed_before_dispatch_the_signal_comes_with_the_next_pull(gateway, monkeypatch, clock, listen):
    arrive(gateway, "1")

    def killed(self):
        raise Killed

    monkeypatch.setattr(notifying.Notifier, "run", killed)
    monkeypatch.setattr(lease.Lease, "release", lambda self: None)
    with pytest.raises(Killed):
        inbox.pull()
    monkeypatch.undo()
    received = listen(signals.message_received)
    clock.shift(timedelta(minutes=1))
    inbox.pull()
    assert len(received) == 1


def test_killed_between_the_signal_and_its_record_the_signal_comes_again(gateway, monkeypatch, clock, listen):
    received = listen(signals.message_received)
    arrive(gateway, "1")

    def killed(self, pks):
        raise Killed

    monkeypatch.setattr(notifying.Notifier, "_record_dispatched", killed)
    monkeypatch.setattr(lease.Lease, "release", lambda self: None)
    with pytest.raises(Killed):
        inbox.pull()
    monkeypatch.undo()
    clock.shift(timedelta(minutes=1))
    inbox.pull()
    assert (len(received), stored()) == (2, arrived(gateway))


def test_killed_between_peek_and_answer_of_the_mark(gateway, monkeypatch, clock):
    arrive(gateway, "1", "1")
    calls = []
    original = accounts.client_for(accounts.resolve()).receive

    def receive(self, *args, **kwargs):
        answer = original(*args, **kwargs)
        calls.append(answer)
        if len(calls) == 2:
            raise Killed
        return answer

    client = type(accounts.client_for(accounts.resolve()))
    monkeypatch.setattr(client, "receive", receive)
    with pytest.raises(Killed):
        inbox.pull()
    monkeypatch.undo()
    arrive(gateway, "1")
    clock.shift(timedelta(minutes=1))
    inbox.pull()
    assert stored() == arrived(gateway)


def test_two_pulls_at_once_are_one(gateway):
    key = accounts.resolve()
    other = lease.Lease(key)
    assert other.acquire()
    arrive(gateway, "1")
    report = inbox.pull()
    assert (report.busy, stored()) == ([key.title], [])


def test_a_pull_that_has_lost_its_lease_stores_nothing(gateway):
    arrive(gateway, "1")

    until = timezone.now() + timedelta(minutes=1)
    gateway.state.receive_script.append(
        gateway.between(
            elsewhere(lambda: ApiKey.objects.update(inbox_lease="somebody else", inbox_lease_until=until))
        )
    )
    report = inbox.pull()
    assert (stored(), len(report.troubles)) == ([], 1)


# Marks that are not honoured


def test_a_gateway_that_does_not_honour_marks_stops_the_inbox_with_an_error(gateway):
    gateway.state.honours_marks = False
    arrive(gateway, "1", "2")
    report = inbox.pull()
    sentence = next(iter(report.troubles.values()))
    assert (len(stored()), "INBOX_MODE" in sentence, "09126900023" in sentence) == (2, True, True)


def test_marks_that_are_not_honoured_are_noticed_while_new_messages_come_first(gateway, monkeypatch):
    """Newest first, so that no batch comes again as a whole."""
    arrive(gateway, *map(str, range(150)))
    monkeypatch.setattr(faults.FaultyGateway, "mark", lambda self, found: arrive(gateway, "new"))
    monkeypatch.setattr(faults.FaultyGateway, "unread", lambda self, body: self.state.inbound[::-1])
    rounds = iter(range(30))
    report = inbox.pull(should_stop=lambda: next(rounds, 99) > 20)
    assert "has returned messages again" in report.troubles["settings"]
    assert InboundMessage.objects.count() <= 102


@pytest.mark.parametrize("count", [30, 200])
def test_marks_that_are_not_honoured_are_noticed_whatever_the_order(gateway, monkeypatch, count):
    chance = random.Random(1)
    arrive(gateway, *map(str, range(count)))

    def some(self, body):
        return chance.sample(self.state.inbound, count // 2)

    monkeypatch.setattr(faults.FaultyGateway, "mark", lambda self, found: None)
    monkeypatch.setattr(faults.FaultyGateway, "unread", some)
    rounds = iter(range(100))
    report = inbox.pull(should_stop=lambda: next(rounds, 99) > 60)
    assert "has returned messages again" in report.troubles["settings"]


def test_a_stopped_inbox_stays_stopped(gateway):
    gateway.state.honours_marks = False
    arrive(gateway, "1", "2")
    inbox.pull()
    calls = gateway.state.count("Receive")
    inbox.pull()
    assert (len(stored()), gateway.state.count("Receive")) == (2, calls)


def test_a_person_can_say_that_they_are_new(gateway):
    gateway.state.honours_marks = False
    arrive(gateway, "1")
    inbox.pull()
    gateway.state.honours_marks = True
    inbox.accept_as_new(ApiKey.objects.get())
    inbox.pull()
    assert len(stored()) == 2


def test_in_direct_mode_messages_are_marked_at_once(gateway, settings):
    settings.SEPAHAN = {**settings.SEPAHAN, "INBOX_MODE": "direct"}
    arrive(gateway, "1", "2")
    inbox.pull()
    assert (stored(), all(body["markAsRead"] for _name, body in gateway.state.requests)) == (
        arrived(gateway),
        True,
    )


def test_a_change_to_direct_mode_stores_nothing_twice(gateway, settings):
    arrive(gateway, "1", "2")
    gateway.state.receive_script.extend([faults.ACCEPT, faults.DROP_REQUEST])
    inbox.pull()
    settings.SEPAHAN = {**settings.SEPAHAN, "INBOX_MODE": "direct"}
    inbox.pull()
    assert stored() == arrived(gateway)


# Days and lines


def test_the_first_pull_leaves_the_day_to_the_gateway(gateway):
    inbox.pull()
    assert "startDate" not in gateway.state.requests[0][1]


def test_later_pulls_ask_from_the_day_of_the_last_good_one(gateway, clock):
    inbox.pull()
    day = ApiKey.objects.get().inbox_day
    clock.shift(timedelta(days=3))
    gateway.state.receive_script.append(faults.HTTP_500)
    inbox.pull()
    assert ApiKey.objects.get().inbox_day == day
    inbox.pull()
    asked = gateway.state.requests[-1][1]["startDate"]
    assert parse_gateway_date(asked).astimezone(timezone.get_default_timezone()).date() == day


def test_a_clock_that_was_ahead_hides_nothing(gateway, clock):
    inbox.pull()
    ApiKey.objects.update(inbox_day=tehran_today(timezone.now()) + timedelta(days=9))
    inbox.pull()
    asked = parse_gateway_date(gateway.state.requests[-1][1]["startDate"])
    assert asked <= timezone.now()


def test_a_clock_shortly_past_midnight_still_asks_from_the_day_before(gateway, clock):
    """The gateway's own midnight may be later."""
    clock.move_to(day_start(date(2026, 11, 24)) + timedelta(minutes=5))
    inbox.pull()
    assert ApiKey.objects.get().inbox_day == date(2026, 11, 23)


def test_a_pull_of_one_line_does_not_move_the_day(gateway):
    inbox.pull(line=LINE)
    assert ApiKey.objects.get().inbox_day is None


def test_since_asks_further_back(gateway):
    inbox.pull()
    inbox.pull(since=date(2026, 3, 21))
    assert gateway.state.requests[-1][1]["startDate"] == "1405/01/01"


def test_one_lines_error_does_not_stop_the_others(gateway):
    key = accounts.resolve()
    for number in ("3000", LINE):
        SenderLine.objects.create(number=number, api_key=key)
    arrive(gateway, "1")
    gateway.state.receive_script.extend([410, 410])
    report = inbox.pull()
    assert (stored(), len(report.troubles)) == (arrived(gateway), 1)


# Odd messages


@pytest.mark.parametrize(
    "fields",
    [
        {"date": "روز خوب"}, {"date": ""}, {"sender": ""}, {"line": ""}, {"sender": "IRANCELL"},
        {"sender": "x" * 400}, {"date": "9" * 400},
    ],
)  # fmt: skip
def test_an_odd_message_is_stored_and_does_not_block_the_rest(gateway, fields):
    arrive(gateway, "odd", **fields)
    arrive(gateway, "plain")
    inbox.pull()
    inbox.pull()
    assert sorted(InboundMessage.objects.values_list("text", flat=True)) == ["odd", "plain"]


@pytest.mark.parametrize("text", ["", "a\x00b", "\ud800", "😀" * 500])
def test_an_odd_text_is_stored_once(gateway, text):
    arrive(gateway, text)
    inbox.pull()
    inbox.pull()
    assert InboundMessage.objects.count() == 1


@pytest.mark.parametrize("date", ["9999/12/31 23:59Z", "9999/12/31 23:59", "0001/01/01", "1404/13/40"])
def test_a_date_at_the_calendars_end_does_not_break_the_page(gateway, admin_client, date):
    arrive(gateway, "odd", date=date)
    inbox.pull()
    page = admin_client.get(reverse("admin:sepahan_django_inboundmessage_changelist"))
    assert page.status_code == 200
