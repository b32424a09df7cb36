"""Another project: its own model of users, with another kind of id, and its own admin site."""

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS

AUTH_USER_MODEL = "elsewhere.Person"
ROOT_URLCONF = "tests.elsewhere.urls"
INSTALLED_APPS = [
    "tests.elsewhere.office.OfficeConfig" if name == "django.contrib.admin" else name
    for name in INSTALLED_APPS
]
INSTALLED_APPS.insert(0, "tests.elsewhere")
if not DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Beside that of the suite, which is in use while these tests run.
    DATABASES["default"]["TEST"] = {"NAME": "test_sepahan_elsewhere"}
