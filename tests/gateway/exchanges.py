"""One call of the client against an answer that a test makes up."""

import json

import responses

from sepahan_django.gateway import SepahanClient

TOKEN = "c0ffee00c0ffee00c0ffee00c0ffee00"
URL = "https://sms.example.invalid"


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
