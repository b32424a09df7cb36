"""A chaos run: `python -m tests.chaos.run --seconds 60 --seed 1`, on the database of DATABASE_URL.

This process is the one who kills. The gateway, the workers and a project that sends are processes of their
own, killed with SIGKILL at random moments and started again, while messages are queued, SMS come in, the
connections to the database are cut and the clock that all share jumps. Then comes quiet, a person decides
about what is in doubt, and the gateway's journal is compared with the database, message by message. Exit
status 1, with what is wrong, when a promise is broken.

The seed decides what is queued and comes in, the n-th fault of each method, and the order of kills, cuts and
jumps. The machine's timing it can't decide; the state machines of the test suite are exact in that too.
"""

import argparse
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django
import requests

MANAGE = (sys.executable, "manage.py")
GATEWAY = (sys.executable, "-m", "tests.chaos.gateway")
PROCESSES = {
    "worker with two threads": (*MANAGE, "sepahan_send_queued", "--loop", "0.2", "--workers", "2"),
    "worker": (*MANAGE, "sepahan_send_queued", "--loop", "0.3"),
    "inbox": (*MANAGE, "sepahan_pull_inbox", "--loop", "0.2"),
    "another inbox": (*MANAGE, "sepahan_pull_inbox", "--loop", "0.5"),
    "states": (*MANAGE, "sepahan_sync_status", "--loop", "0.5"),
    "project": (sys.executable, "-m", "tests.chaos.caller"),
}
EACH_FAULT = {
    "send": "DROP_ANSWER DROP_REQUEST TAKE_LATER HTTP_500 TAKE_AND_500 HTML CUT ENDLESS LATE FEW_IDS MANY_IDS"
    " NEGATIVE_IDS REFUSE_AND_REMEMBER -4 -8 -14 -20 -22 -999",
    "check": "DROP_ANSWER HTTP_500 HTML CUT ENDLESS",
    "receive": "DROP_ANSWER DROP_REQUEST HTTP_500 HTML CUT REORDER MORE_BETWEEN",
    "status": "DROP_ANSWER HTTP_500 HTML CUT",
}
"""What a long run must have seen."""
JUMPS = ("6 minutes", "4 hours", "back", "night", "25 hours")
MAX_WAITING = 4000
TRACEBACK = re.compile(r"^Traceback .*?\n(?=\S)(.*?)$", re.DOTALL | re.MULTILINE)
"""Its last line, which says what was raised."""


