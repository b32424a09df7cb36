"""A limit on requests per second."""

import threading
import time
from collections.abc import Callable


class TooBusy(Exception):
    """The next free turn is further off than the caller wants to wait."""


class Pace:
    """Spaces the turns of all threads that share it evenly. Without a limit every turn comes at once."""

    def __init__(
        self,
        per_second: float | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if per_second is not None and not 0 < per_second < float("inf"):
            raise ValueError("max_requests_per_second must be a positive number or None.")
        self._gap = 0.0 if per_second is None else 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = float("-inf")

    def wait(self, *, most: float) -> None:
        """Take the next turn and wait for it; TooBusy, without taking it, if that is over `most` seconds."""
        if not self._gap:
            return
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            if turn - now > most:
                raise TooBusy
            self._next = turn + self._gap
        if turn > now:
            self._sleep(turn - now)
