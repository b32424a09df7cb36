from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("office/", admin.site.urls),
    path("sandbox/", include("sepahan_django.sandbox.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
