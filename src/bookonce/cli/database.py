"""A database for as long as a command runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from bookonce.settings import Settings
from bookonce.store.database import Database
from bookonce.store.embedded import EmbeddedPostgres


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """The address of the database; the embedded one runs while the block does."""
    if settings.database_url:
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(settings.data_dir, settings.postgres_bin)
    try:
        yield embedded.acquire()
    finally:
        embedded.release()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """A small pool for one command."""
    database = Database(url, connections_max=4)
    await database.open()
    try:
        yield database
    finally:
        await database.close()
