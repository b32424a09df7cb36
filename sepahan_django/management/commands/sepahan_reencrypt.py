"""Encrypt the stored tokens with the newest key."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from sepahan_django import accounts
from sepahan_django.management.base import SepahanCommand, Stopper


class Command(SepahanCommand):
    help = (
        "Re-encrypts every stored token with the first key, after a new one was put first "
        'in SEPAHAN["ENCRYPTION_KEYS"] (or SECRET_KEY was changed and the old one moved to '
        "SECRET_KEY_FALLBACKS). The old key can then be removed."
    )
    has_loop = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        pass

    def work(self, stop: Stopper, **options: Any) -> Mapping[str, str]:
        with self.progress("tokens", options) as progress:
            counts, unreadable = accounts.reencrypt(should_stop=stop, progress=progress)
        self.print_counts(counts)
        return {title: _("The token can't be decrypted with any of the keys.") for title in unreadable}
