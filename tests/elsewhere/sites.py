"""An admin site that is not called `admin`."""

from django.contrib.admin import AdminSite


class OfficeSite(AdminSite):
    site_header = "The office"

    def __init__(self, name="office"):
        super().__init__(name)
