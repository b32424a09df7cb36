"""Settings of the example project, read from the environment and from `.env` (see .env.example)."""

from pathlib import Path

import environ

from sepahan_django.sandbox import DEFAULT_LINE, DEFAULT_TOKEN

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
VAR.mkdir(exist_ok=True)

env = environ.Env()
# The demo makes a user with a known password and migrates: never in what `.env` names for production.
if not env.bool("DEMO", default=False):
    env.read_env(ROOT / ".env")

# Off by default; `make demo` turns it on.
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env(
    "SECRET_KEY", default="for the demo only, never for production" if DEBUG else environ.Env.NOTSET
)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "sepahan_django",
    "example_project",
    "example_project.shop",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]
# All pages of the app and of the admin work without a script or a style that is not a file of this server.
CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"default-src": ["'self'"], "img-src": ["'self'", "data:"]}}
ROOT_URLCONF = "example_project.urls"
WSGI_APPLICATION = "example_project.wsgi.application"
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

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR / 'example.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.mysql":
    # The app's indexes serve without their conditions, which MariaDB and MySQL don't have.
    SILENCED_SYSTEM_CHECKS = ["models.W037"]
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Several processes write: wait for each other's locks, and take them when a transaction begins.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;",
    }

AUTH_PASSWORD_VALIDATORS = [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "fa"
LANGUAGES = [("fa", "فارسی"), ("en", "English")]
TIME_ZONE = "Asia/Tehran"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"

if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"sepahan_django": {"handlers": ["console"], "level": "INFO"}},
}

SEPAHAN = {
    "API_KEY": env("SEPAHAN_API_KEY", default=""),
    "BASE_URL": env("SEPAHAN_BASE_URL", default="https://api.sepahansms.com"),
    "SENDER": env("SEPAHAN_SENDER", default=""),
    "CA_BUNDLE": env("SEPAHAN_CA_BUNDLE", default=None),
    "LOW_CREDIT": env.int("SEPAHAN_LOW_CREDIT", default=100_000),
}
if DEBUG and not SEPAHAN["API_KEY"]:
    # Without a real gateway the project uses the sandbox, which it serves itself.
    INSTALLED_APPS.append("sepahan_django.sandbox")
    SEPAHAN |= {
        "API_KEY": DEFAULT_TOKEN,
        "SENDER": DEFAULT_LINE,
        "BASE_URL": env("SEPAHAN_BASE_URL", default="http://127.0.0.1:8000/sandbox"),
    }
