"""Send what is queued; meant for cron each minute, or as a worker with --loop."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from sepahan_django import outbox
from sepahan_django.management.base import SepahanCommand, Stopper, positive_count
from sepahan_django.models import Job, MessageState


class Command(SepahanCommand):
    help = "Sends the queued SMS that are due, and resolves requests left without an answer."
    job = Job.SEND

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--limit", type=positive_count, metavar="N", help="at most this many messages")
        parser.add_argument(
            "--workers",
            type=positive_count,
            default=1,
            metavar="N",
            help="number of simultaneous requests",
        )

    def work(self, stop: Stopper, **options: Any) -> Mapping[str, str]:
        with self.progress("SMS", options) as progress:
            report = outbox.drain(
                options["account"],
                limit=options["limit"],
                workers=options["workers"],
                patient=bool(options["loop"]),
                should_stop=stop,
                progress=progress,
            )
        names = (MessageState.SENT, MessageState.FAILED, MessageState.EXPIRED, MessageState.IN_DOUBT)
        counts = {name.value: report.tally[name.value] for name in names}
        self.print_counts(counts | {"requests": report.tally["requests"]}, quiet=bool(options["loop"]))
        return report.troubles
