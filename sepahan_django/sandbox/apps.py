from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SandboxConfig(AppConfig):
    name = "sepahan_django.sandbox"
    label = "sepahan_sandbox"
    verbose_name = _("SMS sandbox")
    default_auto_field = "django.db.models.BigAutoField"
