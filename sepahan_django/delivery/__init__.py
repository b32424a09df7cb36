"""What became of sent messages: when to ask (`schedule`), asking the gateway, and recording its answers."""

from sepahan_django.delivery.asking import BATCH, MOST_AT_ONCE, Report, refresh, sync
from sepahan_django.delivery.schedule import (
    FIRST_ASK,
    FRESH,
    NIGHT,
    NIGHT_MARGIN,
    OLD,
    OLDEST,
    first_ask,
    is_night,
    next_ask,
    next_night,
)

__all__ = [
    "BATCH",
    "FIRST_ASK",
    "FRESH",
    "MOST_AT_ONCE",
    "NIGHT",
    "NIGHT_MARGIN",
    "OLD",
    "OLDEST",
    "Report",
    "first_ask",
    "is_night",
    "next_ask",
    "next_night",
    "refresh",
    "sync",
]
