"""The gateway's journal against the database, message by message."""

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.chaos.gateway import final_status

Key = tuple[str, str]
"""Recipient and text: no two messages of a run share both."""

FORGOTTEN = timedelta(hours=3, minutes=50)


class Journal:
    """What the gateway did, by its journal."""

    def __init__(self, path: Path) -> None:
        self.taken: Counter[Key] = Counter()
        self.by_id: dict[int, Key] = {}
        self.refused_in_part: set[Key] = set()
        self.remembered: set[str] = set()
        self.came: Counter[tuple[str, ...]] = Counter()
        self.read = 0
        self.inbound: list[tuple[str, ...]] = []
        self.batches: list[Counter[tuple[str, ...]]] = []
        """What each mark marked."""
        self.faults: Counter[str] = Counter()
        for line in path.read_text().splitlines():
            self._add(*json.loads(line))

    def _add(self, what: str, *facts: Any) -> None:
        if what == "took":
            for number, _sender, recipient, text in facts[2]:
                self.taken[recipient, text] += 1
                self.by_id[number] = (recipient, text)
        elif what == "refused":
            self.refused_in_part |= {(recipient, text) for recipient, text in facts[0]}
        elif what == "remembered":
            self.remembered.add(facts[0])
        elif what == "came":
            self.inbound += [(one["line"], one["date"], one["sender"], one["text"]) for one in facts[0]]
            self.came.update(self.inbound[-len(facts[0]) :])
        elif what == "read":
            self.read += len(facts[0])
            self.batches.append(Counter(self.inbound[index] for index in facts[0]))
        elif what == "said":
            self.faults[f"send {facts[0]}"] += 1
        elif what == "asked" and facts[1] != "ACCEPT":
            self.faults[f"{facts[0]} {facts[1]}"] += 1

    @property
    def unread(self) -> int:
        return self.came.total() - self.read


def compare(path: Path, dispatched: Path) -> tuple[list[str], dict[str, Any]]:
    """What is wrong, as sentences, and the figures."""
    journal = Journal(path)
    wrong, figures = _outbound(journal)
    more_wrong, more_figures = _inbound(journal, dispatched)
    return wrong + more_wrong, figures | more_figures | {"faults": dict(sorted(journal.faults.items()))}


def _outbound(journal: Journal) -> tuple[list[str], dict[str, Any]]:
    from sepahan_django.models import OutboundMessage

    wrong: list[str] = []
    states: Counter[str] = Counter()
    limits: Counter[str] = Counter()
    known = set()
    rows = OutboundMessage.objects.values_list(
        "recipient", "text", "state", "gateway_id", "error_code", "request__request_id"
    )
    for recipient, text, state, gateway_id, code, request_id in rows.iterator():
        key = (recipient, text)
        taken = journal.taken[key]
        known.add(key)
        states[state] += 1
        is_sent = state in ("sent", "delivered", "undelivered")
        if taken > 1:
            wrong.append(f"accepted {taken} times: {key}")
        if is_sent and not taken:
            if gateway_id is None and key in journal.refused_in_part:
                limits["refused alone in an accepted request whose answer was lost"] += 1
            elif gateway_id is None and request_id in journal.remembered:
                limits["refused in a request whose id the gateway knows as received all the same"] += 1
            else:
                wrong.append(f"called {state} and never accepted: {key}")
        if taken and not is_sent:
            wrong.append(f"accepted and called {state}: {key}")
        if gateway_id is not None:
            if journal.by_id.get(gateway_id) != key:
                wrong.append(f"has the id of another message: {key}")
            if state != "sent" and (final_status(gateway_id) == 1) != (state == "delivered"):
                wrong.append(f"called {state} against the gateway's word: {key}")
        if state in ("queued", "sending", "in_doubt"):
            wrong.append(f"left {state}: {key}")
        if state == "failed" and code not in (-4, -999):
            wrong.append(f"failed with {code}, which says nothing of the message: {key}")
    wrong += [f"accepted and not in the database: {key}" for key in journal.taken if key not in known]
    figures = {"outbound": states.total(), "states": dict(states), "accepted": journal.taken.total()}
    return wrong, figures | {"limits met": dict(limits)}


def _inbound(journal: Journal, dispatched: Path) -> tuple[list[str], dict[str, Any]]:
    from sepahan_django.models import ApiKey, InboundMessage

    stored: Counter[Any] = Counter(
        InboundMessage.objects.values_list("line", "gateway_date", "sender", "text").iterator()
    )
    lost = journal.came - stored
    swallowed = 0
    # Equal to the second to *all* of a batch whose mark was not answered: a limit that the documentation
    # tells. A part of a batch is none.
    for batch in journal.batches:
        if batch and batch <= lost:
            lost -= batch
            swallowed += batch.total()
    wrong = [
        f"came in {journal.came[key]} times and is stored {stored[key]} times: {key}"
        for key in lost | (stored - journal.came)
    ]
    seen = {int(line) for line in dispatched.read_text().split()} if dispatched.exists() else set()
    pks = set(InboundMessage.objects.values_list("pk", flat=True).iterator())
    wrong += [f"inbound message {pk} was never dispatched" for pk in sorted(pks - seen)]
    wrong += [
        f"inbound message {pk} is not called dispatched"
        for pk in InboundMessage.objects.filter(dispatched_at=None).values_list("pk", flat=True)[:20]
    ]
    if ApiKey.objects.exclude(inbox_stopped_at=None).exists():
        wrong.append("the inbox has stopped")
    figures = {"inbound": stored.total()}
    return wrong, figures | {"equal to the second to all of a batch in doubt, taken for it": swallowed}


def doubts_too_early() -> list[str]:
    """Messages left to a person although the gateway could still have been asked."""
    from django.db.models import F

    from sepahan_django.models import SendRequest

    unresolved = SendRequest.objects.filter(state="unresolved")
    early = unresolved.filter(finished_at__lt=F("first_attempt_at") + FORGOTTEN)
    return [f"left to a person too early: request {request.request_id}" for request in early]
