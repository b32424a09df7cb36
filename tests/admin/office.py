"""A project with an admin site of its own, to which it has given all pages one by one."""

from django.contrib.admin import AdminSite, site
from django.urls import path

office = AdminSite(name="office")
for _model, _pages in site._registry.items():
    office.register(_model, type(_pages))
urlpatterns = [path("office/", office.urls)]
