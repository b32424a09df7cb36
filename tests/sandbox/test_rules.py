import json
from datetime import datetime, timedelta, timezone

import pytest

from sepahan_django.gateway import SepahanClient
from sepahan_django.gateway.errors import OutcomeUnknown, Rejected
from sepahan_django.sandbox import DEFAULT_LINE, DEFAULT_TOKEN
from sepahan_django.sandbox.models import Gateway, Line, PhoneMessage, SentMessage, Token

pytestmark = pytest.mark.django_db

NUMBERS = ["09121234567", "09351234567"]


@pytest.fixture
def call(client):
    """Call a method; returns the HTTP status and the answer."""

    def calling(path, body=None, *, token=DEFAULT_TOKEN, **headers):
        names = {"Authorization": token, **headers}
        if body is None:
            answer = client.get(f"/sandbox/api/{path}", headers=names)
        else:
            answer = client.post(
                f"/sandbox/api/{path}", json.dumps(body), content_type="application/json", headers=names
            )
        return answer.status_code, json.loads(answer.content) if answer.content[
            :1
        ] == b"{" else answer.content

    Gateway.load()
    return calling


def body(**changes):
    return {"senderNumber": DEFAULT_LINE, "smsText": "سلام", "receiverNumbers": NUMBERS, **changes}


def code(answer):
    status, envelope = answer
    assert status in (401, 406, 410, 416, 423)
    return envelope["error"]["code"]


def test_a_send_is_taken_and_paid(call):
    status, envelope = call("Sms/Send", body())
    assert (status, envelope["isSuccess"], envelope["error"]) == (200, True, None)
    assert len(envelope["value"]["ids"]) == 2
    assert min(envelope["value"]["ids"]) > 2**53
    assert call("SmsReport/credit")[1]["value"] == 1_000_000 - envelope["value"]["totalPrice"]


@pytest.mark.parametrize("path", ["Sms/Send/", "sms/send", "SMS/SEND"])
def test_paths_are_taken_in_either_case_and_with_a_slash(call, path):
    assert call(path, body())[0] == 200


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"receiverNumbers": ["9121234567"]}, -4), ({"smsText": " "}, -5),
        ({"receiverNumbers": ["09121234567"] * 101}, -7), ({"senderNumber": "1"}, -12),
        ({"smsText": None}, -21), ({"receiverNumbers": "09121234567"}, -21), ({"receiverNumbers": []}, -21),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_send_has_its_code(call, changes, expected):
    assert code(call("Sms/Send", body(**changes))) == expected
    assert SentMessage.objects.count() == 0


def test_lists_of_different_lengths_have_their_code(call):
    lists = {"senderNumbers": [DEFAULT_LINE], "smsTexts": ["a", "b"], "receiverNumbers": NUMBERS}
    assert code(call("Sms/SendP2P", lists)) == -6


def test_a_wrong_token_has_its_code(call):
    assert code(call("SmsReport/credit", token="x")) == -1


def test_a_token_switched_off_has_its_code(call):
    Token.objects.update(is_active=False)
    assert code(call("SmsReport/credit")) == -2


def test_another_address_has_its_code(call):
    Gateway.objects.update(allowed_ips="10.0.0.1")
    assert code(call("SmsReport/credit")) == -3


def test_a_service_that_is_off_has_its_code(call):
    Gateway.objects.update(is_active=False)
    assert code(call("Sms/Send", body())) == -8


def test_without_credit_nothing_is_sent(call):
    Gateway.objects.update(credit=1)
    assert code(call("Sms/Send", body())) == -14
    assert (SentMessage.objects.count(), Gateway.load().credit) == (0, 1)


def test_a_request_id_is_taken_once(call):
    headers = {"request-Id": "r-1"}
    assert call("Sms/Send", body(), **headers)[0] == 200
    assert code(call("Sms/Send", body(), **headers)) == -20
    assert SentMessage.objects.count() == 2


def test_a_refused_request_does_not_use_up_its_id(call):
    call("Sms/Send", body(senderNumber="1"), **{"request-Id": "r-1"})
    assert call("Requests/checkRequestId/r-1")[1]["value"] == {"isDuplicate": False}


def test_a_request_id_is_known_for_four_hours(call, clock):
    call("Sms/Send", body(), **{"request-Id": "r-1"})
    assert call("Requests/checkRequestId/r-1")[1]["value"] == {"isDuplicate": True}
    clock.shift(timedelta(hours=4, minutes=1))
    assert call("Requests/checkRequestId/r-1")[1]["value"] == {"isDuplicate": False}


def test_a_message_is_delivered_with_time(call, clock):
    ids = call("Sms/Send", body())[1]["value"]["ids"]
    seen = []
    for _look in range(3):
        seen.append(call("SmsReport/status", ids)[1]["value"][0])
        clock.shift(timedelta(seconds=3))
    assert seen == [0, 8, 1]


