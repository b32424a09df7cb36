"""Delete what is old."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from sepahan_django.jobs import pruning
from sepahan_django.management.base import SepahanCommand, Stopper, positive_count


class Command(SepahanCommand):
    help = (
        "Deletes finished messages and their requests, and drafts, that are older than DAYS days; "
        "with --blank, deletes only the texts and numbers of messages."
    )
    has_loop = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than", type=positive_count, required=True, metavar="DAYS")
        parser.add_argument(
            "--blank", action="store_true", help="keep the rows but remove texts and numbers from them"
        )

    def work(self, stop: Stopper, **options: Any) -> Mapping[str, str]:
        with self.progress("rows", options) as progress:
            work = pruning.blank if options["blank"] else pruning.prune
            counts = work(
                before=timezone.now() - timedelta(days=options["older_than"]),
                should_stop=stop,
                progress=progress,
            )
        self.print_counts(counts)
        return {}
