"""The page of one message: what it tells, to whom, and its buttons."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sepahan_django import outbox
from sepahan_django.admin.outbound import message
from sepahan_django.models import ApiKey, OutboundMessage, SendRequest
from tests import faulty_gateway as faults
from tests.factories import make_due, queued, states
from tests.staff import clerk

pytestmark = pytest.mark.django_db(transaction=True)


def page(client, row, language="en"):
    address = reverse("admin:sepahan_django_outboundmessage_change", args=[row.pk])
    return client.get(address, headers={"accept-language": language}).content.decode()


def press(client, row, button, follow=True):
    name = f"admin:sepahan_django_message_{button}"
    return client.post(reverse(name, args=[row.pk]), follow=follow)


def titles(row):
    row.refresh_from_db()
    return [event.title for event in message.events(row)]


# What it tells


def test_the_timeline_of_a_message_that_waits_tells_what_is_ahead(gateway):
    later = timezone.now() + timedelta(days=1)
    (row,) = queued(1, send_at=later, due_at=later, expires_at=later + timedelta(hours=1))
    told = [(event.title, event.is_ahead) for event in message.events(row)]
    assert told == [("Created", False), ("Scheduled time", True), ("Expires", True)]


def test_the_timeline_of_a_message_that_was_sent_ends_with_the_next_question(gateway):
    (row,) = queued(1)
    outbox.drain()
    expected = ["Submitted to the gateway", "Accepted by the gateway", "Next delivery check"]
    assert titles(row)[1:] == expected


def test_the_timeline_tells_of_several_attempts(gateway):
    (row,) = queued(1)
    gateway.state.script.append(faults.DROP_REQUEST)
    outbox.drain()
    make_due()
    outbox.drain()
    assert [title for title in titles(row) if "attempt" in title] == ["First attempt", "Last attempt"]


def test_a_message_that_was_refused_says_why_and_what_to_do(boss, gateway):
    (row,) = queued(1)
    gateway.state.script.append(-999)
    outbox.drain()
    text = page(boss, row)
    assert all(part in text for part in ("no because", "send it again", "Refused"))


def test_without_an_id_the_page_says_why_delivery_is_not_asked_for(boss, gateway):
    (row,) = queued(1)
    OutboundMessage.objects.update(state="sent", sent_at=timezone.now())
    assert "gateway id of this message is unknown" in page(boss, row)


def test_in_doubt_the_page_tells_what_is_known(boss, gateway):
    sent_with = SendRequest.objects.create(
        request_id="r", api_key=ApiKey.objects.first() or queued(1)[0].api_key, attempts=3, state="unresolved"
    )
    (row,) = queued(1, state="in_doubt", request=sent_with)
    text = page(boss, row)
    assert ("Attempts: 3" in text, "in-doubt/" in text) == (True, True)


def test_times_on_the_page_are_jalali(boss, gateway, time_machine):
    time_machine.move_to("2026-11-24 10:50:00+00:00")
    (row,) = queued(1)
    assert "۱۴۰۵/۰۹/۰۳ ۱۴:۲۰" in page(boss, row, "fa")


def test_the_raw_answer_is_folded_away_escaped_and_left_to_right(boss, gateway):
    (row,) = queued(1)
    gateway.state.script.append(-999)
    outbox.drain()
    SendRequest.objects.update(answer="<script>alert(1)</script>\u202e")
    text = page(boss, row)
    assert (
        '<pre dir="ltr" class="sepahan-raw" tabindex="0">&lt;script&gt;alert(1)&lt;/script&gt;[U+202E]'
        in text
    )


@pytest.mark.parametrize("model", ["outboundmessage", "sendrequest"])
def test_the_raw_answer_is_for_those_who_may_see_texts(client, gateway, model):
    (row,) = queued(1)
    outbox.drain()
    SendRequest.objects.update(answer="the raw words")
    row.refresh_from_db()
    address = reverse(
        f"admin:sepahan_django_{model}_change",
        args=[row.pk if model == "outboundmessage" else row.request_id],
    )
    told = []
    for permissions in (["view_content"], []):
        staff = clerk(client, "view_outboundmessage", "view_sendrequest", *permissions)
        told.append("the raw words" in staff.get(address).content.decode())
    assert told == [True, False]


@pytest.mark.parametrize("model", ["outboundmessage", "sendrequest"])
def test_the_price_is_for_those_who_may_see_the_credit(client, gateway, model):
    (row,) = queued(1)
    outbox.drain()
    SendRequest.objects.update(total_price=987654)
    row.refresh_from_db()
    address = reverse(
        f"admin:sepahan_django_{model}_change",
        args=[row.pk if model == "outboundmessage" else row.request_id],
    )
    told = []
    for permissions in (["view_credit"], []):
        staff = clerk(client, "view_outboundmessage", "view_sendrequest", *permissions)
        told.append("987,654" in staff.get(address).content.decode())
    assert told == [True, False]


def test_the_queries_of_the_page_are_few(boss, gateway):
    (row,) = queued(1)
    outbox.drain()
    page(boss, row)
    with CaptureQueriesContext(connection) as seen:
        page(boss, row)
    assert len(seen) <= 16


# Buttons


def labels(client, row):
    text = page(client, row)
    return [
        name for name in ("Send now", "Cancel message", "Send again", "Check delivery status") if name in text
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"state": "queued"}, ["Send now", "Cancel message"]),
        ({"state": "failed"}, ["Send again"]),
        ({"state": "failed", "recipient": ""}, []),
        ({"state": "sent", "gateway_id": 5}, ["Check delivery status"]),
        ({"state": "sent"}, []),
        ({"state": "delivered", "gateway_id": 5}, []),
        ({"state": "cancelled"}, []),
    ],
)
def test_a_message_has_the_buttons_of_its_state(boss, gateway, fields, expected):
    (row,) = queued(1, **fields)
    assert labels(boss, row) == expected


def test_who_may_only_look_has_no_buttons(client, gateway):
    (row,) = queued(1)
    assert labels(clerk(client, "view_outboundmessage", "view_content"), row) == []


def test_a_planned_message_is_sent_now(boss, inline):
    later = timezone.now() + timedelta(days=1)
    (row,) = queued(1, send_at=later, due_at=later)
    answer = press(boss, row, "send_now")
    assert (states(), len(inline.state.ledger)) == ({"sent": 1}, 1)
    assert "Sent: The gateway has accepted it" in answer.content.decode()
    assert "Moved ahead" in answer.content.decode()


def test_send_now_pressed_twice_sends_once(boss, inline):
    (row,) = queued(1)
    press(boss, row, "send_now")
    answer = press(boss, row, "send_now")
    assert len(inline.state.ledger) == 1
    assert "Nothing was changed" in answer.content.decode()


def test_without_inline_sending_the_message_is_due_for_the_worker(boss, gateway):
    later = timezone.now() + timedelta(days=1)
    (row,) = queued(1, send_at=later, due_at=later)
    press(boss, row, "send_now")
    assert states() == {"queued": 1}
    outbox.drain()
    assert states() == {"sent": 1}


def test_a_message_past_its_time_is_not_made_due(gateway):
    (row,) = queued(1, expires_at=timezone.now() - timedelta(seconds=1))
    assert outbox.send_now(OutboundMessage.objects.filter(pk=row.pk)) == 0


def test_a_queued_message_is_cancelled(boss, gateway):
    (row,) = queued(1)
    press(boss, row, "cancel")
    assert states() == {"cancelled": 1}


def test_a_failed_message_is_sent_again(boss, inline):
    (row,) = queued(1)
    inline.state.script.append(-999)
    outbox.drain()
    press(boss, row, "send_again")
    assert states() == {"sent": 1}


def test_the_delivery_state_is_asked_for(boss, gateway):
    (row,) = queued(1)
    outbox.drain()
    press(boss, row, "refresh")
    assert states() == {"delivered": 1}


BUTTONS = {"send_now": "queued", "cancel": "queued", "send_again": "failed", "refresh": "sent"}


@pytest.mark.parametrize(("button", "state"), BUTTONS.items())
def test_a_button_is_in_the_history_with_who_pressed_it(boss, gateway, button, state):
    (row,) = queued(1, state=state, gateway_id=5)
    press(boss, row, button)
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_id) == ("boss", str(row.pk))


@pytest.mark.parametrize(("button", "state"), BUTTONS.items())
@pytest.mark.parametrize("permissions", [["send_message"], ["view_outboundmessage"]])
def test_a_button_takes_the_permissions_to_look_and_to_send(client, gateway, button, state, permissions):
    (row,) = queued(1, state=state, gateway_id=5)
    answer = press(clerk(client, *permissions), row, button)
    assert (answer.status_code, states()) == (403, {state: 1})


@pytest.mark.parametrize("button", BUTTONS)
def test_a_button_is_no_link(boss, gateway, button):
    (row,) = queued(1)
    address = reverse(f"admin:sepahan_django_message_{button}", args=[row.pk])
    assert (boss.get(address).status_code, states()) == (405, {"queued": 1})


@pytest.mark.parametrize("button", BUTTONS)
def test_a_message_of_a_hidden_account_has_no_buttons(client, gateway, button):
    (row,) = queued(1)
    row.api_key.groups.add(Group.objects.create(name="others"))
    answer = press(clerk(client, "send_message", "view_outboundmessage"), row, button)
    assert (answer.status_code, states()) == (404, {"queued": 1})
