"""What the app's ModelAdmins have in common."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from sepahan_django.admin.kit import history
from sepahan_django.admin.kit.masking import MaskedColumns
from sepahan_django.admin.kit.paging import CappedPaginator
from sepahan_django.admin.kit.permissions import visible_rows
from sepahan_django.values.visible import visible


class AppAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list and a form with the open incidents at their head."""

    change_list_template = "sepahan_django/admin/list.html"
    change_form_template = "sepahan_django/admin/form.html"

    class Media:
        css = {"all": ("sepahan_django/admin.css",)}

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        history.protect_user(request)
        return super().log_deletions(request, queryset)

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Show a message. Titles and the gateway's words in it must not change its direction."""
        super().message_user(request, visible(str(message)), *args, **kwargs)


def actions_of(above: Any, request: HttpRequest, action_location: Any) -> dict[str, Any]:
    """What `get_actions` of the class above gives. Django 6.1 asks for the actions of one place of two, and
    the earlier ones know one place alone."""
    where = {} if action_location is None else {"action_location": action_location}
    actions: dict[str, Any] = above.get_actions(request, **where)
    return actions


class RecordAdmin(MaskedColumns, AppAdmin):
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
