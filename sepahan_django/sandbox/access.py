"""Where the sandbox may serve at all."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden

View = Callable[..., HttpResponse]


def development_only(view: View) -> View:
    """Refuse unless DEBUG is on or SEPAHAN_SANDBOX_ENABLED says so: a double in production loses SMS."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (settings.DEBUG or getattr(settings, "SEPAHAN_SANDBOX_ENABLED", False)):
            return HttpResponseForbidden(
                "The SMS sandbox is available only with DEBUG or SEPAHAN_SANDBOX_ENABLED.",
                content_type="text/plain",
            )
        return view(request, *args, **kwargs)

    return guarded
