"""The page to play with: phones and what they hold, and the gateway's switches."""

import re
from typing import Any

from django import forms
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from sepahan_django.gateway.codes import DeliveryStatus
from sepahan_django.sandbox import calendar
from sepahan_django.sandbox.access import development_only
from sepahan_django.sandbox.models import Gateway, Line, PhoneMessage, SentMessage, Token

MAX_PHONES_SHOWN = 20
MAX_MESSAGES_SHOWN = 20

STATUSES = [
    (DeliveryStatus.WAITING, _("Waiting")),
    (DeliveryStatus.WITH_OPERATOR, _("Handed to the operator")),
    (DeliveryStatus.DELIVERED, _("Delivered")),
    (DeliveryStatus.NOT_DELIVERED, _("Not delivered")),
    (DeliveryStatus.CANCELLED, _("Cancelled")),
    (DeliveryStatus.BLACKLISTED, _("Blacklisted")),
    (DeliveryStatus.PARTLY_DELIVERED, _("Partly delivered")),
    (DeliveryStatus.NOT_AT_OPERATOR, _("Did not reach the operator")),
]


class GatewayForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Gateway
        fields = (
            "credit",
            "is_active",
            "delivers",
            "keeps_night_hours",
            "delay",
            "refusals",
            "refusal_code",
            "drops",
            "failures",
            "allowed_ips",
        )
        labels = {
            "credit": _("Credit (Rials)"),
            "is_active": _("The SMS service is available"),
            "delivers": _("Deliver messages automatically"),
            "keeps_night_hours": _("Old statuses from 01:00 to 05:00 only"),
            "delay": _("Delay before each answer (seconds)"),
            "refusals": _("Number of requests to refuse"),
            "refusal_code": _("with this code"),
            "drops": _("Number of requests to accept without answering"),
            "failures": _("Number of requests to answer with HTTP 500"),
            "allowed_ips": _("Allowed IP addresses (empty: all)"),
        }


class PhoneForm(forms.Form):
    phone = forms.RegexField(r"^09[0-9]{9}$", error_messages={"invalid": _("A number like 09121234567.")})
    line = forms.CharField(max_length=20)
    text = forms.CharField(max_length=2000, required=False)


@development_only
@require_GET
def index(request: HttpRequest, *, form: forms.Form | None = None, problem: str = "") -> HttpResponse:
    """The phones that wrote or were written to last, each with its last messages."""
    gateway = Gateway.load()
    context = {
        "form": form or GatewayForm(instance=gateway),
        "problem": problem,
        "phones": _phones(gateway),
        "lines": Line.objects.order_by("number")[:50],
        "tokens": Token.objects.order_by("pk")[:50],
        "gateway": gateway,
        "statuses": STATUSES,
        "wide": request.GET.get("phone", ""),
    }
    return render(request, "sepahan_sandbox/index.html", context)


def _phones(gateway: Gateway) -> list[dict[str, Any]]:
    latest: dict[str, Any] = {}
    sent = SentMessage.objects.values_list("recipient").annotate(at=Max("accepted_at")).order_by("-at")
    written = PhoneMessage.objects.values_list("phone").annotate(at=Max("sent_at")).order_by("-at")
    for number, at in [*sent[:MAX_PHONES_SHOWN], *written[:MAX_PHONES_SHOWN]]:
        latest[number] = max(at, latest.get(number, at))
    numbers = sorted(latest, key=lambda number: latest[number], reverse=True)[:MAX_PHONES_SHOWN]
    return [{"number": number, "messages": _conversation(number, gateway)} for number in numbers]


def _conversation(number: str, gateway: Gateway) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "pk": message.pk,
            "is_sent": True,
            "line": message.line,
            "text": message.text,
            "at": message.accepted_at,
            "shown_at": calendar.shown(message.accepted_at),
            "status": message.current_status(delivers=gateway.delivers),
        }
        for message in SentMessage.objects.filter(recipient=number).order_by("-pk")[:MAX_MESSAGES_SHOWN]
    ]
    rows += [
        {
            "is_sent": False,
            "line": message.line,
            "text": message.text,
            "at": message.sent_at,
            "shown_at": calendar.shown(message.sent_at),
            "is_read": message.is_read,
        }
        for message in PhoneMessage.objects.filter(phone=number).order_by("-pk")[:MAX_MESSAGES_SHOWN]
    ]
    return sorted(rows, key=lambda row: row["at"])[-MAX_MESSAGES_SHOWN:]


def _back(phone: str = "") -> HttpResponse:
    return HttpResponseRedirect(reverse("sepahan_sandbox:index") + (f"#phone-{phone}" if phone else ""))


@development_only
@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """A phone sends an SMS to a line."""
    digits = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
    data = request.POST.copy()
    data["phone"] = re.sub(r"\s", "", data.get("phone", "").translate(digits))
    form = PhoneForm(data)
    if not form.is_valid():
        problem = " ".join(str(error) for errors in form.errors.values() for error in errors)
        request.method = "GET"
        return index(request, problem=problem)
    PhoneMessage.objects.create(**form.cleaned_data)
    return _back(form.cleaned_data["phone"])


@development_only
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the delivery status of one message."""
    message = SentMessage.objects.filter(pk=pk).first()
    value = request.POST.get("status", "")
    if message is None or value not in {str(int(status)) for status, _label in STATUSES}:
        return _back()
    SentMessage.objects.filter(pk=pk).update(status=int(value))
    return _back(message.recipient)


@development_only
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Set the gateway's switches."""
    form = GatewayForm(request.POST, instance=Gateway.load())
    if not form.is_valid():
        request.method = "GET"
        return index(request, form=form)
    form.save()
    return _back()


@development_only
@require_POST
def add_line(request: HttpRequest) -> HttpResponse:
    """Give the customer another line, or switch one on or off."""
    number = request.POST.get("number", "").strip()
    if re.fullmatch(r"[0-9]{3,20}", number):
        line, is_new = Line.objects.get_or_create(number=number)
        if not is_new:
            Line.objects.filter(pk=line.pk).update(is_active=not line.is_active)
    return _back()
