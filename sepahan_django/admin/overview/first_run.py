"""The page that sets the app up: a token, its credit, a line, an SMS to oneself, the lines for cron."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django import accounts
from sepahan_django.admin.accounts.forms import AccountForm, LineForm
from sepahan_django.admin.kit import display, history, outcomes
from sepahan_django.admin.kit.permissions import hidden_accounts, may, may_set_up
from sepahan_django.admin.kit.secret_fields import hide_in_post
from sepahan_django.after_commit import send_one
from sepahan_django.conf import setting
from sepahan_django.gateway.errors import SepahanError
from sepahan_django.models import ApiKey, Overview, SenderLine
from sepahan_django.reports import readiness
from sepahan_django.values.phones import normalize_mobile
from sepahan_django.values.visible import visible
from sepahan_django.wording import describe


class TokenForm(AccountForm):
    """A first account: what it is called, and its token."""

    class Meta(AccountForm.Meta):
        fields = ("title", "token")  # type: ignore[assignment]


class DefaultLineForm(LineForm):
    """The line that SMS are sent from."""

    class Meta(LineForm.Meta):
        fields = ("number", "label")  # type: ignore[assignment]


class SetupTestForm(forms.Form):
    """An SMS to oneself."""

    number = forms.CharField(
        label=gettext_lazy("Your own mobile number"),
        max_length=40,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "tel"}),
    )
    nonce = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    """Of this page as it was opened: submitted twice, it sends once."""

    def clean_number(self) -> str:
        try:
            return normalize_mobile(self.cleaned_data["number"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


def is_complete(request: HttpRequest) -> bool:
    """Whether nothing is missing, as far as this user sees."""
    return readiness.setup_state(hidden_accounts(request)).is_complete


def first_run_view(request: HttpRequest, *, site: admin.AdminSite) -> HttpResponse:
    """GET shows what is done and what is to do; POST does the one step that it names."""
    request.current_app = site.name
    if not may_set_up(request):
        raise PermissionDenied
    hide_in_post(request, "token")
    progress = readiness.setup_state(hidden_accounts(request))
    step = request.POST.get("step", "") if request.method == "POST" else ""
    shown = _forms(step, request.POST if step else None)
    if step in _WORK:
        permission, needs_account, work = _WORK[step]
        if not may(request, permission):
            raise PermissionDenied
        if needs_account and progress.account is None:
            messages.error(request, _("Store an account first."))
        elif step not in shown or shown[step].is_valid():
            work(request, progress.account, shown.get(step))
        if step not in shown or not shown[step].errors:
            return HttpResponseRedirect(reverse(f"{site.name}:sepahan_django_first_run"))
    context = {
        **site.each_context(request),
        "title": _("Set up sending"),
        "opts": Overview._meta,
        "progress": progress,
        "credit": display.credit(progress.account) if progress.account else "",
        "line": display.number(progress.line),
        "forms": shown,
        "jobs": [f"sepahan_{job}" for job in progress.missing_jobs],
        "cron": "\n".join(readiness.cron_lines()),
        "may_generate": may(request, "generate_api_key"),
        "may_see_credit": may(request, "view_credit"),
        "may_add_line": may(request, "add_senderline"),
        "may_send": may(request, "send_message"),
    }
    return TemplateResponse(request, "sepahan_django/admin/first_run.html", context)


def _forms(step: str, data: Mapping[str, Any] | None) -> dict[str, forms.BaseForm]:
    """The steps' forms; the one that was submitted holds what was typed."""
    return {
        "token": TokenForm(
            data if step == "token" else None, initial={"title": _("Main account")}, prefix="token"
        ),
        "line": DefaultLineForm(data if step == "line" else None, prefix="line"),
        "test": SetupTestForm(data if step == "test" else None, prefix="test"),
    }


def _store_token(request: HttpRequest, _account: ApiKey | None, form: Any) -> None:
    """Store the account, and ask for its credit at once, which shows whether the token is good."""
    is_first = not ApiKey.objects.filter(is_default=True).exists() and not setting("API_KEY")
    form.instance.is_default = is_first
    account = form.save()
    _log(request, account, _("Token stored."))
    _check_credit(request, account, None)


def _check_credit(request: HttpRequest, account: ApiKey | None, _form: Any) -> None:
    assert account is not None
    try:
        credit = accounts.refresh_credit(account)
    except (SepahanError, accounts.AccountError) as error:
        messages.error(
            request,
            _("The gateway did not accept the account “%(title)s”: %(why)s")
            % {"title": account, "why": visible(describe(error))},
        )
        return
    shown = display.money_text(credit) if may(request, "view_credit") else "•••"
    messages.success(request, _("The token works. The credit is %(credit)s.") % {"credit": shown})


def _store_line(request: HttpRequest, account: ApiKey | None, form: Any) -> None:
    """Make the number the account's default line, whether it is there already or not."""
    values = {"label": form.cleaned_data["label"], "is_active": True, "is_default": True}
    line, _is_new = SenderLine.objects.update_or_create(
        api_key=account, number=form.cleaned_data["number"], defaults=values
    )
    _log(request, line, _("Set as the default line."))
    messages.success(request, _("SMS are now sent from this line."))


def _send_test(request: HttpRequest, account: ApiKey | None, form: Any) -> None:
    """One SMS, once for each time the page was opened."""
    try:
        with transaction.atomic():
            message, is_new = send_one(
                form.cleaned_data["number"],
                _("This is a test. Sending SMS works."),
                account=account,
                idempotency_key=f"first-run:{form.cleaned_data['nonce']}",
                created_by=request.user,
            )
            if is_new:
                _log(request, message, _("Test sent from the admin."))
    except ValueError as error:
        form.add_error(None, str(error))
        return
    outcomes.tell_outcome(request, message, outcomes.OF_A_TEST)


def _log(request: HttpRequest, row: models.Model, said: str) -> None:
    history.note(request, [row], said, flag=ADDITION)


_WORK: dict[str, tuple[str, bool, Callable[[HttpRequest, ApiKey | None, Any], None]]] = {
    "token": ("add_apikey", False, _store_token),
    "credit": ("view_credit", True, _check_credit),
    "line": ("add_senderline", True, _store_line),
    "test": ("send_message", True, _send_test),
}
"""Of each step: the permission it takes, whether it needs an account, and what it does."""
