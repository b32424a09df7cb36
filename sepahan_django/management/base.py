"""What the app's commands share: accounts, loops that end cleanly, one line of counts, exit status."""

import signal
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, close_old_connections, connections

from sepahan_django.accounts import AccountError
from sepahan_django.gateway.errors import SepahanError
from sepahan_django.jobs.heartbeat import Heartbeat
from sepahan_django.logs import one_line, without_numbers
from sepahan_django.models import Job
from sepahan_django.values.sentences import Sentence
from sepahan_django.values.sentences import sentence as _
from sepahan_django.wording import by_account, describe

if TYPE_CHECKING:
    from tqdm import tqdm


class Stopper:
    """Turns SIGTERM and SIGINT into a wish to stop after the request that is under way."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __call__(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait, or return True at once when asked to stop."""
        return self._event.wait(seconds)

    @contextmanager
    def listening(self) -> Iterator["Stopper"]:
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {
            number: signal.signal(number, lambda *_args: self._event.set())
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class SepahanCommand(BaseCommand):
    """A command that works once, or every so many seconds with `--loop`.

    Exit status 0: the work is done. Otherwise 1, with one sentence for each account in trouble.
    """

    has_loop = True
    job: Job | None = None
    """The job whose runs are recorded, so that pages can show when it has gone silent."""
    heartbeat = Heartbeat(None)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--account", metavar="T", help="only the account with this title")
        if self.has_loop:
            parser.add_argument(
                "--loop",
                type=positive_number,
                metavar="SECONDS",
                help="keep running until SIGTERM or SIGINT, pausing this many seconds between runs",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Stopper()
        self.heartbeat = Heartbeat(self.job, sparing=bool(options.get("loop")))
        with stop.listening():
            if not options.get("loop"):
                self._once(stop, options)
                return
            told = ""
            while not stop():
                trouble = ""
                try:
                    self._once(stop, options)
                except CommandError as error:
                    # A loop outlives what a run can't do: the next one tries again.
                    trouble = str(error)
                # Once for each change: a gateway that is away for a night must not fill the disk.
                if trouble and trouble != told:
                    self.stderr.write(trouble)
                told = trouble
                close_old_connections()
                stop.wait(options["loop"])

    def _once(self, stop: Stopper, options: dict[str, Any]) -> None:
        self.heartbeat.begin()
        try:
            self._work(stop, options)
        except CommandError as error:
            self.heartbeat.end(describe(error))
            raise
        except Exception as error:  # a mistake in the code, whose words may hold anything
            self.heartbeat.end(type(error).__name__)
            raise
        self.heartbeat.end()

    def _work(self, stop: Stopper, options: dict[str, Any]) -> None:
        try:
            troubles = self.work(stop, **options)
        except (AccountError, SepahanError, ImproperlyConfigured) as error:
            raise CommandError(_safe(describe(error))) from None
        except (DatabaseError, InterfaceError) as error:
            connections.close_all()
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise CommandError(_("The database can't be used: %(why)s", why=reason)) from None
        if troubles:
            # Mailed by cron, and shown on pages: one line each, whatever the gateway has written.
            raise CommandError(by_account((_safe(title), _safe(why)) for title, why in troubles.items()))

    def work(self, stop: Stopper, **options: Any) -> Mapping[str, str]:
        """One run; returns a sentence for each account in trouble."""
        raise NotImplementedError

    def print_counts(self, counts: Mapping[str, int], *, quiet: bool = False) -> None:
        """One line, `a=1 b=2`. A loop prints it only when something happened."""
        if quiet and not any(counts.values()):
            return
        self.stdout.write(" ".join(f"{name}={number}" for name, number in counts.items()))

    @contextmanager
    def progress(self, unit: str, options: Mapping[str, Any]) -> Iterator[Callable[[int], None]]:
        """A sign of life for a long run; and a bar on a terminal, nothing in cron or in a loop."""
        is_watched = self.stdout.isatty() and sys.stderr.isatty() and not options.get("loop")
        bar = _bar(unit) if is_watched else None
        if bar is None:
            yield lambda done: self.heartbeat.beat()
            return
        with bar:
            yield lambda done: self._advance(bar, done)

    def _advance(self, bar: "tqdm[Any]", done: int) -> None:
        bar.update(done)
        self.heartbeat.beat()


def _safe(text: str) -> str:
    """On one line and without whole numbers: it is mailed by cron, and goes into logs."""

    def clean(words: str) -> str:
        return one_line(without_numbers(words))

    return text.cleaned(clean) if isinstance(text, Sentence) else clean(text)


def _bar(unit: str) -> "tqdm[Any] | None":
    """A bar that counts; None without the extra `progress`."""
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(unit=f" {unit}", leave=False)


def positive_number(text: str) -> float:
    """An argument that must be a number above zero."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a positive number")
    return number


def positive_count(text: str) -> int:
    """An argument that must be a whole number above zero."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)
