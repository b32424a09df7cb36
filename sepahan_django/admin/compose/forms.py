"""What is written: from where, to whom, what, when."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django import accounts
from sepahan_django.admin.kit.widgets import CountedText, JalaliDateTimeInput
from sepahan_django.conf import setting
from sepahan_django.drafts import OPT_OUT
from sepahan_django.models import ApiKey, MessageTemplate, RecipientList, SendDraft, SenderLine
from sepahan_django.values.jalali import InvalidDate, format_datetime, parse_typed_datetime
from sepahan_django.values.visible import visible

MAX_CHOICES = 200


class TemplateSelect(forms.Select):
    """Templates with their texts, which the script puts into the box at once."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        instance = getattr(value, "instance", None)
        if instance is not None:
            option["attrs"]["data-text"] = instance.text
        return option


class WriteForm(forms.Form):
    """A draft as it is written. Recipients come in one of three ways, or are those stored already."""

    account = forms.ModelChoiceField(
        label=gettext_lazy("Account"), queryset=ApiKey.objects.none(), empty_label=None
    )
    line = forms.ChoiceField(label=gettext_lazy("Sender line"), required=False)
    recipients = forms.CharField(
        label=gettext_lazy("Recipients"),
        required=False,
        help_text=gettext_lazy(
            "Paste numbers in any format: from Excel, with names beside them, one or more per line."
        ),
        widget=forms.Textarea(
            attrs={"rows": 6, "dir": "auto", "class": "vLargeTextField sepahan-recipients"}
        ),
        max_length=1_000_000,
    )
    file = forms.FileField(
        label=gettext_lazy("or a file"),
        required=False,
        allow_empty_file=True,
        help_text=gettext_lazy("XLSX or CSV, up to 100,000 rows. The columns can be used in the text."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
    )
    saved_list = forms.ModelChoiceField(
        label=gettext_lazy("or a saved list"), queryset=RecipientList.objects.none(), required=False
    )
    template = forms.ModelChoiceField(
        label=gettext_lazy("Template"),
        queryset=MessageTemplate.objects.none(),
        required=False,
        widget=TemplateSelect(attrs={"data-sepahan-template": "id_text"}),
    )
    text = forms.CharField(
        label=gettext_lazy("Text"),
        strip=False,
        widget=CountedText(last_line=OPT_OUT, last_line_box="id_with_opt_out"),
        max_length=10_000,
    )
    with_opt_out = forms.BooleanField(
        label=gettext_lazy("End with the line “لغو۱۱”"),
        required=False,
        help_text=gettext_lazy("Required for advertising; counted as part of the text."),
    )
    title = forms.CharField(
        label=gettext_lazy("Title"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("For finding it later; recipients don't see it."),
        widget=forms.TextInput(attrs={"dir": "auto", "class": "vTextField"}),
    )
    send_at = forms.CharField(
        label=gettext_lazy("Send at"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("Such as 1405/09/03 14:20, Tehran time. Leave empty to send now."),
        widget=JalaliDateTimeInput(minimum="now"),
    )

    def __init__(
        self,
        *args: Any,
        user: Any,
        hidden: Collection[int],
        draft: SendDraft | None,
        may_use_lists: bool,
        **kwargs: Any,
    ) -> None:
        """`hidden` are the accounts kept from the user."""
        super().__init__(*args, **kwargs)
        self.draft = draft
        rows = [row for row in accounts.active_accounts() if row.pk not in hidden][:50]
        last = draft or SendDraft.objects.filter(created_by=user, sent_at__isnull=False).first()
        self._offer_accounts(rows, last)
        self._offer_lines(rows, last)
        templates = MessageTemplate.objects.all()[:MAX_CHOICES]
        self._offer("template", MessageTemplate, list(templates))
        lists = RecipientList.objects.all()[:MAX_CHOICES] if may_use_lists else []
        self._offer("saved_list", RecipientList, list(lists))

    def _offer(self, name: str, model: Any, rows: list[Any]) -> None:
        """Offer these rows as choices; remove the field if there are none."""
        if not rows:
            del self.fields[name]
            return
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = model.objects.filter(pk__in=[row.pk for row in rows])

    def _offer_accounts(self, rows: list[ApiKey], last: SendDraft | None) -> None:
        field = self.fields["account"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = ApiKey.objects.filter(pk__in=[row.pk for row in rows])
        pks = [row.pk for row in rows]
        if last is not None and last.api_key_id in pks:
            field.initial = last.api_key_id
        else:
            try:
                default = accounts.resolve()
            except accounts.UnknownAccount:
                default = None
            field.initial = default.pk if default in rows else pks[0] if pks else None
        if len(rows) == 1:  # nothing to choose
            field.widget = forms.HiddenInput()
            field.widget.choices = field.choices

    def _offer_lines(self, rows: list[ApiKey], last: SendDraft | None) -> None:
        """The user's last used line first, then the default ones; each with its label and purpose."""
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        used = last.sender if last is not None else ""
        stored = SenderLine.objects.filter(api_key__in=rows, is_active=True).select_related("api_key")
        lines = sorted(
            stored.order_by("-is_default", "pk")[:MAX_CHOICES], key=lambda line: line.number != used
        )
        choices: dict[str, str] = {}
        for line in lines:
            label = f"{line} · {line.get_purpose_display()}"
            choices.setdefault(line.number, label if len(rows) == 1 else f"{label} · {line.api_key}")
        if setting("SENDER"):
            choices.setdefault(str(setting("SENDER")), str(setting("SENDER")))
        field.choices = list(choices.items()) or [("", _("no line yet"))]
        field.initial = used if used in choices else next(iter(choices), "")
        advertising = [line.number for line in lines if line.purpose == SenderLine.Purpose.ADVERTISING]
        # The script ticks the opt-out line when such a line is chosen; the check page warns without it.
        field.widget.attrs["data-sepahan-advertising"] = " ".join(advertising)
        chosen = self.initial.get("line", field.initial)
        self.fields["with_opt_out"].initial = chosen in advertising

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n")
        if not text.strip():
            raise forms.ValidationError(_("The text is empty."))
        return text

    def clean_send_at(self) -> datetime | None:
        typed = str(self.cleaned_data["send_at"])
        if not typed:
            return None
        try:
            moment = parse_typed_datetime(typed)
        except InvalidDate as error:
            raise forms.ValidationError(visible(str(error))) from None
        if moment <= timezone.now():
            raise forms.ValidationError(_("This time has passed."))
        return moment

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


def initial_of(draft: SendDraft) -> dict[str, Any]:
    """The form's initial values from the draft, except the recipients."""
    return {
        **({"account": draft.api_key_id} if draft.api_key_id else {}),
        **({"line": draft.sender} if draft.sender else {}),
        "text": draft.text,
        "title": draft.title,
        "send_at": format_datetime(draft.send_at) if draft.send_at else "",
        **({"with_opt_out": draft.with_opt_out} if draft.text else {}),
    }
