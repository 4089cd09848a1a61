"""The index by which clients are found: there if it can be, and `doctor` says so if it isn't."""

from __future__ import annotations

import re
from pathlib import Path

import asyncpg
import pytest

import bookonce.platform
from bookonce.cli.doctor import _search
from bookonce.clients import index_rows


async def test_doctor_tells_how_clients_are_found(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert (await _search(connection)).well
        await connection.execute("DROP INDEX client_found")
        missing = await _search(connection)
        assert not missing.well
        assert "CREATE INDEX client_found" in missing.advice
        for statement in index_rows.MADE_BY:
            await connection.execute(statement)
        assert (await _search(connection)).well
    finally:
        await connection.close()


async def test_a_server_without_the_extensions_is_well(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_rows, "EXTENSIONS", ("pg_trgm", "no_such_extension"))
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("DROP INDEX client_found")
        found = await _search(connection)
        assert found.well
        assert "no_such_extension" in found.detail
    finally:
        await connection.close()


def test_the_migration_makes_the_same_index() -> None:
    folder = Path(bookonce.platform.__file__).parent / "migrations"
    text = re.sub(r"\s+", " ", (folder / "0018_clients.sql").read_text())
    for statement in index_rows.MADE_BY:
        assert statement in text
