"""The pauses of an account: how they begin, grow and end."""

import pytest
from django.utils import timezone

from sepahan_django import accounts, inbox, signals
from sepahan_django.models import ApiKey, PauseKind
from tests.factories import queued

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pause_is_told_once(gateway, listen):
    told = listen(signals.account_paused)
    for _time in range(3):
        accounts.pause(accounts.resolve(), kind=PauseKind.ACCOUNT, reason="no")
    assert [one["reason"] for one in told] == ["no"]


def test_a_pause_grows(gateway):
    ends = []
    for _time in range(3):
        accounts.pause(accounts.resolve(), kind=PauseKind.ACCOUNT, reason="no")
        ends.append(ApiKey.objects.get().paused_until)
    assert ends == sorted(ends)
    assert ends[2] - ends[1] > ends[1] - ends[0]


def test_of_many_workers_one_tries_a_paused_account(gateway, clock):
    accounts.pause(accounts.resolve(), kind=PauseKind.ACCOUNT, reason="no")
    clock.shift(600)
    seen = [ApiKey.objects.get() for _worker in range(3)]
    now = seen[0].paused_until
    assert [accounts.take_probe(one, now=now) for one in seen] == [True, False, False]


def test_one_failure_costs_no_wait_and_more_cost_ever_more(gateway):
    waits = []
    for _time in range(4):
        accounts.back_off(accounts.resolve(), reason="away")
        waits.append((ApiKey.objects.get().backoff_until - timezone.now()).total_seconds())
    assert waits[0] <= 0
    assert 0 < waits[1] < waits[3]


@pytest.fixture
def refused_inbox(gateway, clock):
    """The account was refused when its inbox was asked for, and its pause has passed."""
    gateway.state.receive_script.append(-1)
    inbox.pull()
    clock.shift(600)
    return gateway


def test_a_pause_that_the_inbox_met_is_over_when_the_inbox_is_let_in_again(refused_inbox):
    inbox.pull()
    assert not ApiKey.objects.get().is_paused


def test_a_second_pause_long_after_the_first_is_told_and_is_short(refused_inbox, listen):
    inbox.pull()
    told = listen(signals.account_paused)
    refused_inbox.state.receive_script.append(-1)
    inbox.pull()
    assert (len(told), ApiKey.objects.get().pauses_in_a_row) == (1, 1)


def test_a_pause_is_not_over_for_waiting_messages_because_the_inbox_is_let_in(refused_inbox):
    queued(1)
    inbox.pull()
    assert ApiKey.objects.get().is_paused
