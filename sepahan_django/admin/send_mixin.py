"""An action for the lists of a project's own admin: send SMS to those that are selected."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.contrib import admin, messages
from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django import drafts
from sepahan_django.admin.kit.permissions import may
from sepahan_django.db.chunks import walk
from sepahan_django.values.jalali import format_date, format_datetime

OBJECT_CHUNK = 500
"""Objects in memory at once. The key of each is a parameter of the queries for what its paths lead over."""
ACTION = "send_sms_to_selected"


class SendSmsMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Gives a ModelAdmin the action *Send SMS to selected items*, for users who may send SMS.

    `sepahan_phone` says where the number is: a field, a path over relations (`customer__mobile` or
    `customer.mobile`), or a method of this ModelAdmin, which takes the object, or of the model.
    `sepahan_columns` says what texts can use as `{name}`: names of the same kinds or, to call a column
    something else, pairs of such a name and a title.

    The action stores a draft and goes on to the page where the text is written; nothing is sent before
    that is checked and confirmed. An object without a number is among the rows that are left out there.
    """

    sepahan_phone: str = ""
    sepahan_columns: Sequence[str | tuple[str, Any]] = ()

    def __init__(self, model: type[Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        # Here and not as an attribute of the class, which the project's own `actions` would hide.
        if self.actions is not None and ACTION not in self.actions:
            self.actions = [*self.actions, ACTION]

    def has_send_sms_permission(self, request: HttpRequest) -> bool:
        """Whether the action is offered."""
        return may(request, "send_message") and bool(self._write_address())

    @admin.action(description=gettext_lazy("Send SMS to selected items"), permissions=["send_sms"])
    def send_sms_to_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        source = capfirst(str(self.opts.verbose_name_plural))
        try:
            with transaction.atomic():
                draft = drafts.start(request.user, source=source)
                drafts.fill(draft, self._sms_rows(queryset))
        except drafts.DraftError as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
        return HttpResponseRedirect(f"{self._write_address()}?draft={draft.pk}")

    def _write_address(self) -> str:
        """The address of the write page: in this admin site, else in the default one; empty if in neither."""
        for namespace in (self.admin_site.name, admin.site.name):
            try:
                return reverse(f"{namespace}:sepahan_django_send")
            except NoReverseMatch:
                continue
        return ""

    # What the rows are

    def _sms_rows(self, queryset: QuerySet[Any]) -> Iterator[tuple[object, dict[str, object]]]:
        columns = self._sms_columns()
        for one in self._sms_objects(queryset):
            number = self._sms_value(one, self.sepahan_phone)
            values: dict[str, object] = {
                title: _cell_text(self._sms_value(one, name, for_text=True)) for name, title in columns
            }
            is_empty = number is None or not str(number).strip()
            yield drafts.NoNumber(one) if is_empty else number, values

    def _sms_columns(self) -> list[tuple[str, str]]:
        """Name and title of each; the title may be a lazy translation."""
        pairs = ((one, one) if isinstance(one, str) else one for one in self.sepahan_columns)
        return [(name, str(title)) for name, title in pairs]

    def _sms_objects(self, queryset: QuerySet[Any]) -> Iterator[Any]:
        """The objects by primary key, a chunk at a time, each with the relations of its paths."""
        return walk(queryset.prefetch_related(*self._sms_relations()), chunk=OBJECT_CHUNK)

    def _sms_relations(self) -> list[str]:
        """The relations that the paths follow, to be fetched per chunk and not one by one."""
        found: dict[str, None] = {}
        for name in (self.sepahan_phone, *(name for name, _title in self._sms_columns())):
            model: Any = self.model
            over: list[str] = []
            for part in _parts(name):
                field = _field(model, part)
                if field is None or not (field.many_to_one or field.one_to_one) or not field.related_model:
                    break
                over.append(part)
                model = field.related_model
            if over:
                found["__".join(over)] = None
        return list(found)

    def _sms_value(self, one: Any, name: str, *, for_text: bool = False) -> Any:
        """What the name stands for; None where the path ends early."""
        first, *_rest = _parts(name)
        method = getattr(self, name, None)
        if callable(method) and _field(self.model, first) is None:
            return method(one)
        found = one
        for part in _parts(name):
            label = f"get_{part}_display"
            try:
                found = getattr(found, label if for_text and hasattr(found, label) else part)
            except ObjectDoesNotExist:
                return None
            found = found() if callable(found) else found
            if found is None:
                return None
        return found

    # What is wrong with it

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Unresolvable names, found when the project starts rather than when a user selects rows."""
        names = [("sepahan_phone", self.sepahan_phone)]
        names += [("sepahan_columns", name) for name, _title in self._sms_columns()]
        wrong: list[CheckMessage] = [
            Error(
                f"{type(self).__name__}.{attribute}: “{name}” is not a field or method of "
                f"{self.opts.label}, nor a method of {type(self).__name__}.",
                hint='Name a field, a path such as "customer__mobile", or a method.',
                obj=type(self),
                id="sepahan.E019",
            )
            for attribute, name in names
            if not self._sms_is_there(name)
        ]
        return [*super().check(**kwargs), *wrong]

    def _sms_is_there(self, name: str) -> bool:
        if not name:
            return False
        if callable(getattr(self, name, None)):
            return True
        *over, last = _parts(name)
        model: Any = self.model
        for part in over:
            field = _field(model, part)
            if field is None:
                return hasattr(model, part)  # a method or a property, which may give anything
            if not field.related_model or field.one_to_many or field.many_to_many:
                return False
            model = field.related_model
        field = _field(model, last)
        return hasattr(model, last) if field is None else not (field.one_to_many or field.many_to_many)


def _parts(name: str) -> list[str]:
    return name.replace("__", ".").split(".")


def _field(model: Any, name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _cell_text(value: Any) -> str:
    """A value as a text can say it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return format_datetime(value if timezone.is_aware(value) else timezone.make_aware(value))
    return format_date(value) if isinstance(value, date) else str(value)
