"""A shop whose lines to its database and its provider can fail, and a sound one to recover with."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bookonce.availability.installation import Installation
from bookonce.payments.provider import ProviderError
from bookonce.payments.providers.stripe import StripePayments
from bookonce.platform.database import Database
from bookonce.platform.retry import RetryPolicy
from bookonce.torture.proxies import Proxy, proxy_to
from tests.localstripe import SECRET_KEY, FaultyLine, LocalStripe

QUICK = RetryPolicy(base_ms=1)
ONCE = RetryPolicy(attempts=1, base_ms=1)


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, and nothing is caught."""


class Doomed:
    """A provider whose first failure is the end of the process that asks it."""

    def __init__(self, provider: StripePayments) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._provider, name)
        if not callable(found):
            return found

        async def ask(*arguments: Any) -> Any:
            try:
                return await found(*arguments)
            except ProviderError as error:
                raise Killed from error

        return ask


@dataclass(frozen=True)
class Place:
    """Everything that a run needs."""

    database_url: str
    faulty_url: str
    proxy: Proxy
    stripe: LocalStripe
    stripe_line: FaultyLine

    @asynccontextmanager
    async def faulty(self, *, doomed: bool = False) -> AsyncIterator[Installation]:
        """A process whose lines may fail; `doomed`: a failure of the provider's line ends it."""
        database = Database(self.faulty_url, connections_max=1, retry=QUICK)
        await database.open()
        provider = StripePayments(
            secret_key=SECRET_KEY, api_base=self.stripe_line.api_base, timeout_s=0.4
        )
        installation = Installation(
            database,
            providers={"stripe": Doomed(provider) if doomed else provider},
        )
        try:
            yield installation
        finally:
            await provider.close()
            database._pool.terminate()

    @asynccontextmanager
    async def sound(self) -> AsyncIterator[Installation]:
        """Another process, to which nothing happens."""
        database = Database(self.database_url, connections_max=2)
        await database.open()
        provider = StripePayments(secret_key=SECRET_KEY, api_base=self.stripe.api_base)
        try:
            yield Installation(database, providers={"stripe": provider})
        finally:
            await provider.close()
            await database.close()


@pytest.fixture(scope="module")
def stripe() -> Iterator[LocalStripe]:
    with LocalStripe() as running:
        yield running


@pytest.fixture
async def place(
    new_database: Callable[[], str], scratch: Path, stripe: LocalStripe
) -> AsyncIterator[Place]:
    import asyncio

    url = await asyncio.to_thread(new_database)
    with (
        tempfile.TemporaryDirectory(dir=scratch) as folder,
        FaultyLine(stripe.api_base) as stripe_line,
    ):
        async with proxy_to(url, Path(folder) / "s") as (faulty_url, proxy):
            yield Place(url, faulty_url, proxy, stripe, stripe_line)
