"""The outbox as a state machine: whatever happens in whatever order, the promises hold after each step."""

import pytest
from django.db import OperationalError
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sepahan_django import accounts, outbox
from sepahan_django.models import ApiKey, Campaign, OutboundMessage, SendRequest
from sepahan_django.sms import send_mass_sms, send_sms
from tests import simulation
from tests.factories import number
from tests.simulation import WORLD, Killed, machine_settings

pytestmark = pytest.mark.django_db(transaction=True)

FAULTS = st.sampled_from(
    [
        simulation.OK,
        simulation.KILLED_BEFORE,
        simulation.KILLED_AFTER,
        simulation.LOST_REQUEST,
        simulation.LOST_ANSWER,
        simulation.LATER,
        simulation.NO_CONNECTION,
        simulation.FEW_IDS,
        simulation.NEGATIVE,
        -8,
        -12,
        -14,
        -22,
        -999,
    ]
)
SPANS = st.sampled_from([{"seconds": 20}, {"minutes": 2}, {"minutes": 30}, {"hours": 3.7}, {"hours": 4.2}])
ENDED = {"delivered", "undelivered", "cancelled", "expired"}


class Outbox(RuleBasedStateMachine):
    """What people, workers, the clock and the gateway may do to the outbox."""

    def __init__(self):
        super().__init__()
        self.world = simulation.fresh_world()
        self.world.__enter__()
        self.serial = 0
        self.was_put_back = False
        self.again = set()
        self.ended = {}
        accounts.resolve()

    def teardown(self):
        try:
            self.come_to_rest()
        finally:
            self.world.__exit__(None, None, None)

    # What may happen

    @rule(
        count=st.sampled_from([1, 2, 7, 130]),
        bad=st.booleans(),
        is_one_text=st.booleans(),
        minutes=st.sampled_from([None, None, 1, 30]),
        campaign=st.sampled_from([None, "Yalda", "Nowruz"]),
        is_paused_at_once=st.booleans(),
    )
    def queue_many(self, count, bad, is_one_text, minutes, campaign, is_paused_at_once):
        numbers = [number(self.serial + index) for index in range(count)]
        self.serial += count
        if bad:
            WORLD.bad.add(numbers[count // 2])
        pairs = [(to, "one" if is_one_text else f"text {to}") for to in numbers]
        of = Campaign.objects.get_or_create(title=campaign)[0] if campaign else None
        send_mass_sms(pairs, expires_at=self._in(minutes), campaign=of)
        if of is not None and of.paused_at is not None:
            WORLD.held.update(numbers)
        if is_paused_at_once:
            self._pause()

    @rule(minutes=st.sampled_from([None, 1, 3, 10]), priority=st.sampled_from([0, 1]))
    def queue_one(self, minutes, priority):
        send_sms(number(self.serial), "code", expires_at=self._in(minutes), priority=priority)
        self.serial += 1

    @staticmethod
    def _in(minutes):
        return None if minutes is None else WORLD.time + simulation.timedelta(minutes=minutes)

    @rule(
        faults=st.lists(FAULTS, max_size=5),
        statement=st.none() | st.integers(1, 60),
        failures=st.sampled_from([0, 0, 1, 3, 40]),
        meanwhile=st.lists(
            st.sampled_from(["nothing", "moment", "worker", "later", "asleep", "hours", "cancel", "pause"]),
            max_size=3,
        ),
        patient=st.booleans(),
    )
    def work(self, faults, statement, failures, meanwhile, patient):
        WORLD.plan.extend(faults)
        WORLD.meanwhile.extend(getattr(self, f"_{name}") for name in meanwhile)
        try:
            with simulation.trouble_at(statement, failures=failures):
                outbox.drain(patient=patient)
        except (Killed, OperationalError) as error:
            note(f"ended by {error!r}")
        WORLD.plan.clear()
        WORLD.meanwhile.clear()

    def _nothing(self):
        pass

    def _moment(self):
        WORLD.pass_(seconds=40)

    def _asleep(self):
        """The machine is suspended with the call on the wire."""
        WORLD.pass_(hours=4.2)

    def _worker(self):
        outbox.drain()

    def _later(self):
        WORLD.pass_(minutes=2)
        outbox.drain()

    def _hours(self):
        WORLD.pass_(hours=4.2)
        outbox.drain()

    def _cancel(self):
        outbox.cancel(OutboundMessage.objects.all())

    def _pause(self):
        """What is queued when a campaign pauses is held back; what is on its way then may come back later."""
        for campaign in Campaign.objects.filter(paused_at=None):
            outbox.pause(campaign)
            queued = campaign.messages.filter(state="queued")
            WORLD.held.update(queued.values_list("recipient", flat=True))

    @rule(span=SPANS)
    def time_goes_on(self, span):
        WORLD.pass_(**span)

    @precondition(lambda self: not self.was_put_back)
    @rule()
    def the_clock_is_put_back(self):
        self.was_put_back = True
        WORLD.pass_(seconds=-90)

    @rule()
    def cancel(self):
        newest = OutboundMessage.objects.order_by("-pk").values_list("pk", flat=True)[:3]
        outbox.cancel(OutboundMessage.objects.filter(pk__in=list(newest)))

    @rule()
    def a_person_pauses_the_campaigns(self):
        self._pause()

    @rule(title=st.sampled_from(["Yalda", "Nowruz"]))
    def a_person_resumes_a_campaign(self, title):
        for campaign in Campaign.objects.filter(title=title):
            WORLD.held.difference_update(campaign.messages.values_list("recipient", flat=True))
            outbox.resume(campaign)

    @rule(title=st.sampled_from(["Yalda", "Nowruz"]))
    def a_person_cancels_the_rest_of_a_campaign(self, title):
        for campaign in Campaign.objects.filter(title=title):
            outbox.cancel_rest(campaign)

    @rule()
    def try_again_now(self):
        accounts.resume(ApiKey.objects.get())

    @rule()
    def a_person_sends_failed_ones_again(self):
        outbox.send_again(OutboundMessage.objects.filter(state="failed"))

    @rule()
    def a_person_who_knows_decides_about_doubts(self):
        for message in OutboundMessage.objects.filter(state="in_doubt"):
            decide = outbox.mark_sent if WORLD.taken[message.recipient] else outbox.send_again
            decide(OutboundMessage.objects.filter(pk=message.pk))

    @rule()
    def a_person_who_does_not_know_sends_doubtful_ones_again(self):
        doubtful = OutboundMessage.objects.filter(state="in_doubt")
        self.again |= set(doubtful.values_list("recipient", flat=True))
        outbox.send_again(doubtful)

    # What must hold

    @invariant()
    def nothing_is_accepted_twice(self):
        twice = {to for to, count in WORLD.taken.items() if count > 1}
        assert twice <= self.again

    @invariant()
    def every_state_is_true(self):
        for to, state in OutboundMessage.objects.values_list("recipient", "state"):
            was_taken = WORLD.taken[to] > 0
            if state in ("sent", "delivered", "undelivered"):
                assert was_taken or to in WORLD.refused_alone, f"{to} is called {state}"
            if state in ("queued", "failed", "cancelled", "expired"):
                assert not was_taken or to in self.again, f"{to} was accepted and is called {state}"

    @invariant()
    def nothing_goes_out_past_its_time(self):
        assert not WORLD.sent_too_late

    @invariant()
    def nothing_that_a_pause_holds_back_goes_out(self):
        assert not WORLD.sent_though_held
        back = OutboundMessage.objects.filter(state="queued", campaign__paused_at__isnull=False)
        WORLD.held.update(back.values_list("recipient", flat=True))

    @invariant()
    def a_person_is_asked_only_when_the_gateway_has_forgotten(self):
        for request in SendRequest.objects.filter(state="unresolved"):
            span = request.finished_at - request.first_attempt_at
            assert span >= simulation.timedelta(hours=3, minutes=50)

    @invariant()
    def what_has_ended_stays_as_it_is(self):
        now = dict(OutboundMessage.objects.filter(state__in=ENDED).values_list("pk", "state"))
        assert self.ended.items() <= now.items()
        self.ended = now

    @invariant()
    def a_message_being_sent_has_a_request_that_goes_on(self):
        sending = OutboundMessage.objects.filter(state="sending")
        assert not sending.filter(request__due_at=None).exists()

    def come_to_rest(self):
        """Nothing goes wrong any more: within a day and a half nothing is on its way, for ever or at all."""
        WORLD.plan.clear()
        WORLD.meanwhile.clear()
        going = OutboundMessage.objects.filter(state__in=("queued", "sending"))
        # What a pause holds back keeps nothing else from going, ...
        self._let_go(going.exclude(state="queued", campaign__paused_at__isnull=False))
        self.nothing_that_a_pause_holds_back_goes_out()
        # ... and goes when it is over.
        WORLD.held.clear()
        for campaign in Campaign.objects.all():
            outbox.resume(campaign)
        self._let_go(going)

    def _let_go(self, these):
        for _round in range(60):
            accounts.resume(ApiKey.objects.get())
            outbox.drain()
            if not these.exists():
                break
            WORLD.pass_(minutes=35)
        self.every_state_is_true()
        self.nothing_is_accepted_twice()
        assert not these.exists()


def test_the_outbox_keeps_its_promises_whatever_happens(settings):
    run_state_machine_as_test(Outbox, settings=machine_settings(settings))
