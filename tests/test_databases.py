"""What one test leaves behind, the next doesn't find."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from tests.databases import Databases

ROW = "INSERT INTO job_schedule VALUES ('sweep', now())"
ROWS = "SELECT count(*) FROM job_schedule"


@pytest.fixture
def lent(databases: Databases) -> Iterator[str]:
    """The database of a test that is still running."""
    yield from databases.lend()


def ask(url: str, statement: str) -> Any:
    async def asked() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(asked())


def used(databases: Databases, statement: str) -> str:
    """A database in which a test did something, and which it has given back."""
    lending = databases.lend()
    url = next(lending)
    ask(url, statement)
    assert next(lending, None) is None
    return url


def test_two_at_once_are_two(databases: Databases, lent: str) -> None:
    assert used(databases, ROW) != lent
    assert ask(lent, ROWS) == 0


def test_rows_are_gone(databases: Databases) -> None:
    before = used(databases, ROW)
    lending = databases.lend()
    assert next(lending) == before  # it is the same one
    assert ask(before, ROWS) == 0
    assert next(lending, None) is None


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE claim DROP CONSTRAINT claim_one_at_a_time",
        "ALTER TABLE job ADD COLUMN more text",
        "ALTER TABLE job ALTER COLUMN status DROP NOT NULL",
        "CREATE TABLE another ()",
        "ALTER TABLE job ALTER COLUMN attempts SET DEFAULT 1",
        "DROP INDEX job_ended",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET jit = on', current_database()); END $$",
        "DELETE FROM schema_migration",
    ],
)
def test_another_schema_is_nobody_else_s(databases: Databases, change: str) -> None:
    changed = used(databases, change)
    lending = databases.lend()
    assert next(lending) != changed
    assert next(lending, None) is None
