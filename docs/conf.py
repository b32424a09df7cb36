"""Settings of the documentation's build: `make docs`. No network, no database."""

from typing import Any

import django
from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.db.models import Model

settings.configure(
    SECRET_KEY="only for the documentation",  # noqa: S106
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "sepahan_django",
    ],
    LANGUAGE_CODE="en",
    USE_TZ=True,
)
django.setup()

import sepahan_django  # noqa: E402 - after the settings

project = "sepahan_django"
version = release = sepahan_django.__version__
copyright = "the sepahan_django developers"

extensions = ["sphinx.ext.autodoc"]
html_theme = "alabaster"
html_theme_options = {"description": "SMS through Sepahan Gostar", "page_width": "1080px"}
html_show_sourcelink = False

# Docstrings mark code by single backquotes.
default_role = "literal"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 100

nitpick_ignore_regex = [
    # Types in signatures may be of inner modules, which have no page.
    ("py:class", ".*"),
    # Names of other projects are not resolved, since that takes the network.
    ("py:.*", r"(?!sepahan_django\.).*"),
]


def without_signature(
    app: Any, what: str, name: str, member: Any, options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None] | None:
    """Django makes the instances of these: their arguments are of no use to a reader."""
    if isinstance(member, type) and issubclass(member, Model | ModelAdmin):
        return "", None
    return None


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", without_signature)
