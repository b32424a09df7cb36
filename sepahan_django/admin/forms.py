"""The forms of the admin's own pages."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django import accounts
from sepahan_django.admin.secrecy import SecretField
from sepahan_django.conf import setting
from sepahan_django.gateway.secrets import Secret
from sepahan_django.models import ApiKey, SenderLine
from sepahan_django.values.jalali import localize_number
from sepahan_django.values.phones import find_numbers, normalize_line

MOST_RECIPIENTS = 10_000
"""What one paste may hold; more comes from code, by `send_mass_sms`."""
MOST_NAMED = 50
"""Unreadable numbers named one by one; of more the count is told."""


class SendForm(forms.Form):
    """Write an SMS: from which account and line, to whom, what."""

    account = forms.ModelChoiceField(
        label=gettext_lazy("Account"), queryset=ApiKey.objects.none(), empty_label=None
    )
    line = forms.ChoiceField(label=gettext_lazy("Sender line"), required=False)
    recipients = forms.CharField(
        label=gettext_lazy("Recipients"),
        help_text=gettext_lazy(
            "Paste numbers in any form: from Excel, with names beside them, one a line or many."
        ),
        widget=forms.Textarea(
            attrs={"rows": 6, "dir": "auto", "class": "vLargeTextField sepahan-recipients"}
        ),
        max_length=1_000_000,
    )
    text = forms.CharField(
        label=gettext_lazy("Text"),
        strip=False,
        widget=forms.Textarea(
            attrs={
                "rows": 5,
                "dir": "auto",
                "class": "vLargeTextField",
                "data-sepahan-counter": "sepahan-count",
            }
        ),
        max_length=10_000,
    )
    nonce = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    """Of this page as it was opened: the same page submitted twice is one sending."""

    def __init__(self, *args: Any, user: Any, most: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most = most
        hidden = accounts.hidden_from(user)
        rows = [row for row in accounts.active_accounts() if row.pk not in hidden][:50]
        field = self.fields["account"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = ApiKey.objects.filter(pk__in=[row.pk for row in rows])
        try:
            default = accounts.resolve()
        except accounts.UnknownAccount:
            default = None
        field.initial = default.pk if default in rows else rows[0].pk if rows else None
        line = self.fields["line"]
        assert isinstance(line, forms.ChoiceField)
        line.choices = _line_choices(rows)
        if len(rows) == 1:  # nothing to choose
            field.widget = forms.HiddenInput()
            field.widget.choices = field.choices

    def clean_recipients(self) -> list[str]:
        found = find_numbers(self.cleaned_data["recipients"])
        if found.unreadable:
            errors = [
                _("Line %(row)s, “%(raw)s”: %(reason)s")
                % {"row": localize_number(one.row), "raw": one.raw, "reason": one.reason}
                for one in found.unreadable[:MOST_NAMED]
            ]
            if len(found.unreadable) > MOST_NAMED:
                more = localize_number(len(found.unreadable) - MOST_NAMED)
                errors.append(_("… and %(count)s more that can't be read.") % {"count": more})
            raise forms.ValidationError(errors)
        if len(found.numbers) > MOST_RECIPIENTS:
            most = localize_number(MOST_RECIPIENTS)
            raise forms.ValidationError(_("No more than %(most)s recipients at once.") % {"most": most})
        if self.most is not None and len(found.numbers) > self.most:
            raise forms.ValidationError(
                _("You may send to %(most)s recipients at once and no more; these are %(count)s.")
                % {"most": localize_number(self.most), "count": localize_number(len(found.numbers))}
            )
        return list(found.numbers)

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n")
        if not text.strip():
            raise forms.ValidationError(_("The text is empty."))
        return text

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        account, line = data.get("account"), data.get("line")
        if account and line and SenderLine.objects.filter(number=line).exists():
            if not SenderLine.objects.filter(number=line, api_key=account).exists():
                self.add_error("line", _("This line belongs to another account."))
        if account and not line:
            line = accounts.default_sender(account)
            if not line:
                self.add_error(
                    "line",
                    _("The account has no line: add one under Sender lines, or set SEPAHAN[“SENDER”]."),
                )
        data["line"] = line
        return data


def _line_choices(rows: list[ApiKey]) -> list[tuple[str, str]]:
    lines = SenderLine.objects.filter(api_key__in=rows, is_active=True).select_related("api_key")
    choices: dict[str, str] = {}
    for line in lines.order_by("-is_default", "pk")[:200]:
        label = f"{line} · {line.get_purpose_display()}"
        choices.setdefault(line.number, label if len(rows) == 1 else f"{label} · {line.api_key}")
    if setting("SENDER"):
        choices.setdefault(str(setting("SENDER")), str(setting("SENDER")))
    return list(choices.items()) or [("", _("no line yet"))]


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """An account. The token is written and never shown: an empty field keeps the stored one."""

    token = SecretField(
        label=gettext_lazy("Token"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "new-password", "dir": "ltr", "class": "vTextField"}
        ),
    )

    class Meta:
        model = ApiKey
        fields = ("title", "token", "base_url", "is_active", "is_default", "is_limited", "groups")

    _is_entered = False
    """Whether a token was entered; blanks are none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "token" not in self.fields:  # a page for looking only
            return
        if self.instance.is_from_settings:
            self.fields["token"].disabled = True
            self.fields["token"].help_text = _("This account's token is kept in the project's settings.")
            if "base_url" in self.fields:  # the token goes where the settings say
                self.fields["base_url"].disabled = True
        elif self.instance.token:
            self.fields["token"].help_text = _(
                "Stored: %(masked)s. It is never shown; leave the field empty to keep it."
            ) % {"masked": Secret(self.instance.token).masked}
        self.initial.pop("token", None)

    def clean_token(self) -> Any:
        token = self.cleaned_data.get("token")
        self._is_entered = bool(token)
        if token:
            return token
        if not self.instance.token and not self.instance.is_from_settings:
            raise forms.ValidationError(_("Paste the token from the gateway's panel."))
        return self.instance.token

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        # Whoever may change an account must not be able to have its token sent to a server of their own.
        is_moved = self.instance.pk and "base_url" in self.changed_data
        if is_moved and self.instance.token and not self._is_entered:
            self.add_error("token", _("The address has changed: enter the token again, which will go there."))
        return cleaned

    def clean_base_url(self) -> str:
        from sepahan_django.gateway.addresses import check_base_url

        address = str(self.cleaned_data.get("base_url") or "")
        if address:
            try:
                check_base_url(address)
            except ValueError:
                raise forms.ValidationError(_("Give an https address, without user name or query.")) from None
        return address


