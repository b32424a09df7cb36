"""The admin, the language switch and, where there is no gateway, the sandbox."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
if "sepahan_django.sandbox" in settings.INSTALLED_APPS:
    urlpatterns.append(path("sandbox/", include("sepahan_django.sandbox.urls")))
