"""The forms of the admin's own pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django.admin.kit.secret_fields import SecretField
from sepahan_django.gateway.secrets import Secret
from sepahan_django.models import ApiKey, SenderLine
from sepahan_django.values.phones import normalize_line


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
        # A user who may change an account must not be able to redirect its token to another server.
        is_moved = self.instance.pk and "base_url" in self.changed_data
        if is_moved and self.instance.token and not self._is_entered:
            self.add_error(
                "token", _("The address has changed. Enter the token again, because it will be sent there.")
            )
        return cleaned

    def clean_base_url(self) -> str:
        from sepahan_django.gateway.addresses import check_base_url

        address = str(self.cleaned_data.get("base_url") or "")
        if address:
            try:
                check_base_url(address)
            except ValueError:
                raise forms.ValidationError(
                    _("Enter an https address without a username or query.")
                ) from None
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
        label=gettext_lazy("Panel username"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )
    password = SecretField(
        label=gettext_lazy("Panel password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )
    domain = forms.CharField(
        label=gettext_lazy("Panel domain"),
        help_text=gettext_lazy("Without its suffix: sepahansms for sepahansms.com."),
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )
    ips = forms.CharField(
        label=gettext_lazy("Allowed IP addresses"),
        required=False,
        help_text=gettext_lazy("Separate them with commas or spaces. Leave empty to allow all."),
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )

    def clean_title(self) -> str:
        title = str(self.cleaned_data["title"])
        if ApiKey.objects.filter(title=title).exists():
            raise forms.ValidationError(_("An account with this title already exists."))
        return title

    def clean_ips(self) -> list[str]:
        from django.core.validators import validate_ipv46_address

        addresses = str(self.cleaned_data["ips"]).replace(",", " ").replace("،", " ").split()
        for address in addresses:
            validate_ipv46_address(address)
        return addresses
