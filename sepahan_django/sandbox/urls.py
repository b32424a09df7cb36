"""The gateway's paths, with or without a trailing slash and in letters of either case, and the page."""

from typing import Any

from django.urls import path, re_path

from sepahan_django.sandbox import api, page

app_name = "sepahan_sandbox"


def _method(route: str, view: Any) -> Any:
    return re_path(rf"(?i)^api/{route}/?$", view)


urlpatterns = [
    _method("Sms/Send", api.send),
    _method("Sms/SendP2P", api.send_p2p),
    _method("Requests/checkRequestId/(?P<request_id>[^/]+)", api.check_request_id),
    _method("SmsReport/status", api.status),
    _method("SmsReport/oldStatus", api.old_status),
    _method("SmsReport/credit", api.credit),
    _method("SmsReport/Receive", api.receive),
    _method("auth/GenerateApiKey", api.generate_api_key),
    path("", page.index, name="index"),
    path("write/", page.write, name="write"),
    path("message/<int:pk>/", page.move, name="move"),
    path("switches/", page.switch, name="switch"),
    path("lines/", page.add_line, name="line"),
]
