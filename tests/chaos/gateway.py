"""The gateway of a chaos run: `python -m tests.chaos.gateway PORT JOURNAL SEED`, a process of its own.

Everything that it takes, marks and says is a line in the journal before it is answered, so a gateway that
is killed comes back with what it knew. The n-th request of a method has the fault that the seed gives it,
before a kill and after.
"""

import json
import os
import random
import sys
import threading
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jdatetime

from tests import faulty_gateway as faults
from tests.chaos import clock
from tests.faulty_gateway import FaultyGateway, Inbound, Sms

DAY = 24 * 3600
TEHRAN = timezone(timedelta(hours=3.5))

ANSWERS = ("DROP_ANSWER", "HTTP_500", "HTML", "CUT", "TAKE_AND_500", "ENDLESS")
# fmt: off
FAULTS: dict[str, tuple[float, tuple[str | int, ...]]] = {
    # method: how many of its requests have a fault, and which
    "send": (0.4, (
        "DROP_ANSWER", "DROP_REQUEST", "TAKE_LATER", "HTTP_500", "TAKE_AND_500", "HTML", "CUT", "ENDLESS",
        "LATE", "FEW_IDS", "MANY_IDS", "NEGATIVE_IDS", "REFUSE_AND_REMEMBER", -8, -14, -22, -999,
    )),
    "check": (0.25, (*ANSWERS, -8)),
    "receive": (0.3, (*ANSWERS, "DROP_REQUEST", "REORDER", "MORE_BETWEEN", -8)),
    "status": (0.2, (*ANSWERS, -8)),
}
# fmt: on


class Chance:
    """In the place of a script: the fault that the seed gives the n-th request of a method."""

    def __init__(self, gateway: "ChaosGateway", method: str) -> None:
        self.gateway, self.method = gateway, method
        self.share, self.names = FAULTS[method]

    def __bool__(self) -> bool:
        return not self.gateway.is_quiet

    def popleft(self) -> Any:
        self.gateway.asked[self.method] += 1
        chance = random.Random(f"{self.gateway.seed} {self.method} {self.gateway.asked[self.method]}")
        name: str | int = chance.choice(self.names) if chance.random() < self.share else "ACCEPT"
        self.gateway.record("asked", self.method, name)
        return getattr(faults, name) if isinstance(name, str) else name


class ChaosGateway(FaultyGateway):
    """A faulty gateway whose state is a journal, with the chaos run's clock and the contract's windows."""

    def __init__(self, port: int, journal: Path, seed: int) -> None:
        super().__init__(port)
        self.seed = seed
        self.is_quiet = False
        self.asked: Counter[str] = Counter()
        self.numbers: dict[int, int] = {}
        self.state.now = clock.seconds
        self.state.late_seconds = 2.5  # the clients of a chaos run give up after 1.5
        for line in journal.read_text().splitlines() if journal.exists() else []:
            self.replay(*json.loads(line))
        self.state.script = Chance(self, "send")  # type: ignore[assignment]
        self.state.check_script = Chance(self, "check")  # type: ignore[assignment]
        self.state.receive_script = Chance(self, "receive")  # type: ignore[assignment]
        self.state.status_script = Chance(self, "status")  # type: ignore[assignment]
        self.journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def record(self, what: str, *facts: Any) -> None:
        # One write: the system has all of the line, or the killed process has written none of it.
        os.write(self.journal, (json.dumps([what, *facts]) + "\n").encode())

    def replay(self, what: str, *facts: Any) -> None:
        """Bring the state to where a line of the journal brought it."""
        if what == "took":
            request_id, at, messages = facts
            self.state.request_ids[request_id] = at
            self.state.ledger += [Sms(*message, request_id, at) for message in messages]
        elif what == "remembered":
            self.state.request_ids[facts[0]] = facts[1]
        elif what == "came":
            self.state.inbound += [Inbound(**one) for one in facts[0]]
        elif what == "read":
            for index in facts[0]:
                self.state.inbound[index].is_read = True
        elif what == "asked":
            self.asked[facts[0]] += 1
        elif what == "set":
            self.change(**facts[0])

    def change(self, *, bad=(), credit=0, quiet=None, honours_marks=None) -> None:  # type: ignore[no-untyped-def]
        """What the chaos run tells the gateway."""
        self.state.bad_numbers |= set(bad)
        self.state.credit += credit
        self.is_quiet = self.is_quiet if quiet is None else quiet
        self.state.honours_marks = self.state.honours_marks if honours_marks is None else honours_marks

    def let_in(self, messages: list[tuple[str, str]]) -> None:
        """SMS from (number, text), dated by the gateway's clock to the second, as votes come in."""
        at = self.state.now()
        stamp = jdatetime.datetime.fromtimestamp(at, tz=TEHRAN).strftime("%Y/%m/%d %H:%M:%S")
        came = [
            {"line": "3000123456", "date": stamp, "sender": sender, "text": text, "at": at}
            for sender, text in messages
        ]
        self.record("came", came)
        self.state.inbound += [Inbound(**one) for one in came]

    def let_more_in(self) -> None:
        self.let_in([("09350000001", "1"), ("09350000002", f"between {len(self.state.inbound)}")])

    def unread(self, body: Any) -> list[Inbound]:
        start = _day_start(body["startDate"]) if body.get("startDate") else self.state.now() - DAY
        return [one for one in super().unread(body) if one.at >= start]

    def may_reorder(self, body: Any, waiting: list[Inbound]) -> bool:
        # Another order together with over a batch waiting, or with one that came between peek and mark, and
        # a lost answer on top: limits that the documentation tells.
        return len(waiting) <= (body["numberOfMessages"] if body.get("markAsRead", True) else 100)

    def mark(self, found: list[Inbound]) -> None:
        ids = {id(one) for one in found}
        self.record("read", [index for index, one in enumerate(self.state.inbound) if id(one) in ids])
        super().mark(found)

    def status(self, one: int, *, is_old: bool) -> int:
        """Final after a while, by the id: most reach their handset. `status` knows those of a day."""
        index = one - faults.FIRST_ID
        if not 0 <= index < len(self.state.ledger):
            return -23
        age = self.state.now() - self.state.ledger[index].at
        if age > DAY and not is_old:
            return -1
        return 8 if age < 20 else final_status(one)

    def is_night(self) -> bool:
        return 1 <= datetime.fromtimestamp(self.state.now(), TEHRAN).hour < 5

    def note(self, method: str, body: Any, headers: dict[str, str]) -> None:
        pass  # a run has too many to keep

    def control(self, body: Any) -> Any:
        with self.lock:
            if came := body.pop("let_in", None):
                self.let_in(came)
            if body:
                self.record("set", body)
                self.change(**body)
        return len(self.state.inbound)


def final_status(one: int) -> int:
    """What becomes of the SMS with this id in the end."""
    return (1, 1, 1, 2, 1, 16, 1, 5)[one % 8]


def _day_start(text: str) -> float:
    year, month, day = (int(part) for part in text.split("/"))
    return jdatetime.datetime(year, month, day, tzinfo=TEHRAN).togregorian().timestamp()


def main() -> None:
    port, journal, seed = sys.argv[1:]
    with ChaosGateway(int(port), Path(journal), int(seed)):
        threading.Event().wait()


if __name__ == "__main__":
    main()
