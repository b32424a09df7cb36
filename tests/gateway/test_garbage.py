"""Mutated answers, many for each method: nothing but the gateway's own errors comes out."""

import json
import random

import pytest

from sepahan_django.gateway import SepahanClient
from sepahan_django.gateway.errors import SepahanError
from sepahan_django.gateway.transport import Answer

ROUNDS = 10_000
METHODS = {
    "send": (
        lambda c: c.send(sender="1", text="a", recipients=["09121234567"]),
        {"ids": [639027944154527200], "smsCount": 1, "totalPrice": 2},
    ),
    "send_p2p": (
        lambda c: c.send_p2p(senders=["1"], texts=["a"], recipients=["09121234567"]),
        {"ids": [639027944154527200], "smsCount": 1, "totalPrice": 2},
    ),
    "check_request_id": (lambda c: c.check_request_id("r"), {"isDuplicate": False}),
    "status": (lambda c: c.status([1, 2]), [1, 0]),
    "old_status": (lambda c: c.old_status([1, 2]), [1, 0]),
    "credit": (lambda c: c.credit(), 330874527),
    "receive": (
        lambda c: c.receive(),
        [{"privateNumber": "5", "date": "2025/07/02", "sendNumber": "0912", "messageText": "1"}],
    ),
    "generate_api_key": (
        lambda c: c.generate_api_key(title="t", username="u", password="p", domain="d"),
        {"token": "b2fa64f05d774e56a948727441b898c3"},
    ),
}
ODD = [
    None, True, False, 0, -1, 1.5, 1e308, 2**63, 2**64, -(2**70), "", "x", "-1", "۱", "\ud800", [], {}, [[]],
    {"code": []}, {"code": {}}, [None], "9" * 5000, {"isSuccess": True}, "\x00",
]  # fmt: skip


def mutated(value, chance):
    """The value with a random part of it replaced, dropped or doubled."""
    if chance.random() < 0.2:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return {key: mutated(one, chance) for key, one in value.items() if chance.random() > 0.1}
    if isinstance(value, list):
        return [mutated(one, chance) for one in value for _ in range(chance.choice([0, 1, 1, 1, 2]))]
    return value


def answer(value, chance):
    envelope = {"isSuccess": True, "value": value, "error": None}
    if chance.random() < 0.3:
        envelope = {"message": "m", "result": value}
    if chance.random() < 0.3:
        envelope = {
            "isSuccess": False,
            "value": None,
            "error": {"code": -1, "message": "m", "details": ["d"]},
        }
    data = json.dumps(mutated(envelope, chance)).encode()
    for _cut in range(chance.choice([0, 0, 1, 3])):
        position = chance.randrange(len(data) + 1)
        data = data[:position] + bytes([chance.randrange(256)]) * chance.choice([0, 1]) + data[position + 1 :]
    return Answer(chance.choice([200, 200, 200, 401, 403, 406, 429, 500, 302, 204]), data)


@pytest.mark.parametrize("method", METHODS)
def test_mutated_answers_raise_nothing_but_the_gateways_errors(method, monkeypatch):
    call, value = METHODS[method]
    chance = random.Random(method)
    client = SepahanClient("c0ffee00" * 4)
    monkeypatch.setattr(client._transport, "exchange", lambda *args, **kwargs: answer(value, chance))
    outcomes = set()
    for _round in range(ROUNDS):
        try:
            call(client)
        except SepahanError as error:
            outcomes.add(type(error).__name__)
        else:
            outcomes.add("success")
    assert outcomes == {"success", "Rejected", "OutcomeUnknown"}
