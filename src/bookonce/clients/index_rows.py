"""Whether the index is there by which clients are found, and what makes it."""

from __future__ import annotations

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

EXTENSIONS = ("pg_trgm", "btree_gin")
MADE_BY = (
    *(f"CREATE EXTENSION IF NOT EXISTS {each}" for each in EXTENSIONS),
    "CREATE INDEX client_found ON client USING gin (business_id, found_by gin_trgm_ops) "
    "WITH (gin_pending_list_limit = 1024)",
)
"""What the migration tries, too."""

_HAS_INDEX = Statement(
    """
    SELECT EXISTS (
        SELECT 1 FROM pg_index
        WHERE indexrelid = to_regclass('client_found') AND indrelid = to_regclass('client')
          AND indisvalid AND indisready)
    """
)
_LACKING = Statement(
    """
    SELECT name FROM unnest(:names::text[]) AS name
    WHERE NOT EXISTS (SELECT 1 FROM pg_available_extensions AS offered WHERE offered.name = name.name)
    """
)


async def has_index(connection: Connection) -> bool:
    """Whether the index is there and in use."""
    return bool(await _HAS_INDEX.value(connection))


async def extensions_lacking(connection: Connection) -> list[str]:
    """Those of the extensions that the database's server doesn't have."""
    return [row["name"] for row in await _LACKING.rows(connection, names=list(EXTENSIONS))]