class LineForm(forms.ModelForm):  # type: ignore[type-arg]
    """A sender line, its number in any digits."""

    class Meta:
        model = SenderLine
        fields = ("number", "label", "api_key", "purpose", "is_default", "is_active")

    def clean_number(self) -> str:
        try:
            return normalize_line(self.cleaned_data["number"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class GenerateForm(forms.Form):
    """Make a token with the panel's user name and password, which are used once and not kept."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=100)
    username = SecretField(
        label=gettext_lazy("User name in the panel"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )
    password = SecretField(
        label=gettext_lazy("Password in the panel"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )
    domain = forms.CharField(
        label=gettext_lazy("The panel's domain"),
        help_text=gettext_lazy("Without its suffix: sepahansms for sepahansms.com."),
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )
    ips = forms.CharField(
        label=gettext_lazy("Allowed IP addresses"),
        required=False,
        help_text=gettext_lazy("Separated by commas or spaces. Empty: all."),
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )

    def clean_title(self) -> str:
        title = str(self.cleaned_data["title"])
        if ApiKey.objects.filter(title=title).exists():
            raise forms.ValidationError(_("There is an account with this title already."))
        return title

    def clean_ips(self) -> list[str]:
        from django.core.validators import validate_ipv46_address

        addresses = str(self.cleaned_data["ips"]).replace(",", " ").replace("،", " ").split()
        for address in addresses:
            validate_ipv46_address(address)
        return addresses
