"""Saved lists, and the page of a list's members."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sepahan_django.admin.kit import display
from sepahan_django.admin.kit.base import AppAdmin
from sepahan_django.admin.saved_lists.members import members_view
from sepahan_django.models import ListMember, RecipientList
from sepahan_django.values.digits import localize_number


@admin.register(RecipientList)
class RecipientListAdmin(AppAdmin):
    """Saved lists by their title. Members are on a separate page: there may be fifty thousand."""

    change_form_template = "sepahan_django/admin/recipient_list.html"
    list_display = ("name", "size", "created_by", "created", "open")
    list_display_links = ("name",)
    list_select_related = ("created_by",)
    # The members of each list on the page are counted.
    list_per_page = 20
    search_fields = ("title",)
    readonly_fields = ("columns_shown", "created_by", "created")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("title",) if obj is None else ("title", "columns_shown", "created_by", "created")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RecipientList]:
        members = ListMember.objects.filter(list=OuterRef("pk")).order_by().values("list")
        sizes = Subquery(members.annotate(size=Count("pk")).values("size"), output_field=IntegerField())
        rows: QuerySet[RecipientList] = super().get_queryset(request)
        return rows.annotate(size=Coalesce(sizes, 0))

    def get_urls(self) -> list[URLPattern]:
        members = self.admin_site.admin_view(self.members)
        name = "sepahan_django_recipientlist_members"
        return [path("<int:pk>/members/", members, name=name), *super().get_urls()]

    def members(self, request: HttpRequest, pk: int) -> HttpResponse:
        return members_view(request, pk, page=self)

    def address_of_members(self, pk: int) -> str:
        return reverse(f"{self.admin_site.name}:sepahan_django_recipientlist_members", args=[pk])

    def save_model(self, request: HttpRequest, obj: RecipientList, form: Any, change: bool) -> None:
        if not change:
            obj.created_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: RecipientList, *args: Any, **kwargs: Any) -> Any:
        """A new list is empty: go on to the page where it is filled."""
        answer = super().response_add(request, obj, *args, **kwargs)
        goes_on = {"_addanother", "_continue", "_popup"} & set(request.POST)
        if goes_on or not self.has_change_permission(request, obj):
            return answer
        return HttpResponseRedirect(self.address_of_members(obj.pk))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What would be deleted, in numbers: Django would show every member of the lists."""
        lists = list(objs)
        members = ListMember.objects.filter(list__in=lists).count()
        names = (
            RecipientList._meta.verbose_name_plural,
            ListMember._meta.verbose_name_plural,
        )
        shown = [
            [
                str(one),
                [_("%(count)s recipients") % {"count": localize_number(one.members.count())}],
            ]
            for one in lists[:100]
        ]
        allowed = self.has_delete_permission(request)
        missing = set() if allowed else {str(RecipientList._meta.verbose_name)}
        return _flat(shown), dict(zip(names, (len(lists), members), strict=True)), missing, []

    @admin.display(description=gettext_lazy("title"), ordering="title")
    def name(self, row: RecipientList) -> str:
        return display.untrusted(row.title)

    @admin.display(description=gettext_lazy("recipients"))
    def size(self, row: Any) -> str:
        return localize_number(row.size)

    @admin.display(description=gettext_lazy("created at"))
    def created(self, row: RecipientList) -> str:
        return display.moment(row.created_at)

    @admin.display(description=gettext_lazy("columns"))
    def columns_shown(self, row: RecipientList) -> str:
        return display.untrusted(" · ".join(row.columns))

    @admin.display(description="")
    def open(self, row: RecipientList) -> str:
        return format_html('<a href="{}">{}</a>', self.address_of_members(row.pk), _("Recipients"))


def _flat(nested: list[list[Any]]) -> list[Any]:
    """As the admin's delete page expects it: each object, followed by the list of its related objects."""
    return [part for pair in nested for part in pair]
