"""The project's settings for this app: `settings.SEPAHAN`, one dictionary, read here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

DEFAULTS: Mapping[str, Any] = {
    "API_KEY": "",  # token of the account kept in settings
    "BASE_URL": "https://api.sepahansms.com",
    "SENDER": "",  # the line used when none is given
    "TIMEOUT": (5, 30),  # seconds to connect, to read
    "CA_BUNDLE": None,  # path of a PEM file
    "MAX_REQUESTS_PER_SECOND": None,  # for each account and process
    "DISPATCH": "inline",  # inline, task or none
    "INBOX_MODE": "peek",  # peek or direct
    "CLIENT": "sepahan_django.gateway.SepahanClient",
    "LOW_CREDIT": None,  # Rials
    "BULK_THRESHOLD": 100,  # recipients; sending to more takes a further permission
    "CURRENCY_UNIT": "rial",  # rial or toman: what pages show amounts in; they are stored in Rials
    "ENCRYPTION_KEYS": None,  # list of str, newest first; None: from SECRET_KEY and its fallbacks
}

FORMER_KEYS: Mapping[str, str] = {"BULK_THRESHOLD": "MANY", "CURRENCY_UNIT": "MONEY"}
"""What some settings were called before. Projects may keep these names."""

DISPATCHES = ("inline", "task", "none")
INBOX_MODES = ("peek", "direct")
CURRENCY_UNITS = ("rial", "toman")


def configured() -> Mapping[str, Any]:
    """`settings.SEPAHAN` as the project wrote it; empty when it has none."""
    value = getattr(settings, "SEPAHAN", {})
    if not isinstance(value, Mapping):
        raise ImproperlyConfigured("SEPAHAN in the settings must be a dictionary.")
    return value


def setting(name: str) -> Any:
    """The project's `SEPAHAN[name]` or its default, read at the moment of use.

    Raises KeyError for a name that this app does not know.
    """
    default = DEFAULTS[name]
    return configured().get(key_of(name), default)


def key_of(name: str) -> str:
    """The key that the project gives this setting under: the former one where only that is there."""
    given, former = configured(), FORMER_KEYS.get(name)
    return former if former is not None and former in given and name not in given else name


@dataclass(frozen=True)
class Timeouts:
    """How long one HTTP call may take. Seconds."""

    connect: float
    read: float

    @property
    def call(self) -> float:
        """The longest that one call may take."""
        return self.connect + self.read


def timeouts() -> Timeouts:
    """`SEPAHAN["TIMEOUT"]`: a pair of seconds, or one number for both."""
    value = setting("TIMEOUT")
    try:
        connect, read = (value, value) if isinstance(value, int | float) else value
        pair = Timeouts(float(connect), float(read))
    except (TypeError, ValueError):
        pair = Timeouts(0, 0)
    if not (0 < pair.connect < float("inf") and 0 < pair.read < float("inf")):
        raise ImproperlyConfigured(
            'SEPAHAN["TIMEOUT"] must be two positive numbers of seconds: to connect and to read.'
        )
    return pair


def choice(name: str, allowed: tuple[str, ...]) -> str:
    """A setting that must be one of a few words; ImproperlyConfigured says which."""
    value = setting(name)
    if value not in allowed:
        raise ImproperlyConfigured(
            f'SEPAHAN["{key_of(name)}"] must be one of {", ".join(allowed)}; it is {value!r}.'
        )
    return str(value)


def encryption_secrets() -> list[str]:
    """What tokens are encrypted with, newest first."""
    explicit = setting("ENCRYPTION_KEYS")
    if explicit:
        return [explicit] if isinstance(explicit, str) else [str(key) for key in explicit]
    return [str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)]
