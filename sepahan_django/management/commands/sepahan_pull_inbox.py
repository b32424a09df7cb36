"""Fetch inbound messages; meant for cron each minute, or with --loop."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import date
from typing import Any

from sepahan_django import inbox
from sepahan_django.management.base import SepahanCommand, Stopper
from sepahan_django.models import Job
from sepahan_django.values.jalali import parse_typed_date


def day(text: str) -> date:
    """A Jalali or Gregorian day, in any digits."""
    try:
        return parse_typed_date(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


class Command(SepahanCommand):
    help = "Fetches inbound SMS, stores each once, and sends the signal message_received for each."
    job = Job.PULL

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--line", metavar="L", help="only messages to this line")
        parser.add_argument(
            "--since",
            type=day,
            metavar="DATE",
            help="also fetch unread messages since this day, Jalali or Gregorian",
        )

    def work(self, stop: Stopper, **options: Any) -> Mapping[str, str]:
        with self.progress("SMS", options) as progress:
            report = inbox.pull(
                options["account"],
                line=options["line"],
                since=options["since"],
                should_stop=stop,
                progress=progress,
            )
        names = ("stored", "acknowledged", "dispatched", "undispatched")
        self.print_counts({name: report.tally[name] for name in names}, quiet=bool(options["loop"]))
        for title in report.busy:
            self.stdout.write(f"{title}: another process is already fetching")
        return report.troubles
