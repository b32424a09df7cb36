import pytest

from sepahan_django.gateway.codes import ErrorCode, Verdict
from sepahan_django.gateway.errors import Rejected


@pytest.mark.parametrize(
    ("refusal", "verdict"),
    [
        ({"code": ErrorCode.TOKEN_INVALID}, Verdict.ACCOUNT_AT_FAULT),
        ({"code": ErrorCode.CREDIT_TOO_LOW, "http_status": 400}, Verdict.NO_CREDIT),
        ({"code": ErrorCode.REQUEST_ID_USED, "http_status": 400}, Verdict.ALREADY_RECEIVED),
        ({"code": -999}, Verdict.MESSAGES_REFUSED),
        ({"http_status": 400}, Verdict.MESSAGES_REFUSED),
        ({"http_status": 401}, Verdict.MESSAGES_REFUSED),
        ({"http_status": 401, "readable": False}, Verdict.ACCOUNT_AT_FAULT),
        ({"code": ErrorCode.LINE_INVALID, "http_status": 406, "readable": False}, Verdict.MESSAGES_REFUSED),
    ],
)
def test_a_refusal_knows_what_it_says_about_the_messages(refusal, verdict):
    assert Rejected("no", **refusal).verdict is verdict


def test_a_refusal_that_no_answer_brought_is_the_clients_own_about_a_message():
    assert Rejected("The text is empty.").verdict is Verdict.SOME_MESSAGE_AT_FAULT
