"""Make a token with the panel's user name and password, and store it."""

import os
from argparse import ArgumentParser
from collections.abc import Mapping
from getpass import getpass
from typing import Any

from django.core.management.base import CommandError

from sepahan_django import accounts
from sepahan_django.gateway.secrets import Secret
from sepahan_django.management.base import SepahanCommand, Stopper


class Command(SepahanCommand):
    help = (
        "Creates a token at the gateway and stores it, encrypted, as an account. Prompts "
        "for the panel username and password, or reads them from SEPAHAN_USERNAME and "
        "SEPAHAN_PASSWORD; they are not stored."
    )
    has_loop = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--title", required=True, help="title of the token and of the account")
        parser.add_argument("--domain", required=True, help="panel domain without its suffix: sepahansms")
        parser.add_argument(
            "--ip", action="append", default=[], help="an allowed IP address; may be repeated"
        )
        parser.add_argument(
            "--base-url", default="", help="the gateway's address, if it differs from the settings"
        )

    def work(self, stop: Stopper, **options: Any) -> Mapping[str, str]:
        row = accounts.generate_api_key(
            title=options["title"],
            # Taken out, so that nothing that this process starts or reports has them after it.
            username=Secret(os.environ.pop("SEPAHAN_USERNAME", "") or self._asked("Username: ", input)),
            password=Secret(os.environ.pop("SEPAHAN_PASSWORD", "") or self._asked("Password: ", getpass)),
            domain=options["domain"],
            ips=options["ip"],
            base_url=options["base_url"],
        )
        self.stdout.write(f"stored as account {row.title}, token {row.token!r}")
        return {}

    def _asked(self, prompt: str, ask: Any) -> str:
        try:
            answer = str(ask(prompt))
        except EOFError:
            answer = ""
        if not answer:
            raise CommandError("A username and a password are needed to create a token.")
        return answer
