import pytest

from sepahan_django.gateway import SepahanClient
from sepahan_django.gateway.errors import NotSubmitted
from sepahan_django.gateway.pace import Pace, TooBusy


class Clock:
    def __init__(self):
        self.now = 0.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(round(seconds, 3))
        self.now += seconds


def made(per_second, clock):
    return Pace(per_second, clock=lambda: clock.now, sleep=clock.sleep)


def test_turns_are_spaced_evenly():
    clock = Clock()
    pace = made(4, clock)
    for _turn in range(3):
        pace.wait(most=10)
    assert clock.slept == [0.25, 0.25]


def test_without_a_limit_nobody_waits():
    clock = Clock()
    made(None, clock).wait(most=0)
    assert clock.slept == []


def test_a_turn_too_far_off_is_not_taken():
    clock = Clock()
    pace = made(0.1, clock)
    pace.wait(most=1)
    with pytest.raises(TooBusy):
        pace.wait(most=1)
    clock.now = 10
    pace.wait(most=0)
    assert clock.slept == []


@pytest.mark.parametrize("rate", [0, -1, float("inf")])
def test_a_limit_must_be_positive(rate):
    with pytest.raises(ValueError, match="positive"):
        Pace(rate)


def test_a_client_whose_limit_allows_no_call_says_so_before_anything_leaves():
    client = SepahanClient("x" * 32, timeout=(0.01, 0.01), max_requests_per_second=0.01)
    client.wait_turn()
    client._turn.taken = False
    with pytest.raises(NotSubmitted, match="rate"):
        client.credit()
