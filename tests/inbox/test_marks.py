"""What people mark as read and as handled."""

import pytest
from django.contrib.auth.models import User

from sepahan_django import inbox
from sepahan_django.models import InboundMessage
from tests import faulty_gateway as faults
from tests.arriving import arrive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person():
    return User.objects.create(username="somebody")


def marks():
    rows = InboundMessage.objects.order_by("pk").values_list("read_at", "done_at")
    return [(read is not None, handled is not None) for read, handled in rows]


def test_marks_are_made_and_taken_back(gateway, person):
    arrive(gateway, "1")
    inbox.pull()
    rows, seen = InboundMessage.objects.all(), [marks()]
    for work in (inbox.mark_read, inbox.mark_unread, lambda all: inbox.mark_handled(all, by=person)):
        work(rows)
        seen.append(marks())
    inbox.mark_open(rows)
    seen.append(marks())
    assert seen == [[(False, False)], [(True, False)], [(False, False)], [(True, True)], [(True, False)]]


@pytest.mark.parametrize("mode", ["peek", "direct"])
def test_a_pull_resets_no_mark(gateway, settings, person, mode):
    settings.SEPAHAN = {**settings.SEPAHAN, "INBOX_MODE": mode}
    arrive(gateway, "1")
    gateway.state.receive_script.extend([faults.ACCEPT, faults.DROP_REQUEST])
    inbox.pull()
    inbox.mark_handled(InboundMessage.objects.all(), by=person)
    arrive(gateway, "1")
    inbox.pull()
    inbox.pull()
    assert marks() == [(True, True), (False, False)]


def test_of_two_people_who_handle_a_message_at_once_the_first_is_kept(gateway, person):
    arrive(gateway, "1")
    inbox.pull()
    other = User.objects.create(username="other")
    chosen = InboundMessage.objects.filter(done_at=None)
    assert [inbox.mark_handled(chosen, by=person), inbox.mark_handled(chosen, by=other)] == [1, 0]
    assert InboundMessage.objects.get().done_by == person


def test_many_are_marked_in_bounded_statements(gateway, monkeypatch):
    monkeypatch.setattr("sepahan_django.db.chunks.KEY_CHUNK", 2)
    arrive(gateway, "1", "2", "3", "4", "5")
    inbox.pull()
    assert (inbox.mark_read(InboundMessage.objects.all()), marks()) == (5, [(True, False)] * 5)
