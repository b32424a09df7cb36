"""What became of sent messages: when to ask (`schedule`), asking the gateway, and recording its answers."""

from sepahan_django.delivery.asking import BATCH, MAX_REFRESHED, SyncReport, refresh, sync
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

# Earlier names, kept for projects that import them.
MOST_AT_ONCE = MAX_REFRESHED
Report = SyncReport

__all__ = [
    "BATCH",
    "FIRST_ASK",
    "FRESH",
    "MAX_REFRESHED",
    "MOST_AT_ONCE",
    "NIGHT",
    "NIGHT_MARGIN",
    "OLD",
    "OLDEST",
    "Report",
    "SyncReport",
    "first_ask",
    "is_night",
    "next_ask",
    "next_night",
    "refresh",
    "sync",
]
