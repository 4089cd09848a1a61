"""Two servers on one database, and a client that spreads its requests over both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bookonce.platform.database import Database
from tests.running import RunningServer

RACERS = 32


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The test's database with a connection for each racer."""
    database = Database(database_url, connections_max=RACERS)
    await database.open()
    yield database
    await database.close()


class TwoServers:
    """Requests go to one server and the other in turn, each on a connection of its own."""

    def __init__(self, servers: tuple[RunningServer, RunningServer], racers_max: int = 64) -> None:
        limits = httpx.Limits(max_connections=racers_max, max_keepalive_connections=racers_max)
        self.database_url = servers[0].database_url or ""
        self.apply = servers[0].apply
        self._clients = [
            httpx.AsyncClient(base_url=server.base_url, timeout=60, limits=limits)
            for server in servers
        ]
        self._turn = 0

    async def post(
        self, path: str, json: dict[str, Any] | None = None, **more: Any
    ) -> httpx.Response:
        """Send to whoever's turn it is."""
        self._turn += 1
        return await self._clients[self._turn % 2].post(path, json=json, **more)

    async def close(self) -> None:
        """Hang up."""
        for client in self._clients:
            await client.aclose()


@pytest.fixture(scope="module")
def two_running(
    new_database: Callable[[], str], scratch: Path
) -> Iterator[tuple[RunningServer, RunningServer]]:
    """Two processes that share a database and nothing else."""
    url = new_database()
    with (
        RunningServer(url, scratch / "races") as first,
        RunningServer(url, scratch / "other") as second,
    ):
        yield first, second


@pytest.fixture
async def servers(two_running: tuple[RunningServer, RunningServer]) -> AsyncIterator[TwoServers]:
    """The two servers, to race at."""
    both = TwoServers(two_running)
    yield both
    await both.close()
