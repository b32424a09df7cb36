"""A chaos run: `python -m tests.chaos.run --seconds 60 --seed 1`, on the database of DATABASE_URL.

This process is the gateway, with its ledger, and the one who kills. Workers are processes of their own,
killed with SIGKILL at random moments and started again, while messages are queued and come in. Then
comes quiet, and the ledger is compared with the database, message by message. Exit status 1, with what
is wrong, when a promise is broken. The seed decides the faults and the kills, not the machine's timing.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.chaos.settings")

WORKERS = (
    ("sepahan_send_queued", "--loop", "0.2", "--workers", "2"),
    ("sepahan_send_queued", "--loop", "0.3"),
    ("sepahan_pull_inbox", "--loop", "0.2"),
    ("sepahan_sync_status", "--loop", "0.5"),
)
SEND_FAULTS = (
    "DROP_ANSWER", "DROP_REQUEST", "TAKE_LATER", "HTTP_500", "TAKE_AND_500", "HTML", "CUT", "FEW_IDS",
    "MANY_IDS", -8, -14, -999,
)  # fmt: skip
OTHER_FAULTS = ("DROP_ANSWER", "HTTP_500", "HTML", "CUT", "TAKE_AND_500")


class Chance:
    """In the place of a script: faults by chance, none once it is quiet."""

    def __init__(self, chance, names, share, counts):
        self.chance, self.names, self.share, self.counts = chance, names, share, counts
        self.is_quiet = False

    def __bool__(self):
        return not self.is_quiet

    def popleft(self):
        from tests import faults

        if self.chance.random() > self.share:
            return faults.ACCEPT
        name = self.chance.choice(self.names)
        self.counts[name] += 1
        return getattr(faults, name) if isinstance(name, str) else name


def start(words, url):
    environment = os.environ | {"GATEWAY": url}
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def queue_some(chance, counts):
    """A few single messages, or a lot at once, some of them with a bad number among them."""
    from sepahan_django.models import Priority
    from sepahan_django.sms import send_mass_sms, send_sms

    serial = counts["queued"]
    if chance.random() < 0.5:
        send_sms(f"0912{serial:07}", f"text {serial}", priority=Priority.URGENT)
        counts["queued"] += 1
        return
    count = chance.randrange(20, 250)
    is_one_text = chance.random() < 0.3
    send_mass_sms(
        (f"0912{number:07}", "one text" if is_one_text else f"text {number}")
        for number in range(serial, serial + count)
    )
    counts["queued"] += count


def let_some_in(chance, state, counts):
    from tests.faults import Inbound

    for _one in range(chance.randrange(1, 30)):
        # Equal messages come, as votes do, but with the second in which they came.
        stamp = f"1405/09/03 10:{counts['came in'] // 60 % 60:02}:{counts['came in'] % 60:02}"
        text = chance.choice(["1", "2", f"text {counts['came in']}"])
        state.inbound.append(Inbound("3000123456", stamp, f"0935000{chance.randrange(50):04}", text))
        counts["came in"] += 1


def run(seconds, seed):
    from django.db import OperationalError

    from tests.faults import FaultyGateway

    chance, counts, faults_seen = random.Random(seed), Counter(), Counter()
    with FaultyGateway() as gateway:
        os.environ["GATEWAY"] = gateway.url
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("flush", interactive=False, verbosity=0)
        state = gateway.state
        scripts = [
            Chance(random.Random(seed + 1), SEND_FAULTS, 0.35, faults_seen),
            Chance(random.Random(seed + 2), OTHER_FAULTS, 0.3, faults_seen),
            Chance(random.Random(seed + 3), OTHER_FAULTS, 0.2, faults_seen),
            Chance(random.Random(seed + 4), OTHER_FAULTS, 0.2, faults_seen),
        ]
        state.script, state.check_script, state.receive_script, state.status_script = scripts
        children = {words: start(words, gateway.url) for words in WORKERS}
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                queue_some(chance, counts)
            except OperationalError:
                counts["database busy"] += 1
            with gateway.lock:
                let_some_in(chance, state, counts)
                serial = max(counts["queued"] - 50, 0)
                state.bad_numbers.add(f"0912{serial + chance.randrange(300):07}")
            state.credit += 1000
            time.sleep(chance.uniform(0.1, 0.6))
            if chance.random() < 0.6:
                words = chance.choice(WORKERS)
                os.killpg(children[words].pid, signal.SIGKILL)
                children[words].wait()
                counts["killed"] += 1
                children[words] = start(words, gateway.url)
        for script in scripts:
            script.is_quiet = True
        settle(gateway, counts)
        for child in children.values():
            child.terminate()
        for child in children.values():
            child.wait()
        print(f"seed={seed}", dict(counts), dict(faults_seen))
        return compare(state)


def settle(gateway, counts):
    """Wait until nothing moves: bounded, so that a message that is stuck is told and not waited for."""
    from sepahan_django.models import InboundMessage, OutboundMessage

    until = time.monotonic() + 120
    while time.monotonic() < until:
        gateway.state.credit += 1000
        waiting = OutboundMessage.objects.filter(state__in=("queued", "sending")).count()
        undone = InboundMessage.objects.filter(dispatched_at=None).count()
        unread = sum(not one.is_read for one in gateway.state.inbound)
        if not (waiting or undone or unread):
            break
        time.sleep(1)
    counts["waiting at the end"] = waiting


def compare(state):
    """What is wrong, as sentences."""
    from sepahan_django.models import ApiKey, InboundMessage, OutboundMessage

    wrong = []
    taken = Counter((sms.recipient, sms.text) for sms in state.ledger)
    rows = OutboundMessage.objects.values_list("recipient", "text", "state", "gateway_id")
    by_id = {sms.id: (sms.recipient, sms.text) for sms in state.ledger}
    states = Counter()
    known = set()
    for recipient, text, where, gateway_id in rows:
        key = (recipient, text)
        known.add(key)
        states[where] += 1
        is_sent = where in ("sent", "delivered", "undelivered")
        if taken[key] > 1:
            wrong.append(f"accepted {taken[key]} times: {key}")
        if is_sent and not taken[key]:
            wrong.append(f"called {where} and never accepted: {key}")
        if taken[key] and not is_sent:
            wrong.append(f"accepted and called {where}: {key}")
        if gateway_id is not None and by_id.get(gateway_id) != key:
            wrong.append(f"has the id of another message: {key}")
        if where in ("sending", "in_doubt"):
            wrong.append(f"left {where}: {key}")
    wrong += [f"accepted and not in the database: {key}" for key in taken if key not in known]
    came = Counter((one.line, one.date, one.sender, one.text) for one in state.inbound)
    stored = Counter(InboundMessage.objects.values_list("line", "gateway_date", "sender", "text"))
    wrong += [
        f"came in {came[key]} times and is stored {stored[key]} times: {key}"
        for key in came | stored
        if came[key] != stored[key]
    ]
    stopped = ApiKey.objects.exclude(inbox_stopped_at=None).count()
    if stopped:
        wrong.append("the inbox has stopped")
    print("outbound", dict(states), "inbound", stored.total(), "requests", len(state.requests))
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    wrong = run(options.seconds, options.seed)
    print("\n".join(wrong[:50]) or "nothing sent twice, nothing lost")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
