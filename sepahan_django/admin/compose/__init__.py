"""Write, check, send: the pages over a stored draft, below the list of outbound messages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path

from sepahan_django.admin.compose.check import check_view
from sepahan_django.admin.compose.refused import refused_view
from sepahan_django.admin.compose.write import write_view


def urls(site: admin.AdminSite) -> list[URLPattern]:
    """The pages' addresses in this admin site, which handles login and CSRF."""

    def page(view: Any) -> Any:
        def with_site(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
            request.current_app = site.name
            answer: HttpResponseBase = view(request, site=site, **arguments)
            return answer

        return site.admin_view(with_site)

    return [
        path("send/", page(write_view), name="sepahan_django_send"),
        path("send/<int:draft_id>/", page(check_view), name="sepahan_django_check"),
        path("send/<int:draft_id>/refused/", page(refused_view), name="sepahan_django_refused"),
    ]
