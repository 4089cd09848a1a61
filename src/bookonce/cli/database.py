"""A database for as long as a command runs."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import bookonce.followers  # noqa: F401 - declares who follows events
from bookonce.cli.output import warn
from bookonce.platform.database import Database
from bookonce.platform.embedded import EmbeddedPostgres
from bookonce.platform.postgres_programs import EmbeddedPostgresError
from bookonce.platform.settings import Settings

WATCH_INTERVAL_S = 0.5


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


@contextmanager
def watched_database_url(settings: Settings) -> Iterator[str]:
    """The same for a server: an embedded database that dies is started again within seconds."""
    if settings.database_url:
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(settings.data_dir, settings.postgres_bin)
    done = threading.Event()

    def watch() -> None:
        while not done.wait(WATCH_INTERVAL_S):
            try:
                if embedded.revive():
                    warn("the embedded database had died and was restarted")
            except EmbeddedPostgresError as error:  # processes of the dead one may linger
                warn(str(error))

    watcher = threading.Thread(target=watch, daemon=True)
    try:
        url = embedded.acquire()
        watcher.start()
        yield url
    finally:
        done.set()
        if watcher.is_alive():
            watcher.join()
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
