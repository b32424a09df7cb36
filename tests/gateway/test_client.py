"""The client's methods, by the gateway's contract."""

import json
from datetime import date, datetime, timezone

import pytest

from sepahan_django.gateway import ReceivedMessage, SendResult, SepahanClient
from sepahan_django.gateway.errors import OutcomeUnknown, Rejected
from tests.gateway.exchanges import TOKEN, URL, exchange, send, success

# The eight methods


def test_send_writes_what_the_contract_says():
    value = {"ids": [639027944154527200], "smsCount": 1, "totalPrice": 2837}
    result, request = exchange(
        success(value), verb="POST", path="/api/Sms/Send", call=lambda c: send(c, request_id="r-1")
    )
    assert result == SendResult(ids=[639027944154527200], sms_count=1, total_price=2837)
    assert json.loads(request.body) == {
        "senderNumber": "3000",
        "smsText": "سلام",
        "receiverNumbers": ["09121234567"],
    }
    assert request.headers["request-Id"] == "r-1"
    assert request.headers["Authorization"] == TOKEN


def test_send_p2p_writes_what_the_contract_says():
    def call(client):
        return client.send_p2p(
            senders=["1", "2"], texts=["a", "b"], recipients=["09121234567", "09351234567"]
        )

    result, request = exchange(success({"ids": [1, -4]}), verb="POST", path="/api/Sms/SendP2P", call=call)
    assert result == SendResult(ids=[1, -4])
    assert json.loads(request.body) == {
        "senderNumbers": ["1", "2"],
        "smsTexts": ["a", "b"],
        "receiverNumbers": ["09121234567", "09351234567"],
    }
    assert "request-Id" not in request.headers


def test_check_request_id_asks_for_the_id_as_one_piece_of_the_path():
    result, _request = exchange(
        success({"isDuplicate": True}),
        path="/api/Requests/checkRequestId/a%2Fb",
        call=lambda c: c.check_request_id("a/b"),
    )
    assert result is True


@pytest.mark.parametrize(("name", "path"), [("status", "status"), ("old_status", "oldStatus")])
def test_statuses_come_in_the_order_of_the_ids(name, path):
    result, request = exchange(
        success([1, 0, 99]),
        verb="POST",
        path=f"/api/SmsReport/{path}",
        call=lambda c: getattr(c, name)([639027944154527200, 2, 3]),
    )
    assert (result, json.loads(request.body)) == ([1, 0, 99], [639027944154527200, 2, 3])


def test_old_status_is_read_in_the_older_envelope():
    result, _request = exchange(
        {"message": "string", "result": [0]},
        verb="POST",
        path="/api/SmsReport/oldStatus",
        call=lambda c: c.old_status([1]),
    )
    assert result == [0]


@pytest.mark.parametrize("value", [330874527, "330874527"])
def test_credit_is_an_integer(value):
    assert exchange(success(value))[0] == 330874527


def test_receive_gives_the_messages_as_the_gateway_wrote_them():
    value = [
        {
            "privateNumber": "50003300",
            "date": "2025/07/02",
            "sendNumber": "09126900023",
            "messageText": "تست",
        },
        {"privateNumber": 50003300, "messageText": None},
    ]
    result, request = exchange(
        success(value),
        verb="POST",
        path="/api/SmsReport/Receive",
        call=lambda c: c.receive("50003300", start_date=date(2025, 12, 31), count=2, mark_as_read=False),
    )
    assert result == [
        ReceivedMessage(line="50003300", date="2025/07/02", sender="09126900023", text="تست"),
        ReceivedMessage(line="50003300", date="", sender="", text=""),
    ]
    assert json.loads(request.body) == {
        "privateNumber": "50003300",
        "startDate": "1404/10/10",
        "numberOfMessages": 2,
        "markAsRead": False,
    }