class Run:
    """One chaos run, in a folder of its own."""

    def __init__(self, seconds: float, seed: int, folder: Path) -> None:
        self.seconds, self.seed, self.folder = seconds, seed, folder
        self.chance = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.port = _free_port()
        self.journal, self.errors = folder / "journal", folder / "errors"
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "GATEWAY": f"http://127.0.0.1:{self.port}",
            "CHAOS_CLOCK": str(folder / "clock"),
            "CHAOS_DATABASE": str(folder / "chaos.sqlite3"),
            "CHAOS_DISPATCHED": str(folder / "dispatched"),
        }
        self.commands = {
            "gateway": (*GATEWAY, str(self.port), str(self.journal), str(seed)),
            **PROCESSES,
        }

    # Processes

    def start(self, name: str) -> None:
        with self.errors.open("ab") as errors:
            self.children[name] = subprocess.Popen(
                self.commands[name], stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
            )
        if name == "gateway":
            _wait_until(self._gateway_answers)

    def kill(self, name: str) -> None:
        self.stop(self.children[name])
        self.counts["killed"] += 1
        self.counts[f"killed: {name}"] += 1
        self.start(name)

    def stop_all(self) -> None:
        for child in self.children.values():
            self.stop(child)

    def stop(self, child: "subprocess.Popen[bytes]") -> None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def tell(self, **what: Any) -> None:
        requests.post(f"{os.environ['GATEWAY']}/control", json=what, timeout=20).raise_for_status()

    def _gateway_answers(self) -> bool:
        try:
            self.tell()
        except requests.RequestException:
            return False
        return True

    # The run

    def run(self) -> list[str]:
        from tests.chaos import clock

        clock.set_offset(0)
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("flush", interactive=False, verbosity=0)
        try:
            for name in self.commands:
                self.start(name)
            self._trouble()
            self._quiet()
            return self._result()
        finally:
            self.stop_all()

    def _trouble(self) -> None:
        began = time.monotonic()
        jump_every = max(min(self.seconds / 6, 40), 4)
        next_jump = began + jump_every
        jumps = 0
        while time.monotonic() < began + self.seconds:
            self._trying(self._queue_some)
            self._let_some_in()
            self.tell(credit=1000, bad=[f"0912{self.counts['queued'] + self.chance.randrange(200):07}"])
            self._trying(self._attend)
            time.sleep(self.chance.uniform(0.1, 0.5))
            if self.chance.random() < 0.3:
                self.kill(self.chance.choice([*PROCESSES, "gateway"]))
            if self.chance.random() < 0.04:
                self._trying(self._cut)
            if time.monotonic() > next_jump and self._has_pulled():
                self._jump(JUMPS[(jumps + self.seed) % len(JUMPS)])
                jumps += 1
                next_jump = time.monotonic() + jump_every

    def _trying(self, work: Any) -> None:
        """Do what a database that is cut or busy may keep from being done."""
        from django.db import DatabaseError, InterfaceError, connection

        try:
            work()
        except (DatabaseError, InterfaceError):
            self.counts["database failed"] += 1
            connection.close()

    def _queue_some(self) -> None:
        """A few single messages, or a lot at once, some of them with a bad number among them."""
        from sepahan_django.models import OutboundMessage, Priority
        from sepahan_django.sms import send_mass_sms, send_sms
        from tests.chaos import clock

        if OutboundMessage.objects.filter(state="queued").count() > MAX_WAITING:
            return
        serial = self.counts["queued"]
        # Counted before it is stored: when nobody knows whether the commit was done, the numbers are used up.
        if self.chance.random() < 0.4:
            self.counts["queued"] += 1
            expires = clock.now() + timedelta(seconds=1) if self.chance.random() < 0.3 else None
            send_sms(f"0912{serial:07}", f"text {serial}", priority=Priority.URGENT, expires_at=expires)
            return
        count = self.chance.randrange(20, 300)
        self.counts["queued"] += count
        is_one_text = self.chance.random() < 0.3
        send_mass_sms(
            (f"0912{number:07}", "one text" if is_one_text else f"text {number}")
            for number in range(serial, serial + count)
        )

    def _let_some_in(self) -> None:
        # Equal messages come, as votes do.
        self.tell(
            let_in=[
                (f"0935000{self.chance.randrange(50):04}", self.chance.choice(["1", "2", f"text {number}"]))
                for number in range(self.chance.randrange(1, 60))
            ]
        )

    def _attend(self) -> None:
        """What the people of an office do now and then."""
        from sepahan_django import accounts, inbox, outbox
        from sepahan_django.models import ApiKey, OutboundMessage

        for account in ApiKey.objects.all():
            if account.paused_until and self.chance.random() < 0.2:
                accounts.resume(account)
                self.counts["try again now"] += 1
            if account.inbox_stopped_at:
                inbox.accept_as_new(account)
                self.counts["inbox stopped and let go on"] += 1
        if self.chance.random() < 0.05:
            newest = (
                OutboundMessage.objects.filter(state="queued").order_by("-pk").values_list("pk", flat=True)
            )
            self.counts["cancelled"] += outbox.cancel(OutboundMessage.objects.filter(pk__in=list(newest[:5])))
        if self.chance.random() < 0.1:
            failed = OutboundMessage.objects.filter(state="failed", error_code=-999)
            self.counts["sent again"] += outbox.send_again(failed)

    def _cut(self) -> None:
        from tests.chaos.database import cut

        self.counts["connections cut"] += cut(self.chance.uniform(0.5, 4))

    def _has_pulled(self) -> bool:
        from sepahan_django.models import ApiKey

        return ApiKey.objects.exclude(inbox_day=None).exists()

    def _jump(self, name: str) -> None:
        from tests.chaos import clock

        if name == "night":
            now = clock.now() + timedelta(hours=3.5)
            night = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
            seconds = (night + timedelta(hours=1.5) - now).total_seconds()
        else:
            seconds = {"6 minutes": 360, "4 hours": 4 * 3600 + 600, "back": -60, "25 hours": 90000}[name]
        clock.set_offset(clock.offset() + seconds)
        self.counts[f"clock: {name}"] += 1

    # Afterwards

    def _quiet(self) -> None:
        """No more faults. Wait until nothing moves, then let a person decide about what is in doubt."""
        from sepahan_django import outbox
        from sepahan_django.models import OutboundMessage
        from tests.chaos.compare import Journal, doubts_too_early

        self.tell(quiet=True)
        self.stop(self.children.pop("project"))
        self._settle()
        self.too_early = doubts_too_early()
        journal = Journal(self.journal)
        doubtful = OutboundMessage.objects.filter(state="in_doubt")
        was_sent = [m.pk for m in doubtful.iterator() if journal.taken[m.recipient, m.text]]
        self.counts["in doubt, was sent"] = outbox.mark_sent(OutboundMessage.objects.filter(pk__in=was_sent))
        self.counts["in doubt, was not sent"] = outbox.send_again(doubtful.all())
        self._settle()

    def _settle(self) -> None:
        """Bounded, so that a message that is stuck is told and not waited for."""
        from tests.chaos import clock

        until = time.monotonic() + 150
        next_step = time.monotonic() + 4
        while time.monotonic() < until and (self._moving() or time.monotonic() < next_step - 3):
            self.tell(credit=1000)
            self._trying(self._attend_all)
            time.sleep(1)
            if time.monotonic() > next_step:
                # Pauses and doubts are waited for by the clock that all share.
                clock.set_offset(clock.offset() + 660)
                next_step = time.monotonic() + 8

    def _attend_all(self) -> None:
        from sepahan_django import accounts, inbox
        from sepahan_django.models import ApiKey

        for account in ApiKey.objects.all():
            accounts.resume(account)
            if account.inbox_stopped_at:
                inbox.accept_as_new(account)

    def _moving(self) -> bool:
        from sepahan_django.models import InboundMessage, OutboundMessage
        from tests.chaos.compare import Journal

        return (
            OutboundMessage.objects.filter(state__in=("queued", "sending")).exists()
            or InboundMessage.objects.filter(dispatched_at=None).exists()
            or Journal(self.journal).unread > 0
        )

    def _result(self) -> list[str]:
        from tests.chaos.compare import compare

        wrong, figures = compare(self.journal, self.folder / "dispatched")
        wrong += self.too_early
        traces = self.errors.read_text(errors="replace")
        for last_line in TRACEBACK.findall(traces):
            self.counts[f"traceback: {last_line[:100]}"] += 1
        print(
            json.dumps({"seed": self.seed, "seconds": self.seconds} | dict(self.counts) | figures, indent=1)
        )
        if self.seconds >= 300:
            names = [f"{method} {name}" for method, all_ in EACH_FAULT.items() for name in all_.split()]
            wrong += [f"never seen: {name}" for name in names if not figures["faults"].get(name)]
        return wrong


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_until(condition: Any) -> None:
    until = time.monotonic() + 20
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError("The gateway of the chaos run does not start.")
        time.sleep(0.05)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", type=Path, help="a folder in which journal, errors and database stay")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
        wrong = Run(options.seconds, options.seed, options.keep or Path(folder)).run()
    print("\n".join(wrong[:50]) or "nothing sent twice, nothing lost")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
