"""Many rows, a chunk at a time by their keys: read in bounded memory, changed in bounded statements."""

from collections.abc import Callable, Iterator
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from sepahan_django.db.transactions import retrying

ROW_CHUNK = 1000
"""Rows in memory at once. One query for a thousand rows costs little beside the rows themselves."""
KEY_CHUNK = 500
"""Keys in one statement: few enough that it holds no lock for long and has parameters for any database."""

M = TypeVar("M", bound=Model)


def walk(rows: "QuerySet[M]", *, newest_first: bool = False, chunk: int = ROW_CHUNK) -> Iterator[M]:
    """The rows in the order of their keys, one query a chunk.

    `iterator()` is not enough: the driver of MariaDB reads the whole answer before it gives its first row.
    """
    return _walk(rows, attrgetter("pk"), newest_first=newest_first, chunk=chunk)


def walk_values(rows: "QuerySet[Any]", *fields: str, chunk: int = ROW_CHUNK) -> Iterator[tuple[Any, ...]]:
    """The same as (pk, …fields) and not as objects."""
    return _walk(rows.values_list("pk", *fields), itemgetter(0), chunk=chunk)


def _walk(
    rows: "QuerySet[Any, Any]", key: Callable[[Any], Any], *, chunk: int, newest_first: bool = False
) -> Iterator[Any]:
    ordered = rows.order_by("-pk" if newest_first else "pk")
    beyond = "pk__lt" if newest_first else "pk__gt"
    found = list(ordered[:chunk])
    while found:
        yield from found
        if len(found) < chunk:
            return
        found = list(ordered.filter(**{beyond: key(found[-1])})[:chunk])


def each_chunk(
    rows: "QuerySet[Any]",
    change: Callable[[list[Any]], int],
    *,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Call `change` with the keys of these rows, a chunk at a time; returns the sum of what it returns.

    Between the query for the keys and the change others may write the same rows, so `change` has the
    condition in its own statement. The query is tried again after a deadlock, say; whether a change may
    run twice is for `change` to know. `progress` gets how many keys each chunk had.
    """
    keys = rows.order_by("pk").values_list("pk", flat=True)
    total, left = 0, keys
    while not should_stop():
        pks = retrying(lambda left=left: list(left[:KEY_CHUNK]))  # type: ignore[misc]
        if pks:
            total += change(pks)
            progress(len(pks))
        if len(pks) < KEY_CHUNK:
            break
        left = keys.filter(pk__gt=pks[-1])
    return total
