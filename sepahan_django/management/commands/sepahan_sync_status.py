"""Ask what became of sent messages; meant for cron every few minutes, or with --loop."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from sepahan_django import delivery
from sepahan_django.management.base import SepahanCommand, Stopper, positive_count
from sepahan_django.models import Job


class Command(SepahanCommand):
    help = "Checks the delivery status of the sent SMS that are due for a check."
    job = Job.SYNC

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--limit", type=positive_count, metavar="N", help="at most this many messages")

    def work(self, stop: Stopper, **options: Any) -> Mapping[str, str]:
        with self.progress("SMS", options) as progress:
            report = delivery.sync(
                options["account"], limit=options["limit"], should_stop=stop, progress=progress
            )
        names = ("asked", "changed", "delivered")
        self.print_counts({name: report.tally[name] for name in names}, quiet=bool(options["loop"]))
        return report.troubles
