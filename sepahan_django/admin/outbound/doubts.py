"""The page where an operator decides on messages in doubt."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django import outbox
from sepahan_django.admin.kit import display, history
from sepahan_django.admin.kit.addresses import parse_pk
from sepahan_django.admin.kit.masking import HIDDEN
from sepahan_django.admin.kit.permissions import may, may_see_content, visible_rows
from sepahan_django.after_commit import wake_workers
from sepahan_django.models import ApiKey, MessageState, OutboundMessage
from sepahan_django.values.digits import localize_number
from sepahan_django.values.phones import mask

PAGE = 100
MARK_SENT, SEND_AGAIN = "mark_sent", "send_again"


class DecisionForm(forms.Form):
    """Which messages, and what about them."""

    messages = forms.TypedMultipleChoiceField(
        coerce=int,
        error_messages={"required": gettext_lazy("Select the messages to decide on.")},
    )
    decision = forms.ChoiceField(
        choices=[(MARK_SENT, gettext_lazy("Mark as sent")), (SEND_AGAIN, gettext_lazy("Send again"))]
    )
    may_be_second = forms.BooleanField(required=False)

    def __init__(self, *args: Any, shown: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["messages"].choices = [(pk, pk) for pk in shown]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("decision") == SEND_AGAIN and not cleaned.get("may_be_second"):
            raise forms.ValidationError(
                _("Confirm: recipients of the first message may receive it twice, and both are charged.")
            )
        return cleaned


def doubts_view(request: HttpRequest, *, site: admin.AdminSite) -> HttpResponse:
    """GET shows what is known of each message in doubt; POST carries out a decision, and logs who made it."""
    request.current_app = site.name
    if not may(request, "resolve_in_doubt"):
        raise PermissionDenied
    doubtful = OutboundMessage.objects.filter(state=MessageState.IN_DOUBT)
    rows = visible_rows(request, doubtful.select_related("request", "api_key"))
    form = None
    if request.method == "POST":
        # Selected messages that another user has decided on meanwhile are left as they are.
        chosen = list(filter(None, map(parse_pk, request.POST.getlist("messages")[:PAGE])))
        form = DecisionForm(request.POST, shown=chosen)
        if form.is_valid():
            done = _decide(request, form.cleaned_data["messages"], form.cleaned_data["decision"])
            _report_decision(request, form.cleaned_data["decision"], done)
            return HttpResponseRedirect(reverse(f"{site.name}:sepahan_django_doubts"))
    page = Paginator(rows.order_by("pk"), PAGE).get_page(request.GET.get("p"))
    context = {
        **site.each_context(request),
        "title": _("SMS in doubt"),
        "opts": OutboundMessage._meta,
        "page": page,
        "total": localize_number(page.paginator.count),
        "rows": [_row(message, whole=may_see_content(request)) for message in page],
        "form": form,
        "chosen": set(form["messages"].value() or ()) if form else set(),
    }
    return TemplateResponse(request, "sepahan_django/admin/doubts.html", context)


def _row(message: OutboundMessage, *, whole: bool) -> dict[str, Any]:
    request = message.request
    return {
        "pk": str(message.pk),
        "number": display.number(message.recipient if whole else mask(message.recipient)),
        "text": display.text(message.text) if whole else HIDDEN,
        "account": message.api_key,
        "line": display.number(message.sender),
        "first": display.moment(request.first_attempt_at if request else None),
        "attempts": localize_number(request.attempts if request else 0),
        "last": display.moment(request.finished_at if request else None),
        "request_id": display.number(request.request_id if request else ""),
        "why": display.untrusted(request.error_message)
        if request and whole and request.error_message
        else "",
    }


def _decide(request: HttpRequest, pks: list[int], decision: str) -> int:
    rows = visible_rows(request, OutboundMessage.objects.filter(pk__in=pks))
    marking = decision == MARK_SENT
    done = history.act(
        request,
        rows,
        states=[MessageState.IN_DOUBT],
        work=outbox.mark_sent if marking else outbox.send_again,
        said=_("Marked as sent.") if marking else _("Sent again, at the risk of a duplicate."),
    )
    if not marking:
        for account in ApiKey.objects.filter(pk__in=rows.values("api_key")):
            wake_workers(account)
    return done


def _report_decision(request: HttpRequest, decision: str, done: int) -> None:
    if decision == MARK_SENT:
        sentence = _("%(count)s SMS marked as sent.")
    else:
        sentence = _("%(count)s SMS queued again.")
    level = messages.SUCCESS if done else messages.WARNING
    messages.add_message(request, level, sentence % {"count": localize_number(done)})
