"""The gateway's own words are kept with the request, for whoever asks later."""

import pytest

from sepahan_django import outbox
from sepahan_django.gateway.errors import OutcomeUnknown, Rejected
from sepahan_django.models import SendRequest
from sepahan_django.testing import MemoryClient, memory
from tests import faulty_gateway as faults
from tests.factories import make_due, queued, states

pytestmark = pytest.mark.django_db(transaction=True)


def kept():
    return [request.answer for request in SendRequest.objects.order_by("pk")]


def test_the_answer_to_an_accepted_request_is_kept(gateway):
    (row,) = queued(1)
    outbox.drain()
    row.refresh_from_db()
    assert str(row.gateway_id) in kept()[0]


def test_the_answer_to_a_refused_request_is_kept(gateway):
    queued(1)
    gateway.state.script.append(-999)
    outbox.drain()
    assert "because" in kept()[0]


def test_the_answer_to_a_request_of_an_account_at_fault_is_kept(gateway):
    queued(1)
    gateway.state.script.append(-1)
    outbox.drain()
    assert '"code": -1' in kept()[0]


def test_an_answer_that_can_not_be_read_is_kept(gateway):
    queued(1)
    gateway.state.script.append(faults.HTML)
    outbox.drain()
    assert "<html" in kept()[0].lower()


def test_it_stays_when_the_request_is_cleared_up_without_another(gateway):
    queued(1)
    gateway.state.script.append(faults.TAKE_AND_500)
    outbox.drain()
    before = kept()
    make_due()
    outbox.drain()
    assert (states(), kept()) == ({"sent": 1}, before)


class Client(MemoryClient):
    """A client of another make, which hands over what it likes."""

    answer: object = ""

    def sent(self, messages):
        error = Rejected("no", code=-999)
        error.answer = type(self).answer
        raise error


@pytest.fixture
def other_client(settings):
    settings.SEPAHAN = {
        "API_KEY": "x" * 32, "SENDER": "3000", "DISPATCH": "none",
        "CLIENT": "tests.outbox.test_answers.Client",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "stored"),
    [
        ("said\x00so", "said\ufffdso"),
        ("half \ud800", "half ?"),
        ("x" * 9000, "x" * 4000),
        (None, ""),
        (b"x", ""),
    ],
)
def test_whatever_a_client_hands_over_can_be_stored(other_client, monkeypatch, answer, stored):
    monkeypatch.setattr(Client, "answer", answer)
    queued(1)
    outbox.drain()
    assert (states(), kept()) == ({"failed": 1}, [stored])


def test_a_client_without_answers_settles_as_well(settings):
    settings.SEPAHAN = {
        "API_KEY": "x" * 32, "SENDER": "3000", "DISPATCH": "none",
        "CLIENT": "sepahan_django.testing.MemoryClient",
    }  # fmt: skip
    error = OutcomeUnknown("gone")
    del error.answer
    memory.errors.append(error)
    queued(1)
    outbox.drain()
    make_due()
    outbox.drain()
    assert (states(), kept()) == ({"sent": 1}, [""])
