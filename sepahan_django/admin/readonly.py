"""Pages of records that nobody writes by hand."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from sepahan_django.admin.pages import AppAdmin
from sepahan_django.admin.paging import CappedPaginator
from sepahan_django.admin.rights import ContentColumns, visible_rows


class RecordAdmin(ContentColumns, AppAdmin):
    """Read only: no add, no change; deletion is left to `sepahan_prune`. Lists don't count a large table."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    list_per_page = 50
    actions_on_bottom = True

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return visible_rows(request, super().get_queryset(request))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
