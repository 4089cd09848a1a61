"""Real parts for every test: a PostgreSQL of our own, a database cloned for each test, a server.

`BOOKONCE_POSTGRES_BIN` names another PostgreSQL's programs to run the whole suite on.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest

from bookonce.channels.on_site_payments import OnSitePayments
from bookonce.core.business import Business
from bookonce.services import business_files
from bookonce.services.installation import Installation
from bookonce.settings import Settings
from bookonce.store.database import Database
from bookonce.store.embedded import EmbeddedPostgres
from bookonce.store.schema import migrate
from tests.running import RunningServer, database_named

TEMPLATE = "template_for_tests"


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder of this run's own that a system user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="bookonce-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster_url(scratch: Path) -> Iterator[str]:
    """A PostgreSQL for this process, with a migrated database to clone."""
    embedded = EmbeddedPostgres(scratch / "data", Settings.read().postgres_bin)
    url = embedded.acquire()
    asyncio.run(_look_after_hundreds_of_databases(url))
    asyncio.run(_make_template(url))
    yield url
    embedded.release()


async def _look_after_hundreds_of_databases(url: str) -> None:
    """Each test has one, and looking at each of them every few seconds would be all that is done."""
    superuser = url.replace("bookonce@", "postgres@")
    await _execute(superuser, "ALTER SYSTEM SET autovacuum_naptime = '1min'")
    await _execute(superuser, "SELECT pg_reload_conf()")


async def _make_template(url: str) -> None:
    await _execute(url, f"CREATE DATABASE {TEMPLATE}")
    await migrate(database_named(url, TEMPLATE))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def new_database(cluster_url: str) -> Callable[[], str]:
    """Makes an empty, migrated database and tells its address."""
    numbers = iter(range(1, 1_000_000))

    def make() -> str:
        name = f"test_{os.getpid()}_{next(numbers)}"
        asyncio.run(_execute(cluster_url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
        return database_named(cluster_url, name)

    return make


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """A database for one test."""
    return new_database()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The test's database, opened."""
    database = Database(database_url, connections_max=20)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def installation(database: Database) -> Installation:
    """What verbs are given; payments are taken by hand."""
    return Installation(database, providers={"on_site": OnSitePayments()})


@pytest.fixture
def open_business(database: Database) -> Callable[[Business], Awaitable[str]]:
    """Applies a business and tells its address."""

    async def apply(business: Business) -> str:
        await business_files.apply(database, business, now=datetime.now(UTC))
        return business.business.slug

    return apply


@pytest.fixture(scope="session")
def server(new_database: Callable[[], str], scratch: Path) -> Iterator[RunningServer]:
    """A real server on its own database, without rate limits, for tests that bring a business."""
    with RunningServer(new_database(), scratch / "server") as running:
        yield running


@pytest.fixture
async def http(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the shared server."""
    async with httpx.AsyncClient(base_url=server.base_url, timeout=30) as client:
        yield client


@pytest.fixture
def serve_business(server: RunningServer) -> Callable[[Business], str]:
    """Applies a business to the shared server's database and tells its API's path."""

    def apply(business: Business) -> str:
        server.apply(business)
        return f"/api/v1/{business.business.slug}"

    return apply
