"""A PostgreSQL and a folder for one run of the measurements."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bookonce.platform.embedded import EmbeddedPostgres
from bookonce.platform.schema import migrate
from bookonce.platform.settings import Settings
from tests.running import database_named


@dataclass(frozen=True, slots=True)
class Scratch:
    """The server's address and a folder that a system user may pass through."""

    url: str
    folder: Path

    async def database(self, name: str) -> str:
        """A new, migrated database; its address."""
        connection = await asyncpg.connect(self.url)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        url = database_named(self.url, name)
        await migrate(url)
        return url

    async def drop(self, name: str) -> None:
        """Give a database's place on disk back."""
        connection = await asyncpg.connect(self.url)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()

    def postmaster(self) -> int:
        """The process whose children serve the connections."""
        (cluster,) = (self.folder / "data").glob("postgres*/postmaster.pid")
        return int(cluster.read_text().splitlines()[0])


@contextmanager
def scratch() -> Iterator[Scratch]:
    """Start a database of our own; nothing is left of it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="bookonce-bench-"))
    folder.chmod(0o711)  # the database runs as a system user
    postgres = EmbeddedPostgres(folder / "data", Settings.read().postgres_bin)
    try:
        yield Scratch(postgres.acquire(), folder)
    finally:
        postgres.release()
        shutil.rmtree(folder, ignore_errors=True)
