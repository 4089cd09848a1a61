"""The role that serves requests and does jobs: less than the one that owns the tables.

It reads and writes rows. It can't change the schema, and what happened (`event`) and the books
(`ledger_entry`) it can only add to. `grant_runtime` in the database says what it may.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from bookonce.platform.hosts import connect
from bookonce.platform.schema import CONNECT_TIMEOUT_S, MigrationError


async def grant_runtime(owner_url: str, runtime_url: str) -> None:
    """Give the role of one address what serving needs, as the owner of the tables at the other.

    Raises MigrationError.
    """
    role = role_of(runtime_url)
    connection = await connect(owner_url, timeout=CONNECT_TIMEOUT_S)
    try:
        if role != await connection.fetchval("SELECT current_user::text"):
            await connection.execute("SELECT grant_runtime($1::name)", role)
    except asyncpg.PostgresError as error:
        raise MigrationError(
            f"The role {role!r} can't be given what serving needs ({error}). Have the owner of the "
            f"tables run: SELECT grant_runtime('{role}');"
        ) from None
    finally:
        await connection.close()


def role_of(url: str) -> str:
    """Whom an address names."""
    return unquote(urlsplit(url).netloc.rpartition("@")[0].partition(":")[0])


def with_role(url: str, role: str) -> str:
    """The same address for another role that needs no password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}@{host}"))