@pytest.mark.parametrize(
    ("start", "wire"),
    [("1404/10/10", "1404/10/10"), (datetime(2025, 12, 30, 21, 0, tzinfo=timezone.utc), "1404/10/10")],
)
def test_receive_takes_a_text_or_a_moment_as_its_start(start, wire):
    _result, request = exchange(
        success([]), verb="POST", path="/api/SmsReport/Receive", call=lambda c: c.receive(start_date=start)
    )
    assert json.loads(request.body)["startDate"] == wire


@pytest.mark.parametrize(
    "value", [{"token": "b2fa64f05d774e56a948727441b898c3"}, "b2fa64f05d774e56a948727441b898c3"]
)
def test_generate_api_key_sends_no_token_and_gives_one(value):
    result, request = exchange(
        success(value),
        verb="POST",
        path="/api/auth/GenerateApiKey",
        call=lambda c: c.generate_api_key(
            title="t", username="u", password="p", domain="d", ips=["10.0.0.1"]
        ),
    )
    assert result == "b2fa64f05d774e56a948727441b898c3"
    assert "Authorization" not in request.headers
    assert json.loads(request.body)["filterIps"] == ["10.0.0.1"]


# Envelopes


def test_ids_as_text_stay_exact():
    result, _request = exchange(
        success({"ids": ["9223372036854775807"], "smsCount": "1", "totalPrice": "5"}),
        verb="POST",
        path="/api/Sms/Send",
        call=send,
    )
    assert result == SendResult(ids=[9223372036854775807], sms_count=1, total_price=5)


@pytest.mark.parametrize(
    "ids",
    [[6.39e17], [1.0], [None], [True], ["x"], [9223372036854775808], "1", None, [[1]], [{"id": 1}], ["1.0"]],
)
def test_an_id_that_is_no_64_bit_integer_leaves_the_outcome_unknown(ids):
    with pytest.raises(OutcomeUnknown, match="Send"):
        exchange(success({"ids": ids}), verb="POST", path="/api/Sms/Send", call=send)


def test_a_success_counts_whatever_the_http_status():
    assert exchange(success(5), status=500)[0] == 5


def test_a_success_with_an_error_beside_it_is_a_success():
    assert exchange({"isSuccess": True, "value": 5, "error": "odd"})[0] == 5


def test_a_byte_order_mark_is_no_trouble():
    assert exchange(b"\xef\xbb\xbf" + json.dumps(success(5)).encode())[0] == 5


@pytest.mark.parametrize(
    ("error", "code", "message", "details"),
    [
        ({"code": -1, "message": "توکن نامعتبر است.", "details": []}, -1, "توکن نامعتبر است.", []),
        ({"code": "-14", "message": "m", "details": ["a", "b"]}, -14, "m", ["a", "b"]),
        ({"code": -999, "message": "m"}, -999, "m", []),
        ("a bare text", None, "a bare text", []),
        (None, None, "", []),
        ({"message": "no code"}, None, "no code", []),
        ({"code": 1.5, "details": "one"}, None, "", ["one"]),
    ],
)
def test_a_rejection_keeps_the_gateways_words(error, code, message, details):
    with pytest.raises(Rejected) as caught:
        exchange({"isSuccess": False, "value": None, "error": error}, status=401)
    rejected = caught.value
    assert (rejected.code, rejected.message, rejected.details, rejected.http_status) == (
        code,
        message,
        details,
        401,
    )


@pytest.mark.parametrize("status", [401, 403, 404, 405, 413, 415, 429])
def test_a_refusal_without_an_envelope_is_a_rejection_without_a_code(status):
    with pytest.raises(Rejected) as caught:
        exchange("<html>", status=status)
    assert (caught.value.code, caught.value.readable, caught.value.http_status) == (None, False, status)


@pytest.mark.parametrize("status", [200, 201, 204, 301, 302, 307, 400, 402, 408, 500, 502, 503, 504])
def test_any_other_answer_without_an_envelope_leaves_the_outcome_unknown(status):
    headers = {"Location": "https://elsewhere.example.invalid/"}
    with pytest.raises(OutcomeUnknown):
        exchange("<html>", status=status, headers=headers)


