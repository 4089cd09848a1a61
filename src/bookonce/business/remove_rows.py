"""A business with everything that is its own, taken out of every table that knows businesses."""

from __future__ import annotations

from graphlib import TopologicalSorter
from uuid import UUID

from bookonce.platform.connection import Connection

_TABLES = """
    SELECT relation.relname AS name, coalesce(array_agg(other.relname::text)
               FILTER (WHERE other.oid <> relation.oid), '{}') AS referring
    FROM pg_class AS relation
    JOIN pg_attribute ON attrelid = relation.oid AND attname = 'business_id' AND NOT attisdropped
    LEFT JOIN pg_constraint ON confrelid = relation.oid AND contype = 'f'
    LEFT JOIN pg_class AS other ON other.oid = conrelid
    WHERE relation.relkind = 'r' AND relation.relnamespace = current_schema()::regnamespace
    GROUP BY relation.relname
"""


async def remove(connection: Connection, business_id: UUID) -> dict[str, int]:
    """Delete every row of a business, in the transaction under way; how many, by table.

    Tables are found in the catalogue, so that none is forgotten when one is added. Those that refer
    to others come before these.
    """
    tables = {row["name"]: set(row["referring"]) for row in await connection.fetch(_TABLES)}
    counts = {}
    for table in TopologicalSorter(tables).static_order():
        status = await connection.execute(
            f'DELETE FROM "{table}" WHERE business_id = $1', business_id
        )
        counts[table] = int(status.rpartition(" ")[2])
    return counts
