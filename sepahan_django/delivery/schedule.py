"""When to ask what became of a message."""

from datetime import datetime, time, timedelta

from sepahan_django.values.jalali import TEHRAN

FIRST_ASK = timedelta(seconds=10)

FRESH = timedelta(hours=24)
"""How long `status` answers."""

OLD = timedelta(days=14)
"""How long `oldStatus` surely answers."""

OLDEST = timedelta(days=30)
"""Until when it may, which is worth one try."""

NIGHT = (time(1, 0), time(5, 0))
"""When `oldStatus` can be used, Tehran time."""

NIGHT_MARGIN = timedelta(minutes=5)


def first_ask(sent_at: datetime) -> datetime:
    """When the state of a message sent at `sent_at` is asked for first."""
    return sent_at + FIRST_ASK


def next_ask(*, sent_at: datetime, asked: int, now: datetime) -> datetime | None:
    """When to ask again a message that was asked for `asked` times; None to let it rest.

    Each pause is half as long again as the last, up to two hours; after a day once a night; after two
    weeks once more, and never after thirty days.
    """
    pause = min(FIRST_ASK * 1.5 ** min(asked, 40), timedelta(hours=2))
    if now + pause - sent_at < FRESH:
        return now + pause
    night = next_night(max(now, sent_at + FRESH))
    if now - sent_at >= OLD or night - sent_at >= OLDEST:
        return None
    return night


def next_night(after: datetime) -> datetime:
    """The start of the first nightly window that begins after this moment."""
    local = after.astimezone(TEHRAN)
    start = datetime.combine(local.date(), NIGHT[0], TEHRAN) + NIGHT_MARGIN
    return start if start > local else start + timedelta(days=1)


def is_night(now: datetime) -> bool:
    """Whether `oldStatus` can be used now."""
    start, end = NIGHT
    return start <= now.astimezone(TEHRAN).time() < end
