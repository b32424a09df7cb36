"""The actions on a campaign. Each is a POST and is recorded in the campaign's history."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sepahan_django import outbox
from sepahan_django.admin.kit import history
from sepahan_django.admin.kit.addresses import page_address, parse_integer
from sepahan_django.admin.kit.exports import file_name, file_of, no_xlsx
from sepahan_django.admin.kit.permissions import max_recipients, may_see_content
from sepahan_django.after_commit import wake_workers
from sepahan_django.db.transactions import retrying
from sepahan_django.models import ApiKey, Campaign, MessageState, OutboundMessage
from sepahan_django.reports import campaign_progress, exports
from sepahan_django.reports.campaign_progress import Standing
from sepahan_django.values.digits import localize_number
from sepahan_django.wording import error_text

MAX_REASONS_SHOWN = 5


def _back(request: HttpRequest, campaign: Campaign) -> HttpResponseRedirect:
    return HttpResponseRedirect(page_address(request, "sepahan_django_campaign_change", campaign.pk))


def _add_message(request: HttpRequest, level: int, sentence: str) -> None:
    messages.add_message(request, level, sentence)


def _do_and_log(
    request: HttpRequest, campaign: Campaign, work: Callable[[Campaign], bool], said: str
) -> bool:
    """Do it and note who did it, or neither; False when there was nothing to do."""

    def once() -> bool:
        with transaction.atomic():
            done = work(campaign)
            if done:
                history.note(request, [campaign], said)
            return done

    return retrying(once)


def _wake(campaign: Campaign) -> None:
    accounts = campaign_progress.standings([campaign])[campaign.pk].accounts
    for account in ApiKey.objects.filter(pk__in=accounts):
        wake_workers(account)


# Pause and resume


def pause(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Hold back what is queued."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if _do_and_log(request, campaign, outbox.pause, _("Paused.")):
        said = _("The campaign is paused. Messages already being sent will still go out; the rest wait.")
        _add_message(request, messages.SUCCESS, said)
    else:
        _add_message(request, messages.INFO, _("It was already paused."))
    return _back(request, campaign)


def resume(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Let what is queued go on."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if _do_and_log(request, campaign, outbox.resume, _("Resumed.")):
        _wake(campaign)
        _add_message(request, messages.SUCCESS, _("The campaign continues where it stopped."))
    else:
        _add_message(request, messages.INFO, _("It was not paused."))
    return _back(request, campaign)


# Cancel and retry, each with a page that says how many


def _confirmed_count(request: HttpRequest) -> int | None:
    """The number shown on the button; None if no button was clicked."""
    return parse_integer(request.POST.get("count")) if request.method == "POST" else None


def _page(
    request: HttpRequest, campaign: Campaign, *, site: admin.AdminSite, has_grown: bool, **shown: Any
) -> HttpResponse:
    context = {
        **site.each_context(request),
        "opts": Campaign._meta,
        "original": campaign,
        "back": page_address(request, "sepahan_django_campaign_change", campaign.pk),
        "has_grown": has_grown,
        **shown,
    }
    return TemplateResponse(request, "sepahan_django/admin/campaign_confirm.html", context)


def cancel(request: HttpRequest, campaign: Campaign, *, site: admin.AdminSite) -> HttpResponse:
    """GET says how many would be cancelled and how many are gone; POST cancels them."""
    standing = campaign_progress.standings([campaign])[campaign.pk]
    count = standing.counts[MessageState.QUEUED]
    if not count:
        _add_message(request, messages.INFO, _("This campaign has no queued messages left."))
        return _back(request, campaign)
    confirmed = _confirmed_count(request)
    # If there are fewer than the button showed, some were sent meanwhile; more have not been confirmed.
    if confirmed is None or count > confirmed:
        return _page(
            request,
            campaign,
            site=site,
            has_grown=confirmed is not None,
            title=_("Cancel unsent messages"),
            sentences=_on_cancelling(standing),
            count=count,
            button=_("Cancel %(count)s SMS") % {"count": localize_number(count)},
        )
    history.note(request, [campaign], _("Cancelled %(count)s unsent SMS.") % {"count": count})
    done = outbox.cancel_rest(campaign)
    now = campaign_progress.standings([campaign])[campaign.pk]
    said = _("%(count)s SMS cancelled; %(handed)s had already been sent.") % {
        "count": localize_number(done),
        "handed": localize_number(now.handed_over),
    }
    if now.counts[MessageState.SENDING]:
        said += " " + _(
            "%(sending)s are being sent. The campaign stays paused so that those the gateway "
            "does not accept will wait."
        ) % {"sending": localize_number(now.counts[MessageState.SENDING])}
    _add_message(request, messages.SUCCESS if done else messages.WARNING, said)
    return _back(request, campaign)


def _on_cancelling(standing: Standing) -> list[str]:
    queued, sending = standing.counts[MessageState.QUEUED], standing.counts[MessageState.SENDING]
    sentences = [
        ngettext(
            "%(count)s SMS is still queued and will never be sent.",
            "%(count)s SMS are still queued and will never be sent.",
            queued,
        )
        % {"count": localize_number(queued)}
    ]
    if standing.handed_over:
        sentences.append(
            ngettext(
                "%(count)s SMS has already been sent and can't be recalled.",
                "%(count)s SMS have already been sent and can't be recalled.",
                standing.handed_over,
            )
            % {"count": localize_number(standing.handed_over)}
        )
    else:
        sentences.append(_("None have been sent yet."))
    if sending:
        sentences.append(
            ngettext(
                "%(count)s SMS is being sent right now.",
                "%(count)s SMS are being sent right now.",
                sending,
            )
            % {"count": localize_number(sending)}
        )
    return sentences


def retry(request: HttpRequest, campaign: Campaign, *, site: admin.AdminSite) -> HttpResponse:
    """GET says how many failed and why; POST queues them again, which costs money."""
    # Messages whose number was pruned have no recipient.
    failed = campaign.messages.filter(state=MessageState.FAILED).exclude(recipient="")
    count = failed.count()
    if not count:
        _add_message(request, messages.INFO, _("No message of this campaign has failed."))
        return _back(request, campaign)
    most = max_recipients(request)
    if most is not None and count > most:
        said = _("%(count)s SMS have failed, but you may send to at most %(most)s recipients at once.")
        _add_message(
            request, messages.ERROR, said % {"count": localize_number(count), "most": localize_number(most)}
        )
        return _back(request, campaign)
    confirmed = _confirmed_count(request)
    if confirmed is None or count > confirmed:
        return _page(
            request,
            campaign,
            site=site,
            has_grown=confirmed is not None,
            title=_("Send failed messages again"),
            sentences=_on_retrying(campaign, count),
            reasons=_reasons(failed),
            count=count,
            button=_("Send %(count)s SMS again") % {"count": localize_number(count)},
        )
    history.note(request, [campaign], _("Sent %(count)s failed SMS again.") % {"count": count})
    done = outbox.send_again(failed)
    _wake(campaign)
    said = _("%(count)s SMS queued again.")
    level = messages.SUCCESS if done else messages.WARNING
    _add_message(request, level, said % {"count": localize_number(done)})
    return _back(request, campaign)


def _on_retrying(campaign: Campaign, count: int) -> list[str]:
    sentences = [
        ngettext(
            "%(count)s SMS has failed. It will be queued again, and charged once the gateway accepts it.",
            "%(count)s SMS have failed. They will be queued again, and charged once the "
            "gateway accepts them.",
            count,
        )
        % {"count": localize_number(count)}
    ]
    if campaign.paused_at is not None:
        sentences.append(_("The campaign is paused: they will wait until it is resumed."))
    return sentences


def _reasons(failed: Any) -> list[tuple[str, str]]:
    """Why they failed, the most frequent first."""
    counts: dict[int | None, int] = {}
    for code, count in failed.order_by().values_list("error_code").annotate(count=Count("pk")):
        counts[code] = count
    first = sorted(counts.items(), key=lambda one: -one[1])[:MAX_REASONS_SHOWN]
    return [
        (error_text(code) if code is not None else _("The reason is unknown."), localize_number(count))
        for code, count in first
    ]


# Export


def export(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    """The campaign's messages as a file. A POST, since it leaves a trace."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    is_xlsx = request.POST.get("format") != "csv"
    count = campaign.messages.count()
    if count > exports.MAX_SHEET_ROWS:
        said = _("A sheet holds at most %(most)s rows. Filter the list of messages and export from there.")
        _add_message(request, messages.ERROR, said % {"most": localize_number(exports.MAX_SHEET_ROWS)})
        return _back(request, campaign)
    said = _("Exported as %(format)s: %(count)s SMS.")
    history.note(request, [campaign], said % {"format": "XLSX" if is_xlsx else "CSV", "count": count})
    columns = exports.columns_for(OutboundMessage, whole=may_see_content(request))
    rows = exports.rows_of(campaign.messages.order_by("pk"), columns)
    file = file_of(rows, name=file_name(f"campaign-{campaign.pk}"), is_xlsx=is_xlsx)
    if file is None:
        _add_message(request, messages.ERROR, no_xlsx())
        return _back(request, campaign)
    return file
