"""The gateway's eight methods over HTTP: envelopes, statuses, and the faults that the page switches on."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Method:
    """One of the gateway's methods."""

    verb: str
    rule: Rule
    is_sending: bool = False
    is_old_style: bool = False
    has_token: bool = True


METHODS = {
    "sms/send": Method("POST", rules.send, is_sending=True),
    "sms/sendp2p": Method("POST", rules.send_p2p, is_sending=True),
    "requests/checkrequestid": Method("GET", rules.check_request_id),
    "smsreport/status": Method("POST", rules.status),
    "smsreport/oldstatus": Method("POST", rules.old_status, is_old_style=True),
    "smsreport/credit": Method("GET", rules.credit),
    "smsreport/receive": Method("POST", rules.receive),
    "auth/generateapikey": Method("POST", rules.generate_api_key, has_token=False),
}


@csrf_exempt
@development_only
def serve(request: HttpRequest, route: str) -> HttpResponse:
    """A method by its path, with or without a slash at the end and in letters of either case."""
    name, _slash, request_id = route.rstrip("/"), "", None
    if name.lower().startswith("requests/checkrequestid/"):
        name, _slash, request_id = name.rpartition("/")
    method = METHODS.get(name.lower())
    if method is None:
        return HttpResponse(status=404)
    if request.method != method.verb:
        return HttpResponse(status=405)
    return _serve(request, method, request_id)


def _serve(request: HttpRequest, method: Method, request_id: str | None) -> HttpResponse:
    gateway = Gateway.load()
    if gateway.delay:
        time.sleep(min(gateway.delay, 120))
    if _spend("failures"):
        return HttpResponse("<html><body><h1>500 Internal Server Error</h1></body></html>", status=500)
    try:
        call = _call(request, request_id)
        value = method.rule(call, rules.check_token(call) if method.has_token else gateway)
    except rules.Refusal as refusal:
        return _refuse(refusal)
    if method.is_sending and _spend("drops"):
        return _dropped()
    return JsonResponse({"message": "", "result": value}) if method.is_old_style else _answer(value)


def _spend(switch: str) -> bool:
    """Use up one of a switch's faults, if there is one."""
    return bool(Gateway.objects.filter(pk=1, **{f"{switch}__gt": 0}).update(**{switch: F(switch) - 1}))


def _dropped() -> HttpResponse:
    """An answer that ends in the middle: the request is taken, and its ids are lost."""
    response = HttpResponse(b'{"isSuccess": true, "value": {"ids": [', content_type="application/json")
    response.headers["Content-Length"] = "4096"
    response.headers["Connection"] = "close"
    return response
