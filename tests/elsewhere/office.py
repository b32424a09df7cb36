from django.contrib.admin.apps import AdminConfig


class OfficeConfig(AdminConfig):
    default_site = "tests.elsewhere.sites.OfficeSite"
    default = False
