import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse

from sepahan_django import outbox
from sepahan_django.models import OutboundMessage
from tests import faulty_gateway as faults
from tests.factories import age_requests, queued, states
from tests.staff import clerk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def judge(client):
    return clerk(client, "resolve_in_doubt", "view_outboundmessage", "view_content")


@pytest.fixture
def doubtful(gateway):
    """Three messages of a request that the gateway has forgotten."""
    messages = queued(3)
    gateway.state.script.append(faults.DROP_ANSWER)
    outbox.drain()
    age_requests(hours=5)
    outbox.drain()
    return messages


def page():
    return reverse("admin:sepahan_django_doubts")


def decide(client, messages, decision, **more):
    return client.post(
        page(), {"messages": [m.pk for m in messages], "decision": decision, **more}, follow=True
    )


def test_the_page_shows_what_is_known(judge, doubtful):
    text = judge.get(page()).content.decode()
    assert all(m.recipient in text for m in doubtful)
    assert OutboundMessage.objects.first().request.request_id in text


def test_a_person_marks_messages_as_sent(judge, doubtful):
    decide(judge, doubtful[:2], "mark_sent")
    assert states() == {"sent": 2, "in_doubt": 1}


def test_a_person_sends_messages_again_under_another_request_id(judge, doubtful, gateway):
    before = OutboundMessage.objects.first().request.request_id
    decide(judge, doubtful, "send_again", may_be_second="on")
    outbox.drain()
    assert (states(), len(gateway.state.ledger)) == ({"sent": 3}, 6)
    assert OutboundMessage.objects.first().request.request_id != before


def test_sending_again_takes_a_tick_that_one_knows_the_risk(judge, doubtful):
    answer = decide(judge, doubtful, "send_again")
    assert states() == {"in_doubt": 3}
    assert "may receive it twice" in answer.content.decode()


def test_a_choice_that_was_refused_is_not_lost(judge, doubtful):
    answer = decide(judge, doubtful[:1], "send_again")
    assert answer.context["chosen"] == {str(doubtful[0].pk)}


def test_nothing_chosen_gets_a_sentence(judge, doubtful):
    assert "Select the messages" in decide(judge, [], "mark_sent").content.decode()


@pytest.mark.parametrize("decision", ["mark_sent", "send_again"])
def test_who_decided_is_kept_with_each_message(judge, doubtful, decision):
    decide(judge, doubtful[:2], decision, may_be_second="on")
    entries = LogEntry.objects.values_list("user", "object_id")
    assert set(entries) == {(User.objects.get().pk, str(message.pk)) for message in doubtful[:2]}


def test_what_somebody_else_has_decided_about_is_left_as_it_is(judge, doubtful):
    outbox.mark_sent(OutboundMessage.objects.filter(pk=doubtful[0].pk))
    decide(judge, doubtful, "send_again", may_be_second="on")
    assert states() == {"sent": 1, "queued": 2}


def test_messages_that_are_not_in_doubt_are_left_as_they_are(judge, gateway):
    sent = queued(1)
    outbox.drain()
    decide(judge, sent, "send_again", may_be_second="on")
    assert states() == {"sent": 1}


def test_looking_decides_nothing(judge, doubtful):
    judge.get(page(), {"messages": doubtful[0].pk, "decision": "mark_sent"})
    assert states() == {"in_doubt": 3}


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_the_permission_the_page_is_closed(client, doubtful, method):
    clerk(client, "send_message", "view_outboundmessage")
    answer = getattr(client, method)(page(), {"messages": doubtful[0].pk, "decision": "mark_sent"})
    assert (answer.status_code, states()) == (403, {"in_doubt": 3})


def test_with_nothing_in_doubt_the_page_says_so(judge):
    assert "No SMS is in doubt" in judge.get(page()).content.decode()
