import json
import socket
import subprocess
import sys
import threading
import time
import traceback
from datetime import date, datetime, timezone

import pytest
import responses

from sepahan_django.gateway import ReceivedMessage, SendResult, SepahanClient
from sepahan_django.gateway.errors import NotSubmitted, OutcomeUnknown, Rejected, SepahanError
from tests import faulty_gateway as faults
from tests.faulty_gateway import FaultyGateway

TOKEN = "c0ffee00c0ffee00c0ffee00c0ffee00"
URL = "https://sms.example.invalid"


@pytest.fixture
def server():
    with FaultyGateway() as gateway:
        yield gateway


@pytest.fixture
def client(server):
    with SepahanClient(TOKEN, base_url=server.url, timeout=(0.5, 0.5)) as made:
        yield made


def exchange(
    body, *, status=200, path="/api/SmsReport/credit", verb="GET", call=lambda c: c.credit(), **options
):
    """One call whose answer is `body`; returns its result and the request that went out."""
    with responses.RequestsMock() as mock:
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        mock.add(verb, URL + path, body=content, status=status, **options)
        result = call(SepahanClient(TOKEN, base_url=URL))
        return result, mock.calls[0].request


def success(value):
    return {"isSuccess": True, "value": value, "error": None}


def send(client, recipients=("09121234567",), **options):
    return client.send(sender="3000", text="سلام", recipients=list(recipients), **options)


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


# Faults of the network


def test_a_refused_connection_was_not_submitted():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NotSubmitted, match="Send"):
        send(SepahanClient(TOKEN, base_url=f"http://127.0.0.1:{port}"))


def test_a_name_that_is_not_resolved_was_not_submitted():
    with pytest.raises(NotSubmitted):
        SepahanClient(TOKEN, base_url=URL).credit()


def test_a_server_that_never_takes_the_connection_was_not_submitted():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(full.getsockname())
            began = time.monotonic()
            with pytest.raises(NotSubmitted):
                SepahanClient(TOKEN, f"http://127.0.0.1:{full.getsockname()[1]}", timeout=(0.2, 0.2)).credit()
    assert time.monotonic() - began < 5


def test_tls_to_a_server_without_it_was_not_submitted(server):
    port = server.server.server_address[1]
    with pytest.raises(NotSubmitted):
        SepahanClient(TOKEN, base_url=f"https://127.0.0.1:{port}", timeout=(0.5, 0.5)).credit()
    assert server.state.requests == []


@pytest.mark.parametrize(
    "fault", [faults.DROP_ANSWER, faults.DROP_REQUEST, faults.HTTP_500, faults.HTML, faults.CUT]
)
def test_no_readable_answer_leaves_the_outcome_unknown(server, client, fault):
    server.state.script.append(fault)
    with pytest.raises(OutcomeUnknown):
        send(client, request_id="r")


@pytest.mark.parametrize("fault", [faults.HANG, faults.TRICKLE, faults.ENDLESS])
def test_no_call_takes_longer_than_its_two_time_outs(server, client, fault):
    server.state.script.append(fault)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        send(client, request_id="r")
    assert time.monotonic() - began < 5  # one second, and room for a busy machine


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n"]
)
def test_headers_and_bodies_that_trickle_are_cut_off(head):
    def serve(listener):
        connection, _address = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(head)
                for _byte in range(200):
                    connection.sendall(b"x")
                    stop.wait(0.05)
            except OSError:
                pass

    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="no whole answer"):
            SepahanClient(TOKEN, f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=(0.3, 0.3)).credit()
        assert time.monotonic() - began < 5
        stop.set()
        thread.join(15)


def test_an_answer_that_is_too_large_is_cut_off():
    with pytest.raises(OutcomeUnknown, match="too large"):
        exchange(b" " * (5 * 1024 * 1024))


def test_connections_are_kept_alive(server, client):
    ports = set()
    original = faults._Handler.serve

    def noting(handler, body):
        ports.add(handler.client_address[1])
        original(handler, body)

    faults._Handler.serve = noting
    try:
        for _call in range(3):
            client.credit()
    finally:
        faults._Handler.serve = original
    assert len(ports) == 1


