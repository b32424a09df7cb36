"""Tokens and passwords stay out of errors, logs and what is kept of an answer."""

import json
import subprocess
import sys
import traceback

import pytest
import responses

from sepahan_django.gateway import SendResult, SepahanClient
from sepahan_django.gateway.errors import OutcomeUnknown, Rejected, SepahanError
from tests.gateway.exchanges import TOKEN, URL, exchange, send, success


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
