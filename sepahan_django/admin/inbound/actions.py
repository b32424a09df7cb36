"""What staff do with inbound messages: mark them as read or handled, process them again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sepahan_django import inbox
from sepahan_django.admin.kit import history
from sepahan_django.admin.kit.permissions import may_dispatch, may_handle, may_mark_read, may_see_content
from sepahan_django.inbox import MAX_REDELIVERED
from sepahan_django.models import InboundMessage
from sepahan_django.values.digits import localize_number
from sepahan_django.values.visible import visible

MAX_ERRORS_SHOWN = 10
"""Receiver errors listed on a page; each is stored with its message."""


@dataclass(frozen=True)
class InboundAction:
    """An action on messages, from the list or from a message's page."""

    label: Any
    may: Callable[[HttpRequest], bool]
    run: Callable[[HttpRequest, Any], None]
    is_offered_for: Callable[[InboundMessage], bool]
    """Whether a message's page offers it."""
    returns_to_message: bool = True
    """Whether one is shown the message again, or goes back to the list."""


def _add_count_message(request: HttpRequest, sentence: str, count: int) -> None:
    level = messages.SUCCESS if count else messages.WARNING
    messages.add_message(request, level, sentence % {"count": localize_number(count)})


def _read(request: HttpRequest, rows: Any) -> None:
    count = inbox.mark_read(rows)
    _add_count_message(request, _("%(count)s SMS marked as read."), count)


def _unread(request: HttpRequest, rows: Any) -> None:
    count = inbox.mark_unread(rows)
    _add_count_message(request, _("%(count)s SMS marked as unread."), count)


def _handled(request: HttpRequest, rows: Any) -> None:
    count = history.act_and_log(
        request,
        rows.filter(done_at=None),
        work=lambda chosen: inbox.mark_handled(chosen, by=request.user),
        said=_("Marked as handled."),
    )
    _add_count_message(request, _("%(count)s SMS marked as handled."), count)


def _open(request: HttpRequest, rows: Any) -> None:
    count = history.act_and_log(
        request,
        rows.filter(done_at__isnull=False),
        work=inbox.mark_open,
        said=_("Marked as not handled."),
    )
    _add_count_message(request, _("%(count)s SMS marked as not handled."), count)


def _again(request: HttpRequest, rows: Any) -> None:
    chosen = list(rows.order_by("pk")[: MAX_REDELIVERED + 1])
    if len(chosen) > MAX_REDELIVERED:
        most = localize_number(MAX_REDELIVERED)
        messages.error(request, _("At most %(most)s SMS can be processed at once.") % {"most": most})
        return
    # Noted first, so that nothing is done unnoted; and done after commit: where the whole request is one
    # transaction, the lease would be invisible until then, and receivers would get what may be rolled back.
    history.note(request, chosen, _("Processed again."))
    transaction.on_commit(lambda: _pass_on(request, chosen))


def _pass_on(request: HttpRequest, chosen: list[InboundMessage]) -> None:
    report = inbox.dispatch_again(chosen)
    for account in report.busy:
        sentence = _("%(account)s: another process is already fetching; try again shortly.")
        messages.warning(request, sentence % {"account": account})
    # A receiver's error may repeat texts and numbers.
    if may_see_content(request):
        for message, why in report.failures[:MAX_ERRORS_SHOWN]:
            sentence = _("SMS from %(sender)s: processing failed with “%(why)s”.")
            told = {"sender": visible(message.sender), "why": visible(why)}
            messages.error(request, sentence % told)
    if report.failures:
        sentence = ngettext(
            "%(count)s SMS was not processed: the application reported an error.",
            "%(count)s SMS were not processed: the application reported errors.",
            len(report.failures),
        )
        messages.error(request, sentence % {"count": localize_number(len(report.failures))})
    if report.dispatched:
        _add_count_message(request, _("%(count)s SMS processed."), report.dispatched)


INBOUND_ACTIONS = {
    "mark_read": InboundAction(
        gettext_lazy("Mark as read"), may_mark_read, _read, lambda one: one.read_at is None
    ),
    "mark_unread": InboundAction(
        gettext_lazy("Mark as unread"),
        may_mark_read,
        _unread,
        lambda one: one.read_at is not None,
        returns_to_message=False,  # the message's page would mark it as read at once
    ),
    "mark_handled": InboundAction(
        gettext_lazy("Mark as handled"), may_handle, _handled, lambda one: one.done_at is None
    ),
    "mark_open": InboundAction(
        gettext_lazy("Mark as not handled"), may_handle, _open, lambda one: one.done_at is not None
    ),
    "dispatch_again": InboundAction(gettext_lazy("Process again"), may_dispatch, _again, lambda one: True),
}
