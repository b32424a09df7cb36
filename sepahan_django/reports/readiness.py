"""How far the app is set up, from what is really there, and the cron lines of this very installation."""

import os
import shlex
import sys
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from sepahan_django import accounts
from sepahan_django.models import ApiKey, Job, JobRun, OutboundMessage

CRON = (
    ("* * * * *", "sepahan_send_queued"),
    ("* * * * *", "sepahan_pull_inbox"),
    ("*/2 * * * *", "sepahan_sync_status"),
    ("0 * * * *", "sepahan_credit"),
)
NEEDED = (Job.SEND, Job.PULL, Job.SYNC)
"""The jobs without which SMS don't go out, come in, or get known to have arrived."""


@dataclass(frozen=True)
class SetupState:
    """What is there: an account whose token can be used, its credit, its line, an SMS that went out, and
    jobs that run."""

    account: ApiKey | None
    line: str = ""
    has_sent: bool = False
    missing_jobs: list[Job] = field(default_factory=list)

    @property
    def has_credit(self) -> bool:
        return self.account is not None and self.account.credit_checked_at is not None

    @property
    def has_jobs(self) -> bool:
        return not self.missing_jobs

    @property
    def is_complete(self) -> bool:
        return self.account is not None and all((self.has_credit, self.line, self.has_sent, self.has_jobs))


def setup_state(hidden: Collection[int] = ()) -> SetupState:
    """How far the app is set up, without the `hidden` accounts. A few queries, none of which reads a large
    table."""
    account = _usable_account(hidden)
    ran = set(JobRun.objects.filter(seen_at__isnull=False).values_list("name", flat=True))
    return SetupState(
        account=account,
        line=accounts.default_sender(account) if account else "",
        has_sent=OutboundMessage.objects.filter(sent_at__isnull=False).exists(),
        missing_jobs=[job for job in NEEDED if job not in ran],
    )


def _usable_account(hidden: Collection[int]) -> ApiKey | None:
    """The default account, else any, that has a token."""
    try:
        rows = [accounts.resolve()]
    except accounts.UnknownAccount:
        rows = []
    if not rows or rows[0].pk in hidden:
        rows = accounts.active_accounts()
    for row in rows:
        if row.pk in hidden:
            continue
        try:
            accounts.token_of(row)
        except accounts.AccountUnusable:
            continue
        return row
    return None


def cron_lines() -> list[str]:
    """What to put into cron, with the real paths of this installation."""
    # In a crontab an unescaped percent sign ends the command.
    command = _manage().replace("%", r"\%")
    return [f"{when} {command} {name}" for when, name in CRON]


def _manage() -> str:
    """The shell's words that run a command of this project from anywhere."""
    script = _manage_py()
    if script is not None:
        return f"cd {shlex.quote(str(script.parent))} && {shlex.quote(_python())} {shlex.quote(script.name)}"
    module = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    settings = f" --settings {shlex.quote(module)}" if module else ""
    # Without a manage.py: from where the server was started, so that the project can be imported.
    return f"cd {shlex.quote(str(Path.cwd()))} && {shlex.quote(_python())} -m django{settings}"


def _python() -> str:
    """The interpreter of this environment, also where a web server has Python inside it."""
    if Path(sys.executable or "").name.startswith("python"):
        return sys.executable
    return str(Path(sys.prefix) / "bin" / "python")


def _manage_py() -> Path | None:
    """The project's manage.py: what runs, or what lies where the project is imported from."""
    started = Path(os.path.abspath(sys.argv[0])) if sys.argv and sys.argv[0] else None
    if started is not None and started.name == "manage.py" and started.is_file():
        return started
    for folder in (Path.cwd(), *(Path(one) for one in sys.path if one)):
        if (folder / "manage.py").is_file():
            return (folder / "manage.py").absolute()
    return None
