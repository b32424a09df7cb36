"""Reading many rows in bounded memory."""

from collections.abc import Iterator
from typing import TypeVar

from django.db.models import Model, QuerySet

CHUNK = 1000

M = TypeVar("M", bound=Model)


def walk(rows: "QuerySet[M]", *, newest_first: bool = False, chunk: int = CHUNK) -> Iterator[M]:
    """The rows in the order of their ids, one query a chunk.

    `iterator()` is not enough: the driver of MariaDB reads the whole answer before it gives its first row.
    """
    ordered = rows.order_by("-pk" if newest_first else "pk")
    beyond = "pk__lt" if newest_first else "pk__gt"
    found = list(ordered[:chunk])
    while found:
        yield from found
        if len(found) < chunk:
            return
        found = list(ordered.filter(**{beyond: found[-1].pk})[:chunk])
