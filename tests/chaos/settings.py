"""Settings of a chaos run and of its workers: short time-outs, so that claims are old soon."""

import os
import tempfile
from pathlib import Path

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["NAME"] = os.environ.setdefault(
        "CHAOS_DATABASE", str(Path(tempfile.mkdtemp()) / "chaos.sqlite3")
    )
INSTALLED_APPS = [name for name in INSTALLED_APPS if not name.startswith("example_project")]  # noqa: F405
ROOT_URLCONF = "tests.urls"
SEPAHAN = {
    "API_KEY": "0123456789abcdef0123456789abcdef",
    "SENDER": "3000123456",
    "BASE_URL": os.environ["GATEWAY"],
    "TIMEOUT": (0.5, 1),
    "DISPATCH": "none",
}
