"""The inbox as a state machine: whatever happens in whatever order, nothing is lost or stored twice."""

import logging
from collections import Counter

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from sepahan_django import accounts, inbox
from sepahan_django.models import ApiKey, InboundMessage
from sepahan_django.signals import message_received
from tests import simulation
from tests.simulation import WORLD, Killed, machine_settings

pytestmark = pytest.mark.django_db(transaction=True)

FAULTS = st.sampled_from(
    [
        simulation.OK,
        simulation.KILLED_BEFORE,
        simulation.KILLED_AFTER,
        simulation.LOST_REQUEST,
        simulation.LOST_ANSWER,
        -8,
        -22,
    ]
)
SENDERS = st.sampled_from(["09350000001", "09350000002"])
CAME = st.lists(st.tuples(SENDERS, st.sampled_from(["1", "2"])), min_size=1, max_size=5)


class Inbox(RuleBasedStateMachine):
    """What people, workers, the clock and the gateway may do to the inbox."""

    def __init__(self):
        super().__init__()
        self.world = simulation.fresh_world()
        self.world.__enter__()
        self.seen = Counter()
        self.marks = {}
        self.raises = False
        self.person, _is_new = User.objects.get_or_create(username="somebody")
        accounts.resolve()
        inbox.pull()  # the first pull of all leaves the day to the gateway
        message_received.connect(self.receive)
        logging.disable(logging.ERROR)  # the tracebacks of a receiver that is meant to raise

    def teardown(self):
        try:
            self.come_to_rest()
        finally:
            logging.disable(logging.NOTSET)
            message_received.disconnect(self.receive)
            self.world.__exit__(None, None, None)

    def receive(self, message, **kwargs):
        if self.raises:
            raise RuntimeError
        self.seen[message.pk] += 1

    # What may happen

    @rule(messages=CAME)
    def some_come_in(self, messages):
        simulation.let_in(messages)

    @rule(count=st.sampled_from([60, 150]))
    def many_come_in(self, count):
        simulation.let_in([(f"0936{index:07}", "vote") for index in range(count)])

    @rule(
        faults=st.lists(FAULTS, max_size=6),
        statement=st.none() | st.integers(1, 40),
        failures=st.sampled_from([0, 0, 1, 3, 40]),
        meanwhile=st.lists(
            st.sampled_from(["nothing", "pull", "later", "more", "equal", "mark", "again"]), max_size=4
        ),
    )
    def pull(self, faults, statement, failures, meanwhile):
        WORLD.plan.extend(faults)
        WORLD.meanwhile.extend(getattr(self, f"_{name}") for name in meanwhile)
        try:
            with simulation.trouble_at(statement, failures=failures):
                inbox.pull()
        except (Killed, OperationalError) as error:
            note(f"ended by {error!r}")
        WORLD.plan.clear()
        WORLD.meanwhile.clear()

    def _nothing(self):
        pass

    def _pull(self):
        inbox.pull()

    def _later(self):
        WORLD.pass_(minutes=2)
        inbox.pull()

    def _more(self):
        simulation.let_in([("09350000009", "more")])

    def _equal(self):
        simulation.let_in_an_equal_one()

    def _mark(self):
        self.a_person_marks("mark_read", 0)

    def _again(self):
        self.a_person_passes_some_on_again(1)

    @rule(
        what=st.sampled_from(["mark_read", "mark_unread", "mark_handled", "mark_open"]),
        which=st.integers(0, 2),
    )
    def a_person_marks(self, what, which):
        """Every third message, counted from one of the first three."""
        pks = list(InboundMessage.objects.order_by("pk").values_list("pk", flat=True))[which::3]
        by = {"by": self.person} if what == "mark_handled" else {}
        getattr(inbox, what)(InboundMessage.objects.filter(pk__in=pks), **by)
        for pk in pks:
            was_read, was_handled = self.marks.get(pk, (False, False))
            self.marks[pk] = {
                "mark_read": (True, was_handled),
                "mark_unread": (False, was_handled),
                "mark_handled": (was_read if was_handled else True, True),
                "mark_open": (was_read, False),
            }[what]

    @rule(which=st.integers(0, 2))
    def a_person_passes_some_on_again(self, which):
        inbox.dispatch_again(InboundMessage.objects.order_by("pk")[which:10:3], wait=lambda seconds: None)

    @rule(span=st.sampled_from([{"seconds": 5}, {"minutes": 2}, {"hours": 5}]))
    def time_goes_on(self, span):
        WORLD.pass_(**span)

    @rule()
    def the_receiver_changes_its_mind(self):
        self.raises = not self.raises

    @rule()
    def a_person_says_that_they_are_new(self):
        inbox.accept_as_new(ApiKey.objects.get())

    @rule()
    def try_again_now(self):
        accounts.resume(ApiKey.objects.get())

    # What must hold

    @invariant()
    def nothing_is_stored_that_did_not_come(self):
        assert stored() <= came()

    @invariant()
    def what_the_gateway_gave_away_is_stored(self):
        unread = Counter(key(WORLD.inbound[index]) for index in WORLD.unread)
        assert came() - unread <= stored()

    @invariant()
    def only_what_was_sent_to_a_receiver_is_called_dispatched(self):
        done = InboundMessage.objects.exclude(dispatched_at=None).values_list("pk", flat=True)
        assert set(done) <= set(self.seen)

    @invariant()
    def the_marks_are_what_people_said(self):
        rows = InboundMessage.objects.values_list("pk", "read_at", "done_at")
        marks = {pk: (bool(read), bool(handled)) for pk, read, handled in rows if read or handled}
        assert marks == {pk: mark for pk, mark in self.marks.items() if any(mark)}

    def come_to_rest(self):
        self.raises = False
        WORLD.plan.clear()
        WORLD.meanwhile.clear()
        for _round in range(10):
            account = ApiKey.objects.get()
            accounts.resume(account)
            inbox.accept_as_new(account)
            inbox.pull()
            WORLD.pass_(minutes=5)
        assert stored() == came()
        assert set(self.seen) == set(InboundMessage.objects.values_list("pk", flat=True))
        assert not InboundMessage.objects.filter(dispatched_at=None).exists()


def key(message):
    return (message.line, message.date, message.sender, message.text)


def came():
    return Counter(key(message) for message in WORLD.inbound)


def stored():
    return Counter(InboundMessage.objects.values_list("line", "gateway_date", "sender", "text"))


def test_the_inbox_keeps_its_promises_whatever_happens(settings):
    run_state_machine_as_test(Inbox, settings=machine_settings(settings))
