"""Accounts and their lines."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from sepahan_django import accounts, inbox
from sepahan_django.admin.accounts.forms import AccountForm, GenerateForm, LineForm
from sepahan_django.admin.kit import display
from sepahan_django.admin.kit.base import AppAdmin, actions_of
from sepahan_django.admin.kit.masking import MaskedColumns
from sepahan_django.admin.kit.permissions import may, visible_rows
from sepahan_django.admin.kit.secret_fields import hide_in_post
from sepahan_django.gateway.errors import SepahanError
from sepahan_django.models import ApiKey, SenderLine
from sepahan_django.wording import describe, error_text


class SenderLineInline(admin.TabularInline):  # type: ignore[type-arg]
    model = SenderLine
    form = LineForm
    extra = 0


@admin.register(SenderLine)
class SenderLineAdmin(AppAdmin):
    """The numbers that SMS are sent from."""

    form = LineForm
    list_display = ("number", "label_shown", "api_key", "purpose", "is_default", "is_active")
    list_select_related = ("api_key",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SenderLine]:
        return visible_rows(request, super().get_queryset(request))

    @admin.display(description=gettext_lazy("label"), ordering="label")
    def label_shown(self, line: SenderLine) -> str:
        return display.untrusted(line.label)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(
            db_field, request, **{"queryset": accounts.visible_to(request.user), **kwargs}
        )


@admin.register(ApiKey)
class ApiKeyAdmin(MaskedColumns, AppAdmin):
    """Accounts: the token can be entered but is never shown; credit and pause have buttons."""

    form = AccountForm
    inlines = (SenderLineInline,)
    change_list_template = "sepahan_django/admin/account_list.html"
    change_form_template = "sepahan_django/admin/account_form.html"
    list_display = ("name", "is_active", "is_default", "credit_shown", "pause_shown")
    # What the gateway said may repeat a number, and what stopped the inbox are SMS.
    content_columns = {"pause_shown": "pause_plain", "inbox_shown": "inbox_plain"}
    money_columns = ("credit_shown",)
    money_fields = (
        "credit",
        "credit_checked_at",
        "credit_was_low",
        "pause_kind",
        "pause_reason",
        "pause_code",
    )
    plain_fields = ("title", "base_url")
    readonly_fields = ("credit_shown", "pause_shown", "inbox_shown")

    @method_decorator(sensitive_post_parameters("token"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        hide_in_post(request, "token")
        return super().changeform_view(request, *args, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = ["title", "token", "base_url", "is_active", "is_default", "groups"]
        if obj is not None and not self.has_change_permission(request, obj):
            fields.remove("token")
        if obj is not None:
            fields += ["credit_shown", "pause_shown", "inbox_shown"]
            if obj.is_limited and not obj.groups.exists():
                fields.insert(fields.index("groups"), "is_limited")
        return fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        return super().get_queryset(request).filter(pk__in=accounts.visible_to(request.user).values("pk"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not the account in the settings, which would come back with the next message, and none in use: its
        page would have to list the million messages that keep it."""
        return super().has_delete_permission(request, obj) and not (
            obj and (obj.is_from_settings or accounts.is_used(obj))
        )

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> Any:
        actions = actions_of(super(), request, action_location)
        actions.pop("delete_selected", None)  # it asks for no account's own permission
        return actions

    @admin.display(description=gettext_lazy("title"), ordering="title")
    def name(self, account: ApiKey) -> str:
        return display.untrusted(account.title)

    @admin.display(description=gettext_lazy("credit"))
    def credit_shown(self, account: ApiKey) -> str:
        return display.credit(account)

    @admin.display(description=gettext_lazy("pause"))
    def pause_shown(self, account: ApiKey) -> str:
        return display.untrusted(account.pause_reason) if account.is_paused else display.EMPTY

    @admin.display(description=gettext_lazy("pause"))
    def pause_plain(self, account: ApiKey) -> str:
        """Without the gateway's own words."""
        if not account.is_paused:
            return display.EMPTY
        # A pause by the project's own code has no kind, and may follow one of the gateway's.
        code = account.pause_code if account.pause_kind else None
        return error_text(code) if code is not None else _("paused")

    @admin.display(description=gettext_lazy("inbox"))
    def inbox_plain(self, account: ApiKey) -> str:
        return _("stopped") if account.inbox_stop_reason else _("working")

    @admin.display(description=gettext_lazy("inbox"))
    def inbox_shown(self, account: ApiKey) -> str:
        return display.untrusted(account.inbox_stop_reason) if account.inbox_stop_reason else _("working")

    # Pages and buttons

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("generate/", view(self.generate), name="sepahan_django_generate"),
            path("<int:pk>/credit/", view(self.check_credit), name="sepahan_django_credit"),
            path("<int:pk>/try-now/", view(self.try_now), name="sepahan_django_try_now"),
            path("<int:pk>/inbox-new/", view(self.accept_inbox), name="sepahan_django_inbox_new"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        accounts.settings_account()
        context = {"may_generate": may(request, "generate_api_key"), **(extra_context or {})}
        return super().changelist_view(request, context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        context["may_view_credit"] = may(request, "view_credit")
        context["may_change"] = self.has_change_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def check_credit(self, request: HttpRequest, pk: int) -> HttpResponse:
        def check(account: ApiKey) -> str:
            credit = accounts.refresh_credit(account)
            return _("The credit is %(credit)s.") % {"credit": display.money_text(credit)}

        return self._button(request, pk, allowed=may(request, "view_credit"), work=check)

    def try_now(self, request: HttpRequest, pk: int) -> HttpResponse:
        def resume(account: ApiKey) -> str:
            accounts.resume(account)
            self.log_change(request, account, _("Pause ended manually."))
            return _("The pause has ended; the worker will try again.")

        return self._button(request, pk, allowed=self.has_change_permission(request), work=resume)

    def accept_inbox(self, request: HttpRequest, pk: int) -> HttpResponse:
        def accept(account: ApiKey) -> str:
            inbox.accept_as_new(account)
            self.log_change(request, account, _("Stopped inbox: messages accepted as new."))
            return _("The next fetch stores them as new messages.")

        return self._button(request, pk, allowed=self.has_change_permission(request), work=accept)

    def _button(
        self, request: HttpRequest, pk: int, *, allowed: bool, work: Callable[[ApiKey], str]
    ) -> HttpResponse:
        """Handle a POST that does one thing to an account, report the result, return to the account."""
        if not allowed:
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        account = accounts.visible_to(request.user).filter(pk=pk).first()
        if account is None:
            raise Http404
        try:
            self.message_user(request, work(account), messages.SUCCESS)
        except (SepahanError, accounts.AccountError) as error:
            self.message_user(request, describe(error), messages.ERROR)
        return HttpResponseRedirect(self._address("sepahan_django_apikey_change", pk))

    @method_decorator(sensitive_post_parameters())
    def generate(self, request: HttpRequest) -> HttpResponse:
        """Make a token from user name and password, which stay in this request alone."""
        if not (may(request, "generate_api_key") and self.has_add_permission(request)):
            raise PermissionDenied
        hide_in_post(request, "username", "password")
        form = GenerateForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                account = accounts.generate_api_key(**form.cleaned_data)
            except (SepahanError, accounts.AccountError) as error:
                form.add_error(None, describe(error))
            else:
                self.log_addition(request, account, _("Token created at the gateway."))
                self.message_user(request, _("Token created and stored."), messages.SUCCESS)
                return HttpResponseRedirect(self._address("sepahan_django_apikey_change", account.pk))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Create a token"),
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "sepahan_django/admin/generate.html", context)

    def _address(self, name: str, *args: Any) -> str:
        return reverse(f"{self.admin_site.name}:{name}", args=args)
