"""The page of one number: the messages from and to it, and a reply box."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.sites import site as default_site
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, re_path, reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from sepahan_django import inbox
from sepahan_django.admin.conversations.messages import (
    ConversationPage,
    Correspondent,
    Message,
    PageCursor,
    day_of,
    has_time,
    inbound_of,
    load_page,
    moment_of,
)
from sepahan_django.admin.conversations.reply import Origins, ReplyForm, reply
from sepahan_django.admin.kit import display
from sepahan_django.admin.kit.addresses import parse_pk
from sepahan_django.admin.kit.permissions import hidden_accounts, may, may_converse, may_see_inbound
from sepahan_django.models import InboundMessage, MessageState, OutboundMessage
from sepahan_django.values.digits import localize_digits
from sepahan_django.values.jalali import TEHRAN, format_day, tehran_today
from sepahan_django.values.visible import visible
from sepahan_django.wording import error_text

MAX_NUMBER_LENGTH = 255


MAX_CHARACTERS_SHOWN = 3000
"""Characters of a text; its own page has all of it."""


def conversation_url(number: object, *, site: admin.AdminSite | None = None) -> str:
    """The address of the conversation with a number in any format, for links from a project's own pages.

    A short code or a sender's name will do as well. Empty where there is no number, or where the admin site
    (Django's own unless `site` says otherwise) doesn't have the app's pages. Users need the
    permissions to see texts and numbers, and to view inbound or outbound messages.
    """
    written = str(number or "").strip()[:MAX_NUMBER_LENGTH]
    if not written:
        return ""
    name = (site or default_site).name
    try:
        return reverse(f"{name}:sepahan_django_conversation", args=[Correspondent.of(written).slug])
    except NoReverseMatch:
        return ""


def conversation_path(site: admin.AdminSite) -> URLPattern:
    """The page's place below a list. Any character may be in a sender's name, a line break too."""

    def view(request: HttpRequest, number: str) -> HttpResponse:
        return conversation_view(request, number, site=site)

    return re_path(
        r"^conversation/(?P<number>[\s\S]+)/$", site.admin_view(view), name="sepahan_django_conversation"
    )


def conversation_view(request: HttpRequest, number: str, *, site: admin.AdminSite) -> HttpResponse:
    """GET shows the conversation and changes nothing; POST sends a reply, or marks what was shown as read."""
    if not may_converse(request):
        raise PermissionDenied
    if "\x00" in number or len(number) > MAX_NUMBER_LENGTH:
        raise Http404
    request.current_app = site.name
    correspondent = Correspondent.of(number)
    form = None
    if request.method == "POST":
        if "read" in request.POST:
            return _mark_read(request, correspondent)
        form = _replied(request, correspondent)
        if form is None:
            return _back(correspondent, site)
    return _page(request, correspondent, form, site=site)


def _replied(request: HttpRequest, correspondent: Correspondent) -> ReplyForm | None:
    """The form with what is wrong with it, or None when the reply is on its way."""
    if not may(request, "send_message") or correspondent.problem:
        raise PermissionDenied
    form = ReplyForm(request.POST, origins=Origins(hidden_accounts(request)))
    if not form.is_valid():
        return form
    problem = reply(request, form, correspondent)
    if problem:
        form = form.renewed()
        form.add_error(None, problem)
        return form
    inbox.mark_read(_messages_shown(request, correspondent))  # a user who replies has read it
    return None


def _mark_read(request: HttpRequest, correspondent: Correspondent) -> HttpResponse:
    marked = inbox.mark_read(_messages_shown(request, correspondent))
    if request.headers.get("accept") == "application/json":  # the page's script
        return JsonResponse({"marked": marked})
    return HttpResponseRedirect(request.get_full_path())


def _messages_shown(request: HttpRequest, correspondent: Correspondent) -> Any:
    """The messages that the page showed when it was opened; later ones are still unread."""
    first, _dash, last = request.POST.get("shown", "").partition("-")
    ends = parse_pk(first), parse_pk(last)
    if not all(ends):
        return InboundMessage.objects.none()
    return inbound_of(request, correspondent).filter(pk__range=ends)


def _back(correspondent: Correspondent, site: admin.AdminSite) -> HttpResponse:
    address = reverse(f"{site.name}:sepahan_django_conversation", args=[correspondent.slug])
    return HttpResponseRedirect(address)


def _page(
    request: HttpRequest, correspondent: Correspondent, form: ReplyForm | None, *, site: admin.AdminSite
) -> HttpResponse:
    place = PageCursor.of(request)
    found = load_page(request, correspondent, place)
    may_send = may(request, "send_message") and not correspondent.problem
    origin, is_same = None, True
    if may_send and place == PageCursor():
        origins = form.origins if form is not None else Origins(hidden_accounts(request))
        origin, is_same = origins.best(found.messages)
        if origin and form is None:
            form = ReplyForm(initial={"account": origin.account.pk, "line": origin.line}, origins=origins)
    if form is not None and form.is_bound:
        origin = form.cleaned_data.get("origin") or origin
    came = [one for one in found.messages if isinstance(one, InboundMessage)]
    context = {
        **site.each_context(request),
        "title": _("Conversation with %(number)s") % {"number": visible(correspondent.number)},
        "opts": InboundMessage._meta if may_see_inbound(request) else OutboundMessage._meta,
        "number": display.number(correspondent.number),
        "items": list(_items(found, site)),
        "earlier": found.earlier.query if found.earlier else "",
        "is_newest_page": place == PageCursor(),
        "problem": correspondent.problem,
        "may_send": may_send,
        "form": form,
        "origin": origin,
        "several_accounts": len({one.api_key_id for one in found.messages}) > 1,
        "is_same_line": is_same,
        "unread": any(one.read_at is None for one in came),
        # In each direction a page holds every message between its first and its last.
        "shown": f"{min(one.pk for one in came)}-{max(one.pk for one in came)}" if came else "",
        "media": form.media if form else "",
    }
    return TemplateResponse(request, "sepahan_django/admin/conversation.html", context)


@dataclass(frozen=True)
class Bubble:
    """A message as the page shows it. `day` is set where a new day begins."""

    day: str
    is_inbound: bool
    is_unread: bool
    is_handled: bool
    text: str
    is_cut: bool
    time: str
    moment: Any
    address: str
    line: str
    account: Any
    state: str
    why: str
    by: str


def _items(found: ConversationPage, site: admin.AdminSite) -> Iterator[Bubble]:
    today = tehran_today(timezone.now())
    last = None
    for message in found.messages:
        day = day_of(message)
        yield _bubble(message, _day_text(day, today) if day != last else "", site)
        last = day


def _day_text(day: Any, today: Any) -> str:
    age = (today - day).days
    words = {0: _("Today"), 1: _("Yesterday")}
    return f"{words[age]} · {format_day(day)}" if age in words else format_day(day)


def _bubble(message: Message, day: str, site: admin.AdminSite) -> Bubble:
    shown = visible(message.text)
    state = why = by = ""
    if isinstance(message, InboundMessage):
        is_inbound, line = True, message.line
    else:
        is_inbound, line = False, message.sender
        state = display.state(message.state, message.get_state_display())
        if (
            message.state in (MessageState.FAILED, MessageState.UNDELIVERED)
            and message.error_code is not None
        ):
            why = error_text(message.error_code)
        by = str(message.created_by) if message.created_by else _("sent automatically")
    return Bubble(
        day=day,
        is_inbound=is_inbound,
        is_unread=isinstance(message, InboundMessage) and message.read_at is None,
        is_handled=isinstance(message, InboundMessage) and message.done_at is not None,
        text=Truncator(shown).chars(MAX_CHARACTERS_SHOWN),
        is_cut=len(shown) > MAX_CHARACTERS_SHOWN,
        time=_time(message),
        moment=moment_of(message),
        address=reverse(f"{site.name}:sepahan_django_{message._meta.model_name}_change", args=[message.pk]),
        line=display.number(line),
        account=message.api_key,
        state=state,
        why=why,
        by=visible(by),
    )


def _time(message: Message) -> str:
    shown = localize_digits(f"{moment_of(message).astimezone(TEHRAN):%H:%M}")
    if isinstance(message, InboundMessage) and not (message.received_at and has_time(message)):
        return _("fetched at %(time)s") % {"time": shown}
    return shown
