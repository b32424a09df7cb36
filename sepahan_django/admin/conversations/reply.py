"""Answering from a conversation: from which line and account, the form, and the sending."""

import uuid
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django import accounts
from sepahan_django.admin.conversations.messages import Correspondent, Message
from sepahan_django.admin.kit import history, outcomes
from sepahan_django.admin.kit.widgets import CountedText
from sepahan_django.after_commit import send_one
from sepahan_django.conf import setting
from sepahan_django.models import ApiKey, OutboundMessage, SenderLine
from sepahan_django.outbox import IdempotencyConflict
from sepahan_django.values.phones import spellings

MAX_LINES = 500


class Origin(NamedTuple):
    """Where a message goes out from."""

    account: ApiKey
    line: str
    label: str = ""


class Origins:
    """The lines that a user may send from, by account; `hidden` are the accounts kept from the user."""

    def __init__(self, hidden: Collection[int]) -> None:
        self.accounts = {row.pk: row for row in accounts.active_accounts() if row.pk not in hidden}
        rows = list(SenderLine.objects.filter(is_active=True).order_by("-is_default", "pk")[:MAX_LINES])
        self._lines = [row for row in rows if row.api_key_id in self.accounts]
        # The line in the settings is every account's, unless it is registered as one account's own.
        line = str(setting("SENDER") or "")
        is_registered = bool(line) and SenderLine.objects.filter(number=line).exists()
        self._shared = "" if is_registered else line

    def of(self, account_id: int, line: str) -> Origin | None:
        """The account's line in any spelling; None if this user may not send from it."""
        account = self.accounts.get(account_id)
        if account is None:
            return None
        for row in self._lines:
            if row.api_key_id == account.pk and line in spellings(row.number):
                return Origin(account, row.number, row.label)
        return Origin(account, self._shared) if self._shared and line in spellings(self._shared) else None

    def best(self, shown: Iterable[Message]) -> tuple[Origin | None, bool]:
        """The line and account of the newest of these messages that has ones which may be used, else the
        account's usual line, else the usual one of all; and whether it is that of the newest."""
        is_newest = True
        ours = [row.api_key_id for row in shown]
        for message in reversed(list(shown)):
            line = message.sender if isinstance(message, OutboundMessage) else message.line
            if origin := self.of(message.api_key_id, line):
                return origin, is_newest
            is_newest = False
        for account in self._usual(reversed(ours)):
            if line := accounts.default_sender(account):
                if origin := self.of(account.pk, line):
                    return origin, is_newest
        return None, is_newest

    def _usual(self, account_ids: Iterable[int]) -> Iterator[ApiKey]:
        for pk in dict.fromkeys(account_ids):
            if pk in self.accounts:
                yield self.accounts[pk]
        try:
            default = accounts.resolve()
        except accounts.UnknownAccount:
            return
        if default.pk in self.accounts:
            yield default


class ReplyForm(forms.Form):
    """A text, and where it goes out from, which was chosen when the page was opened."""

    text = forms.CharField(
        label=gettext_lazy("Reply"),
        strip=False,
        max_length=10_000,
        widget=CountedText({"rows": 3}),
    )
    account = forms.IntegerField(widget=forms.HiddenInput)
    line = forms.CharField(widget=forms.HiddenInput)
    nonce = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    """Of this page as it was opened: the same page submitted twice is one reply."""

    def __init__(self, *args: Any, origins: Origins, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.origins = origins

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n")
        if not text.strip():
            raise forms.ValidationError(_("The text is empty."))
        return text

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        data["origin"] = self.origins.of(data.get("account") or 0, data.get("line") or "")
        if data["origin"] is None:
            raise forms.ValidationError(_("You can no longer send from this line. Open the page again."))
        return data

    def renewed(self) -> "ReplyForm":
        """The same text, as if the page had just been opened."""
        data = {**{name: self.data.get(name) for name in self.fields}, "nonce": str(uuid.uuid4())}
        return ReplyForm(data, origins=self.origins)


def reply(request: HttpRequest, form: ReplyForm, correspondent: Correspondent) -> str:
    """Send what the form says, once per opened page, and report the result.

    Returns a sentence where nothing could be sent.
    """
    origin: Origin = form.cleaned_data["origin"]
    try:
        with transaction.atomic():
            message, is_new = send_one(
                correspondent.number,
                form.cleaned_data["text"],
                sender=origin.line,
                account=origin.account,
                idempotency_key=f"admin:{form.cleaned_data['nonce']}",
                created_by=request.user,
            )
            if is_new:
                said = _("Reply sent from “%(account)s”, line %(line)s.")
                said %= {"account": origin.account.title, "line": origin.line}
                history.note(request, [message], said, flag=ADDITION)
    except IdempotencyConflict:
        return _(
            "A different text was already sent from this page. Send once more if you want to "
            "send this one too."
        )
    except ValueError as error:
        return str(error)
    if is_new:
        outcomes.tell_outcome(request, message, outcomes.OF_A_REPLY)
    else:
        messages.info(request, _("This page was already submitted; it was sent only once."))
    return ""