def test_an_unknown_id_is_not_found(call):
    assert call("SmsReport/status", [5])[1]["value"] == [-23]


def test_old_states_are_told_at_night_only(call, time_machine):
    time_machine.move_to(datetime(2026, 11, 24, 8, 0, tzinfo=timezone.utc))
    ids = call("Sms/Send", body())[1]["value"]["ids"]
    time_machine.shift(timedelta(days=2))
    assert code(call("SmsReport/oldStatus", ids)) == -8
    time_machine.shift(timedelta(hours=14))
    assert call("SmsReport/oldStatus", ids)[1] == {"message": "", "result": [1, 1]}


def test_inbound_messages_are_given_out_once(call):
    PhoneMessage.objects.create(line=DEFAULT_LINE, phone=NUMBERS[0], text="سلام")
    assert len(call("SmsReport/Receive", {"markAsRead": False})[1]["value"]) == 1
    assert len(call("SmsReport/Receive", {})[1]["value"]) == 1
    assert call("SmsReport/Receive", {})[1]["value"] == []


def test_inbound_messages_older_than_a_day_must_be_asked_for(call, clock):
    PhoneMessage.objects.create(line=DEFAULT_LINE, phone=NUMBERS[0], text="سلام")
    clock.shift(timedelta(days=3))
    assert call("SmsReport/Receive", {})[1]["value"] == []
    assert len(call("SmsReport/Receive", {"startDate": "1405/01/01"})[1]["value"]) == 1


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"privateNumber": "1"}, 406),
        ({"privateNumber": "777"}, 423),
        ({"numberOfMessages": 101}, 416),
        ({"numberOfMessages": 0}, 416),
    ],
)
def test_receive_refuses_with_a_status_of_its_own(call, asked, expected):
    Line.objects.create(number="777", is_active=False)
    assert call("SmsReport/Receive", asked)[0] == expected


def test_a_token_is_made_for_user_name_and_password(call):
    asked = {"title": "t", "userName": "sandbox", "password": "sandbox", "domainName": "sandbox"}
    made = call("auth/GenerateApiKey", asked, token="")[1]["value"]["token"]
    assert call("SmsReport/credit", token=made)[0] == 200


def test_a_wrong_password_makes_no_token(call):
    asked = {"title": "t", "userName": "sandbox", "password": "x", "domainName": "sandbox"}
    assert code(call("auth/GenerateApiKey", asked)) == -21


@pytest.mark.parametrize("path", ["/sandbox/", "/sandbox/api/SmsReport/credit"])
def test_in_production_it_serves_nothing(client, settings, path):
    settings.DEBUG = settings.SEPAHAN_SANDBOX_ENABLED = False
    assert client.get(path).status_code == 403


# The page


def test_a_phone_answers_from_the_page(client):
    Gateway.load()
    client.post("/sandbox/write/", {"phone": "۰۹۱۲۱۲۳۴۵۶۷", "line": DEFAULT_LINE, "text": "بله"})
    assert PhoneMessage.objects.get().phone == "09121234567"
    assert "بله" in client.get("/sandbox/").content.decode()


def test_a_wrong_number_on_the_page_gets_a_sentence(client):
    Gateway.load()
    answer = client.post("/sandbox/write/", {"phone": "12", "line": DEFAULT_LINE, "text": "بله"})
    assert "A number like" in answer.content.decode()


def test_a_delivery_is_moved_on_by_hand(client, call):
    call("Sms/Send", body())
    message = SentMessage.objects.first()
    client.post(f"/sandbox/message/{message.pk}/", {"status": "5"})
    assert call("SmsReport/status", [message.gateway_id])[1]["value"] == [5]


def test_what_a_phone_writes_can_run_no_script(client):
    Gateway.load()
    PhoneMessage.objects.create(line=DEFAULT_LINE, phone=NUMBERS[0], text="<script>alert(1)</script>")
    assert "<script>alert" not in client.get("/sandbox/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_dropped_answer_is_taken_and_can_not_be_read(live_server):
    Gateway.load()
    Gateway.objects.update(drops=1)
    client = SepahanClient(DEFAULT_TOKEN, base_url=f"{live_server.url}/sandbox", timeout=(2, 2))
    with pytest.raises(OutcomeUnknown):
        client.send(sender=DEFAULT_LINE, text="a", recipients=NUMBERS, request_id="r")
    assert client.check_request_id("r") is True
    assert SentMessage.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_refusals_are_counted_down(live_server):
    Gateway.load()
    Gateway.objects.update(refusals=1, refusal_code=-22)
    client = SepahanClient(DEFAULT_TOKEN, base_url=f"{live_server.url}/sandbox", timeout=(2, 2))
    with pytest.raises(Rejected, match="-22"):
        client.credit()
    assert client.credit() == 1_000_000
