"""The gateway's eight methods over HTTP: envelopes, statuses, and the faults that the page switches on."""

import json
import time
from collections.abc import Callable
from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from sepahan_django.gateway.codes import ErrorCode
from sepahan_django.sandbox import rules
from sepahan_django.sandbox.access import development_only
from sepahan_django.sandbox.models import Gateway

Rule = Callable[[rules.Call, Gateway], Any]

STATUSES = {ErrorCode.LINE_INVALID, ErrorCode.LINE_EXPIRED, ErrorCode.COUNT_INVALID, ErrorCode.LINE_INACTIVE}


def _answer(value: Any) -> HttpResponse:
    return JsonResponse({"isSuccess": True, "value": value, "error": None})


def _refuse(refusal: rules.Refusal) -> HttpResponse:
    error = {"code": int(refusal.code), "message": refusal.sentence, "details": refusal.details}
    status = refusal.code if refusal.code in STATUSES else 401
    return JsonResponse({"isSuccess": False, "value": None, "error": error}, status=status)


def _call(request: HttpRequest, request_id: str | None) -> rules.Call:
    try:
        body = json.loads(request.body) if request.body else {}
    except ValueError:
        raise rules.Refusal(ErrorCode.INPUT_INVALID) from None
    return rules.Call(
        body=body,
        token=request.headers.get("Authorization", ""),
        ip=request.META.get("REMOTE_ADDR", ""),
        request_id=request_id or request.headers.get("request-Id"),
    )


def _method(verb: str, rule: Rule, *, is_sending: bool = False, is_old_style: bool = False) -> Any:
    @csrf_exempt
    @development_only
    def view(request: HttpRequest, request_id: str | None = None) -> HttpResponse:
        if request.method != verb:
            return HttpResponse(status=405)
        gateway = Gateway.load()
        if gateway.delay:
            time.sleep(min(gateway.delay, 120))
        if _spend("failures"):
            return HttpResponse("<html><body><h1>500 Internal Server Error</h1></body></html>", status=500)
        try:
            call = _call(request, request_id)
            value = rule(call, rules.check_token(call))
        except rules.Refusal as refusal:
            return _refuse(refusal)
        if is_sending and _spend("drops"):
            return _dropped()
        return JsonResponse({"message": "", "result": value}) if is_old_style else _answer(value)

    return view


def _spend(switch: str) -> bool:
    """Use up one of a switch's faults, if there is one."""
    return bool(Gateway.objects.filter(pk=1, **{f"{switch}__gt": 0}).update(**{switch: F(switch) - 1}))


def _dropped() -> HttpResponse:
    """An answer that ends in the middle: the request is taken, and its ids are lost."""
    response = HttpResponse(b'{"isSuccess": true, "value": {"ids": [', content_type="application/json")
    response.headers["Content-Length"] = "4096"
    response.headers["Connection"] = "close"
    return response


send = _method("POST", rules.send, is_sending=True)
send_p2p = _method("POST", rules.send_p2p, is_sending=True)
check_request_id = _method("GET", rules.check_request_id)
status = _method("POST", rules.status)
old_status = _method("POST", rules.old_status, is_old_style=True)
credit = _method("GET", rules.credit)
receive = _method("POST", rules.receive)


@csrf_exempt
@development_only
def generate_api_key(request: HttpRequest) -> HttpResponse:
    """The one method without a token."""
    if request.method != "POST":
        return HttpResponse(status=405)
    try:
        return _answer(rules.generate_api_key(_call(request, None)))
    except rules.Refusal as refusal:
        return _refuse(refusal)
