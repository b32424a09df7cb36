"""Settings of a chaos run and of its workers: short time-outs, so that claims are old soon."""

import os

from django.utils import timezone

from tests.chaos import clock
from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

# The app reads the time in this one way, so all processes of a run live by the clock that they share.
timezone.now = clock.now

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"] |= {"NAME": os.environ["CHAOS_DATABASE"], "OPTIONS": {"timeout": 2}}
INSTALLED_APPS = [name for name in INSTALLED_APPS if not name.startswith("example_project")]  # noqa: F405
INSTALLED_APPS.append("tests.chaos.apps.Chaos")
ROOT_URLCONF = "tests.urls"
SEPAHAN = {
    "API_KEY": "0123456789abcdef0123456789abcdef",
    "SENDER": "3000123456",
    "BASE_URL": os.environ["GATEWAY"],
    "TIMEOUT": (0.5, 1),
    "DISPATCH": os.environ.get("CHAOS_DISPATCH", "none"),
}
