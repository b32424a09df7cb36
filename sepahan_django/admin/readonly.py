"""Pages of records that nobody writes by hand."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from sepahan_django.admin import display


class RecordAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Read only: no add, no change; deletion is left to `sepahan_prune`. Lists don't count a large table."""

    show_full_result_count = False
    list_per_page = 50
    actions_on_bottom = True

    class Media:
        css = {"all": ("sepahan_django/admin.css",)}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {"sepahan_notes": display.account_notes(request), **(extra_context or {})}
        return super().changelist_view(request, context)
