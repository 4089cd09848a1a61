"""Real parts for every test: a PostgreSQL of our own, a database for each test, a server.

`BOOKONCE_POSTGRES_BIN` names another PostgreSQL's programs to run the whole suite on.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import httpx._transports.default as transports
import pytest

import bookonce.followers  # noqa: F401 - declares who follows events
from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.business.document import Business
from bookonce.payments.providers.on_site import OnSitePayments
from bookonce.platform.database import Database
from bookonce.platform.embedded import EmbeddedPostgres
from bookonce.platform.settings import Settings
from tests.databases import Databases
from tests.running import RunningServer

# Each client would read all authorities' certificates anew, which takes a tenth of a second.
transports.create_ssl_context = functools.cache(transports.create_ssl_context)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder of this run's own that a system user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="bookonce-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster_url(scratch: Path) -> Iterator[str]:
    """A PostgreSQL for this process."""
    embedded = EmbeddedPostgres(scratch / "data", Settings.read().postgres_bin)
    yield embedded.acquire()
    embedded.release()


@pytest.fixture(scope="session")
def databases(cluster_url: str) -> Databases:
    """Migrated databases of that PostgreSQL."""
    return Databases(cluster_url)


@pytest.fixture(scope="session")
def new_database(databases: Databases) -> Callable[[], str]:
    """Makes an empty, migrated database and tells its address."""
    return databases.new


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for one test."""
    yield from databases.lend()


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
        await apply_file.apply(database, business, now=datetime.now(UTC))
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
