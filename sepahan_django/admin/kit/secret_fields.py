"""Passwords and tokens on their way through a form: masked wherever a traceback could show them."""

from typing import Any

from django import forms
from django.http import HttpRequest

from sepahan_django.gateway.secrets import Secret


class SecretField(forms.CharField):
    """A text whose cleaned value is a `Secret`."""

    def to_python(self, value: Any) -> Secret:
        return Secret(super().to_python(value))


def hide_in_post(request: HttpRequest, *names: str) -> None:
    """Let an error report show these of the posted values masked, of forms with a prefix too.

    Django's own decorator does that only where DEBUG is off.
    """
    if request.method != "POST":
        return
    data = request.POST.copy()
    for name in data:
        if name.rpartition("-")[2] in names:
            data.setlist(name, [Secret(value) for value in data.getlist(name)])
    data._mutable = False
    request.POST = data  # type: ignore[assignment]
