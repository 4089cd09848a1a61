"""What the database holds, read beside the server, to tell whether a request wrote anything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any

import asyncpg

Contents = dict[str, tuple[int, str]]


class Ledger:
    """A database as seen over a connection of our own. Opened by `with`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._runner = asyncio.Runner()

    def __enter__(self) -> Ledger:
        try:
            self._connection = self._runner.run(asyncpg.connect(self._url))
        except BaseException:
            self._runner.close()
            raise
        self._tables = [
            table
            for (table,) in self.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            )
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()

    def fetch(self, query: str, *values: Any) -> list[Any]:
        """Run one statement."""
        return list(self._runner.run(self._connection.fetch(query, *values)))

    def contents(self) -> Contents:
        """Each table's rows, counted and digested: equal before and after, nothing was written."""
        digests = (
            f"SELECT '{table}', count(*), md5(string_agg(line, ',' ORDER BY line)) "
            f"FROM (SELECT {table}::text AS line FROM {table}) AS lines"
            for table in self._tables
        )
        rows = self.fetch(" UNION ALL ".join(digests))
        return {table: (count, digest) for table, count, digest in rows}

    def tables_holding(self, text: str) -> list[str]:
        """The tables in which a text stands somewhere."""
        return [
            table
            for table in self._tables
            if self.fetch(f"SELECT 1 FROM {table} WHERE strpos({table}::text, $1) > 0", text)
        ]

    def somebody_waits(self) -> bool:
        """Whether a connection to this database waits for a lock."""
        return bool(
            self.fetch(
                "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) "
                "WHERE datname = current_database() AND NOT granted"
            )
        )

    @contextmanager
    def time_held(self, slug: str, start: datetime, end: datetime) -> Iterator[None]:
        """A rival who writes everyone's time, and takes it all back when the block ends."""
        rival = self._runner.run(asyncpg.connect(self._url))
        transaction = rival.transaction()
        self._runner.run(transaction.start())
        try:
            self._runner.run(
                rival.execute(
                    """
                    INSERT INTO claim (business_id, claim_id, resource_id, during, kind)
                    SELECT business_id, gen_random_uuid(), resource_id, tstzrange($2, $3), 'blocked'
                    FROM resource JOIN business_slug USING (business_id) WHERE slug = $1
                    """,
                    slug,
                    start,
                    end,
                )
            )
            yield
        finally:
            self._runner.run(transaction.rollback())
            self._runner.run(rival.close())
