"""What the pages of the messages' list cost on a table of a million rows.

    DATABASE_URL=… python -m benchmarks.admin_lists --rows 1000000

The rows go into a test database of its own, which is removed at the end. Each page is compared with the
floor of the same run, `SELECT … ORDER BY id DESC LIMIT 50` through the bare cursor: compare ratios, since the
milliseconds are those of the machine.
"""

import argparse
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

CHUNK = 500
SPAN = timedelta(days=400)
STATES = {
    "delivered": 0.88,
    "sent": 0.06,
    "undelivered": 0.04,
    "failed": 0.015,
    "cancelled": 0.004,
    "queued": 0.001,
}
RARE = 40
"""Rows of the rarest kind: expired ones, those of a forgotten line, those of a small account."""

COLUMNS = (
    "recipient", "text", "sender", "api_key_id", "campaign_id", "state", "priority", "gateway_id",
    "error_message", "due_at", "created_at", "sent_at", "status_asked",
)  # fmt: skip


def rows(
    count: int, *, accounts: list[int], campaigns: list[int], now: datetime
) -> Iterator[tuple[Any, ...]]:
    dice = random.Random(1)  # noqa: S311 - the same rows in each run
    states, weights = list(STATES), list(STATES.values())
    rare = count // 5
    for number in range(count):
        is_rare = rare <= number < rare + RARE
        created = now - SPAN + SPAN * number / count
        state = "expired" if is_rare else dice.choices(states, weights)[0]
        yield (
            f"0912{dice.randrange(10**7):07}",
            "سلام، سفارش شما فرستاده شد.",
            "3000999" if is_rare else dice.choice(("3000123456", "50001234", "10001234")),
            accounts[-1] if is_rare else dice.choice(accounts[:-1]),
            campaigns[number * len(campaigns) // count] if dice.random() < 0.8 else None,
            state,
            1,
            639_027_944_154_527_200 + number,
            "",
            created,
            created,
            created if state in ("delivered", "sent", "undelivered") else None,
            0,
        )


def fill(count: int) -> None:
    from django.db import connection, transaction
    from django.utils import timezone

    from sepahan_django.models import ApiKey, Campaign, SenderLine

    keys = [ApiKey.objects.create(title=f"account {number}", token="x" * 32).pk for number in range(3)]
    for number in ("3000123456", "50001234", "10001234", "3000999"):
        SenderLine.objects.create(number=number, api_key_id=keys[0])
    campaigns = [Campaign.objects.create(title=f"campaign {number}").pk for number in range(200)]
    chunk: list[Any] = []
    one = f"({', '.join(['%s'] * len(COLUMNS))})"

    def write() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO sepahan_django_outboundmessage ({', '.join(COLUMNS)}) VALUES "  # noqa: S608
                + ", ".join([one] * (len(chunk) // len(COLUMNS))),
                chunk,
            )

    for row in rows(count, accounts=keys, campaigns=campaigns, now=timezone.now()):
        chunk += row
        if len(chunk) == CHUNK * len(COLUMNS):
            write()
            chunk = []
    if chunk:
        write()
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE TABLE sepahan_django_outboundmessage" if connection.vendor == "mysql" else "ANALYZE"
        )


def pages() -> dict[str, str]:
    from sepahan_django.models import ApiKey, Campaign, OutboundMessage

    some, rarest = ApiKey.objects.earliest("pk").pk, ApiKey.objects.latest("pk").pk
    return {
        "first page": "",
        "page 100": f"p={min(100, OutboundMessage.objects.count() // 50)}",
        "state: delivered": "state__exact=delivered",
        "state: failed": "state__exact=failed",
        "state: expired (rare)": "state__exact=expired",
        "line": "line=3000123456",
        "line (rare)": "line=3000999",
        "account": f"account={some}",
        "account (rare)": f"account={rarest}",
        "campaign (recent)": f"campaign={Campaign.objects.latest('pk').pk}",
        "campaign (first)": f"campaign={Campaign.objects.earliest('pk').pk}",
        "today": "created=today",
        "last month": "created=last_month",
        "this year": "created=year",
        "a day last year": "created_from=1404/08/10&created_to=1404/08/10",
        "failed last month": "state__exact=failed&created=last_month",
        "line, last month": "line=3000123456&created=last_month",
        "delivered on a rare line": "state__exact=delivered&line=3000999",
        "a number": "q=09120000001",
        "a beginning": "q=091201",
        "a gateway id": f"q={639_027_944_154_527_200 + 7}",
    }


def median_of(work: Callable[[], Any], times: int) -> float:
    """Milliseconds."""
    taken = []
    for _time in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def measure(times: int) -> None:
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.force_login(User.objects.create_superuser("boss"))

    def floor() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM sepahan_django_outboundmessage ORDER BY id DESC LIMIT 50")
            cursor.fetchall()

    floor()
    lowest = median_of(floor, 50)
    write = sys.stdout.write
    write(f"{connection.vendor}: the floor is {lowest:.2f} ms\n\n")
    write(f"{'':26}{'page ms':>9}{'× floor':>9}{'SQL ms':>9}{'× floor':>9}{'queries':>9}\n")
    address = "/admin/sepahan_django/outboundmessage/"
    for name, query in pages().items():
        path = f"{address}?{query}"
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(path)
        seen = list(queries.captured_queries)  # the next request forgets them
        if answer.status_code != 200:
            raise SystemExit(f"{name}: {answer.status_code} {answer.headers.get('Location', '')}")
        taken = median_of(lambda path=path: client.get(path), times)  # type: ignore[misc]

        def sql(seen: Any = seen) -> None:
            with connection.cursor() as cursor:
                for one in seen:
                    if "outboundmessage" in one["sql"] and one["sql"].startswith("SELECT"):
                        cursor.execute(
                            one["sql"].replace("%", "%%") if connection.vendor != "sqlite" else one["sql"]
                        )
                        cursor.fetchall()

        in_sql = median_of(sql, times)
        write(f"{name:26}{taken:9.1f}{taken / lowest:9.1f}{in_sql:9.1f}{in_sql / lowest:9.1f}{len(seen):9}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment

    setup_test_environment()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        start = time.perf_counter()
        fill(options.rows)
        sys.stdout.write(f"{options.rows} rows written in {time.perf_counter() - start:.0f} s\n")
        measure(options.times)
    finally:
        connection.creation.destroy_test_db("", verbosity=0)


if __name__ == "__main__":
    main()
