"""A clock that all processes of a chaos run share, and that can be moved while they work.

The file named by CHAOS_CLOCK holds by how many seconds it differs from the machine's.
"""

import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path


def _file() -> Path:
    return Path(os.environ["CHAOS_CLOCK"])


def offset() -> float:
    """Seconds that the shared clock is ahead."""
    return float(_file().read_text())


def set_offset(seconds: float) -> None:
    """Move it, in one step that no reader can see half of."""
    new = _file().with_suffix(".new")
    new.write_text(repr(seconds))
    new.replace(_file())


def seconds() -> float:
    """Now, in seconds since 1970."""
    return time.time() + offset()


def now() -> datetime:
    """Now; what stands in the place of django.utils.timezone.now."""
    return datetime.now(timezone.utc) + timedelta(seconds=offset())