@pytest.mark.parametrize("status", [406, 410, 416, 423])
@pytest.mark.parametrize("body", ["", '{"isSuccess": false, "value": null, "error": null}'])
def test_receive_says_what_is_wrong_with_a_line_by_the_http_status(status, body):
    with pytest.raises(Rejected) as caught:
        exchange(
            body, status=status, verb="POST", path="/api/SmsReport/Receive", call=lambda c: c.receive("1")
        )
    assert caught.value.code == status


@pytest.mark.parametrize(
    "body",
    [
        "", "null", "[]", "5", "{}", '{"isSuccess": true}', '{"isSuccess": true, "value": null}',
        '{"isSuccess": "perhaps", "value": 5}', '{"isSuccess": true, "value": [5]}', '{"value": 5}',
        '{"isSuccess": true, "value": NaN}', '{"isSuccess": true, "value": 1e400}',
        '{"isSuccess": true, "value": ' + "9" * 5000 + "}", "[" * 100_000, '{"isSuccess": true, "value": 5',
        b"\xff\xfe\x00", '{"message": "m", "result": null}', '{"isSuccess": true, "value": {"credit": 5}}',
    ],
)  # fmt: skip
def test_what_can_not_be_read_leaves_the_outcome_unknown_and_names_the_method(body):
    with pytest.raises(OutcomeUnknown, match="credit"):
        exchange(body)


@pytest.mark.parametrize("value", [[1], [1, 2, 3], [], None, "12"])
def test_a_list_of_another_length_is_unreadable(value):
    with pytest.raises(OutcomeUnknown):
        exchange(success(value), verb="POST", path="/api/SmsReport/status", call=lambda c: c.status([1, 2]))


# Refused before anything leaves


@pytest.mark.parametrize(
    "call",
    [
        lambda c: send(c, ["09121234567"] * 101),
        lambda c: send(c, []),
        lambda c: c.send(sender="1", text=" ", recipients=["09121234567"]),
        lambda c: c.send(sender="1", text="\ud800", recipients=["09121234567"]),
        lambda c: c.send_p2p(senders=["1"], texts=["a", "b"], recipients=["09121234567", "09351234567"]),
        lambda c: c.send_p2p(senders=["1"], texts=[""], recipients=["09121234567"]),
        lambda c: c.status([1] * 101),
        lambda c: c.status([]),
        lambda c: c.receive(count=0),
        lambda c: c.receive(count=101),
        lambda c: send(c, request_id="a\r\nX: y"),
        lambda c: c.check_request_id(""),
    ],
)
def test_what_breaks_a_limit_is_refused_before_anything_leaves(server, client, call):
    with pytest.raises(ValueError, match=r"\.$"):
        call(client)
    assert server.state.requests == []


@pytest.mark.parametrize(
    "address",
    [
        "http://api.sepahansms.com", "ftp://127.0.0.1", "api.sepahansms.com", "https://", "https://u:p@host",
        "https://host/?a=b", "https://host/#a", "http://127.0.0.1.evil.example", "https://ho st", "https://host:x",
        "http://2130706433", "", "http://[::2]",
    ],
)  # fmt: skip
def test_an_address_that_a_token_must_not_go_to_is_refused(address):
    with pytest.raises(ValueError, match="address"):
        SepahanClient(TOKEN, base_url=address)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8000/sandbox/", "http://localhost", "http://[::1]:80", URL]
)
def test_https_and_loopback_are_good_addresses(address):
    assert SepahanClient(TOKEN, base_url=address).base_url == address.rstrip("/")


@pytest.mark.parametrize("token", ["", " x", "a\nb", "توکن", None])
def test_a_token_that_can_not_stand_in_a_header_is_refused(token):
    with pytest.raises(ValueError, match="token"):
        SepahanClient(token)
