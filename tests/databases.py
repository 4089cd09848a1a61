"""A database for each test: as good as new, and seldom new.

Making one costs more than most tests do, and hundreds of them make stopping the server slow. So a
test's database is emptied and given to the next one, unless the test has changed its schema.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from itertools import count

import asyncpg

from bookonce.platform.schema import migrate
from tests.running import database_named

TEMPLATE = "template_for_tests"
AS_SUPERUSER = ("bookonce@", "postgres@")
SIZE_BYTES_MAX = 32 * 1024 * 1024
"""One that was filled isn't worth emptying."""

_SHAPE = """
    WITH relation AS (SELECT oid, xmin FROM pg_class WHERE relnamespace = 'public'::regnamespace),
    found AS (
        SELECT 'relation', oid::text, xmin FROM relation
        UNION ALL SELECT 'column', attrelid || ' ' || attnum, pg_attribute.xmin
            FROM pg_attribute JOIN relation ON relation.oid = attrelid
        UNION ALL SELECT 'default', pg_attrdef.oid::text, pg_attrdef.xmin
            FROM pg_attrdef JOIN relation ON relation.oid = adrelid
        UNION ALL SELECT 'constraint', oid::text, xmin FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT 'trigger', oid::text, xmin FROM pg_trigger
        UNION ALL SELECT 'function', oid::text, xmin FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'setting', setrole::text, xmin FROM pg_db_role_setting
            WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
        UNION ALL SELECT 'migration', version, xmin FROM schema_migration
    )
    SELECT md5(string_agg(found::text, ',' ORDER BY found::text)) FROM found
"""
"""Each row of the catalogue and who wrote it: any change of the schema writes some anew."""
_TABLES = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND relname <> 'schema_migration'
"""
_HANG_UP = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class Databases:
    """The databases of one server's tests. `url` is its address for Bookonce's own user."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._numbers = count(1)
        self._spare: list[str] = []
        asyncio.run(self._make_template())

    def new(self) -> str:
        """The address of a migrated database that nobody has used."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        asyncio.run(_execute(self._url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
        return database_named(self._url, name)

    def lend(self) -> Iterator[str]:
        """The address of an empty, migrated database for as long as a test runs."""
        url = self._spare.pop() if self._spare else self.new()
        yield url
        if asyncio.run(self._emptied(url.replace(*AS_SUPERUSER))):
            self._spare.append(url)

    async def _make_template(self) -> None:
        await _execute(self._url, f"CREATE DATABASE {TEMPLATE}")
        await migrate(database_named(self._url, TEMPLATE))
        template = await asyncpg.connect(database_named(self._url, TEMPLATE).replace(*AS_SUPERUSER))
        try:
            self._shape = await template.fetchval(_SHAPE)
            tables = [name for (name,) in await template.fetch(_TABLES)]
        finally:
            await template.close()
        # In any order, though rows refer to each other.
        self._empty = "SET session_replication_role = replica;" + ";".join(
            f"DELETE FROM {name}" for name in tables
        )

    async def _emptied(self, url: str) -> bool:
        """Empty a database, unless it isn't what the others are."""
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(_HANG_UP)
            size_bytes = await connection.fetchval("SELECT pg_database_size(current_database())")
            if size_bytes > SIZE_BYTES_MAX or await connection.fetchval(_SHAPE) != self._shape:
                return False
            await connection.execute(self._empty)
            return True
        finally:
            await connection.close()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
