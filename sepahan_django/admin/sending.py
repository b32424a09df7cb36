"""The page where an SMS is written and sent."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sepahan_django import outbox
from sepahan_django.admin import display, trail
from sepahan_django.admin.forms import SendForm
from sepahan_django.admin.rights import may_see_content, most_recipients, visible_rows
from sepahan_django.dispatching import dispatch, wake_workers
from sepahan_django.models import ApiKey, Campaign, InboundMessage, MessageState, OutboundMessage, Priority
from sepahan_django.outbox.claiming import BATCH
from sepahan_django.outbox.queueing import Draft
from sepahan_django.values.jalali import format_datetime, localize_number


def send_view(request: HttpRequest, *, site: admin.AdminSite) -> HttpResponse:
    """GET shows the form, filled in for a reply; POST sends, once for each time the page was opened."""
    if not display.may(request, "send_message"):
        raise PermissionDenied
    request.current_app = site.name
    most = most_recipients(request)
    if request.method == "POST":
        form = SendForm(request.POST, user=request.user, most=most)
        if form.is_valid():
            return _send(request, form, site=site)
    else:
        form = SendForm(initial=_initial(request), user=request.user, most=most)
    rows = list(form.fields["account"].queryset)  # type: ignore[attr-defined]
    context = {
        **site.each_context(request),
        "title": _("Send SMS"),
        "opts": OutboundMessage._meta,
        "form": form,
        "credits": [(row, display.credit(row)) for row in rows]
        if display.may(request, "view_credit")
        else [],
        "has_account": bool(rows),
        "media": form.media,
    }
    return TemplateResponse(request, "sepahan_django/admin/send.html", context)


def _initial(request: HttpRequest) -> dict[str, Any]:
    """For a reply: the number that wrote, and the line it wrote to."""
    reply_to = request.GET.get("reply_to", "")
    if not reply_to.isdecimal() or not display.may(request, "view_inboundmessage"):
        return {}
    received = visible_rows(request, InboundMessage.objects.filter(pk=int(reply_to))).first()
    if received is None or not may_see_content(request):
        return {}
    return {"recipients": received.sender, "line": received.line, "account": received.api_key_id}


def _send(request: HttpRequest, form: SendForm, *, site: admin.AdminSite) -> HttpResponse:
    recipients: list[str] = form.cleaned_data["recipients"]
    try:
        with transaction.atomic():
            sent, campaign = _queue(request, form, recipients)
            _log(request, form, campaign or sent[0], recipients)
    except ValueError as error:
        form.add_error(None, str(error))
        return TemplateResponse(
            request,
            "sepahan_django/admin/send.html",
            {
                **site.each_context(request),
                "title": _("Send SMS"),
                "opts": OutboundMessage._meta,
                "form": form,
                "has_account": True,
            },
        )
    except IntegrityError:  # the campaign of this page is there already: the second half of a double click
        messages.info(request, _("This page was submitted before; it was sent once."))
        return HttpResponseRedirect(reverse(f"{site.name}:sepahan_django_outboundmessage_changelist"))
    _report(request, sent, recipients)
    return HttpResponseRedirect(reverse(f"{site.name}:sepahan_django_outboundmessage_changelist"))


def _queue(
    request: HttpRequest, form: SendForm, recipients: list[str]
) -> tuple[list[OutboundMessage], Campaign | None]:
    """Store the messages and, up to a hundred, send them on commit; more are left to the worker."""
    account: ApiKey = form.cleaned_data["account"]
    text, nonce = form.cleaned_data["text"], form.cleaned_data["nonce"]
    campaign = None
    if len(recipients) > 1:
        # Without the text, which not everybody may see who sees campaigns.
        title = _("%(count)s SMS · %(when)s") % {
            "count": localize_number(len(recipients)),
            "when": format_datetime(timezone.now()),
        }
        campaign = Campaign.objects.create(title=title, created_by_id=request.user.pk, submission=nonce)
    few = len(recipients) <= BATCH
    draft = Draft.checked(
        sender=form.cleaned_data["line"],
        account=account,
        send_at=None,
        expires_at=None,
        priority=Priority.NORMAL if few else Priority.BULK,
        campaign=campaign,
        created_by=request.user,
    )
    if not few:
        outbox.queue_many(draft, ((number, text) for number in recipients))
        wake_workers(account)
        return [], campaign
    sent = []
    for number in recipients:
        message, is_new = outbox.queue(
            draft, to=number, text=text, idempotency_key=f"admin:{nonce}" if campaign is None else None
        )
        if is_new:
            dispatch(message)
        sent.append(message)
    return sent, campaign


def _log(request: HttpRequest, form: SendForm, sent: Model, recipients: list[str]) -> None:
    """Who sent how many from where, in the admin's history of the message or the campaign."""
    said = ngettext(
        "%(count)s SMS sent from “%(account)s”, line %(line)s.",
        "%(count)s SMS sent from “%(account)s”, line %(line)s.",
        len(recipients),
    )
    trail.note(
        request,
        [sent],
        said
        % {
            "count": len(recipients),
            "account": form.cleaned_data["account"].title,
            "line": form.cleaned_data["line"],
        },
        flag=ADDITION,
    )


def _report(request: HttpRequest, sent: list[OutboundMessage], recipients: list[str]) -> None:
    """What has happened by now, in one sentence."""
    total = localize_number(len(recipients))
    states = [message.state for message in sent]
    handed_over = states.count(MessageState.SENT)
    failed = [message for message in sent if message.state == MessageState.FAILED]
    if failed:
        messages.error(
            request,
            _("The gateway refused %(count)s of %(total)s SMS: %(why)s")
            % {"count": localize_number(len(failed)), "total": total, "why": failed[0].error_message},
        )
    elif handed_over == len(recipients):
        messages.success(
            request,
            ngettext(
                "%(total)s SMS handed to the gateway.", "%(total)s SMS handed to the gateway.", handed_over
            )
            % {"total": total},
        )
    else:
        messages.warning(
            request,
            _("%(total)s SMS are queued and will be sent by the worker.") % {"total": total},
        )
