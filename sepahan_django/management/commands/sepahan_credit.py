"""Ask for the credit."""

from collections.abc import Mapping
from typing import Any

from sepahan_django import accounts
from sepahan_django.gateway.errors import SepahanError
from sepahan_django.management.base import SepahanCommand, Stopper
from sepahan_django.models import Job
from sepahan_django.wording import describe


class Command(SepahanCommand):
    help = "Fetches the credit of the accounts, in Rials, and stores it."
    has_loop = False
    job = Job.CREDIT

    def work(self, stop: Stopper, **options: Any) -> Mapping[str, str]:
        credits, troubles = {}, {}
        for row in accounts.active_accounts(options["account"]):
            try:
                credits[row.title] = accounts.refresh_credit(row)
            except (SepahanError, accounts.AccountError) as error:
                troubles[row.title] = describe(error)
        self.print_counts(credits)
        return troubles
