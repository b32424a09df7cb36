from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopConfig(AppConfig):
    """A small shop that notifies its customers by SMS about the state of their orders."""

    name = "example_project.shop"
    verbose_name = _("Shop")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from example_project.shop import receivers  # noqa: F401  connects them
