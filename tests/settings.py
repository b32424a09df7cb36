"""Settings of the test suite. DATABASE_URL chooses the database; SQLite, in a file, without it."""

import os
import tempfile
from pathlib import Path

import environ

env = environ.Env()

SECRET_KEY = "a key for tests that is long enough to be one"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "Asia/Tehran"
LANGUAGE_CODE = "en"
LANGUAGES = [("fa", "فارسی"), ("en", "English")]
ROOT_URLCONF = "tests.urls"
STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "sepahan_django",
    "sepahan_django.sandbox",
    "example_project.shop",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": env.db("DATABASE_URL", default="sqlite:///:memory:")}
if DATABASES["default"]["ENGINE"].endswith("mysql"):
    # That it has no partial indexes is known; Django 6.1 says so at each command.
    SILENCED_SYSTEM_CHECKS = ["models.W037"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file and not memory, because threads and other processes look at it too. Nothing waits for the disk.
    folder = Path(tempfile.gettempdir()) / f"sepahan-tests-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    name = str(folder / "tests.sqlite3")
    DATABASES["default"] |= {
        "NAME": name,
        "TEST": {"NAME": name},
        "OPTIONS": {"timeout": 20, "init_command": "PRAGMA synchronous=OFF"},
    }

SEPAHAN = {"API_KEY": "0123456789abcdef0123456789abcdef", "SENDER": "3000123456", "TIMEOUT": (1, 2)}
SEPAHAN_SANDBOX_ENABLED = True