def test_proxy_variables_and_netrc_decide_nothing(server, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NETRC", str(netrc))
    assert SepahanClient(TOKEN, base_url=server.url).credit() == 1_000_000
    assert server.state.headers[0]["Authorization"] == TOKEN


def test_many_threads_share_a_client(server, client):
    results = []
    threads = [threading.Thread(target=lambda: results.append(client.credit())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [1_000_000] * 8


# Secrets


def leaky_calls(client):
    yield lambda: client.credit()
    yield lambda: send(client, request_id="r")
    yield lambda: client.generate_api_key(title="t", username="u", password="hunter2-hunter2", domain="d")


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", URL])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_no_error_holds_a_secret_in_its_text_or_its_frames(address, number, caplog):
    caplog.set_level("DEBUG")
    client = SepahanClient(TOKEN, base_url=address, timeout=(0.3, 0.3))
    with pytest.raises(SepahanError) as caught:
        list(leaky_calls(client))[number]()
    error = caught.value
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    # The test's own frames hold the secrets; the app's must not.
    ours = [line for line in shown.splitlines() if "TOKEN" not in line]
    assert not [line for line in ours if TOKEN in line or ("hunter2" in line and "lambda" not in line)]
    assert error.__cause__ is None
    assert error.__context__ is None
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(client)


def test_a_token_that_the_gateway_echoes_is_taken_out():
    with pytest.raises(Rejected) as caught:
        exchange({"isSuccess": False, "error": {"code": -1, "message": f"bad {TOKEN}", "details": [TOKEN]}})
    assert TOKEN not in str(caught.value)


def test_a_token_in_an_unreadable_answer_is_taken_out():
    with pytest.raises(OutcomeUnknown) as caught:
        exchange(f"<html>{TOKEN}")
    assert TOKEN not in caught.value.answer


SEND = {"verb": "POST", "path": "/api/Sms/Send", "call": send}
REFUSAL = {"isSuccess": False, "error": {"code": -4, "message": "no", "details": []}}


def test_the_body_of_an_accepted_request_is_handed_over():
    body = json.dumps(success({"ids": [1], "smsCount": 1, "totalPrice": 2}))
    result, _request = exchange(body, **SEND)
    assert (result.answer, result == SendResult(ids=[1], sms_count=1, total_price=2)) == (body, True)


@pytest.mark.parametrize(("body", "error"), [(json.dumps(REFUSAL), Rejected), ("<html>", OutcomeUnknown)])
def test_the_body_of_an_answer_that_is_no_success_is_handed_over(body, error):
    with pytest.raises(error) as caught:
        exchange(body, **SEND)
    assert caught.value.answer == body


def test_of_a_long_body_the_start_is_handed_over():
    with pytest.raises(OutcomeUnknown) as caught:
        exchange("ی" * 9000, **SEND)
    assert caught.value.answer == "ی" * 4000


@pytest.mark.parametrize(
    ("token", "written"),
    [
        (TOKEN, TOKEN),
        (TOKEN, "\\u0063" + TOKEN[1:]),
        ("abc/def+ghi=jkl", "abc\\/def\\u002Bghi=jkl"),
        ("abc/def+ghi=jkl", "abc%2Fdef%2bghi%3Djkl"),
    ],
)
def test_a_token_is_in_no_body_that_is_handed_over_however_it_is_escaped(token, written):
    with responses.RequestsMock() as mock:
        mock.add("POST", f"{URL}/api/Sms/Send", body=f'{{"said": "{written}"}}')
        with pytest.raises(OutcomeUnknown) as caught:
            send(SepahanClient(token, base_url=URL))
    assert caught.value.answer == '{"said": "••••"}'


def test_a_token_that_the_cut_would_divide_is_taken_out_as_a_whole():
    with pytest.raises(OutcomeUnknown) as caught:
        exchange("x" * 3990 + TOKEN, **SEND)
    assert caught.value.answer == "x" * 3990 + "••••"


def test_of_the_answer_that_brings_a_token_nothing_is_handed_over():
    with pytest.raises(OutcomeUnknown) as caught:
        exchange(
            '{"tokn": "abc"}',
            verb="POST",
            path="/api/auth/GenerateApiKey",
            call=lambda c: c.generate_api_key(title="t", username="u", password="p", domain="d"),
        )
    assert caught.value.answer == ""


def test_importing_the_package_does_not_import_requests():
    code = "import sys, sepahan_django.gateway.codes; sys.exit('requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
