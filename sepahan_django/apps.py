"""The app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SepahanConfig(AppConfig):
    """SMS through the Sepahan Gostar gateway."""

    name = "sepahan_django"
    label = "sepahan_django"
    verbose_name = _("Sepahan SMS")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from sepahan_django import checks  # noqa: F401  registers them
