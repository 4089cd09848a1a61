"""Businesses at hand while they change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bookonce.booking import apply_file
from bookonce.business import business_rows
from bookonce.business.directories import Directories
from bookonce.business.document import Business
from bookonce.platform.database import Database
from tests.factories import a_business

Open = Callable[[Business], Awaitable[str]]
NOW = datetime.now(UTC)


class Gate:
    """Lets a function of rows do its work, and keeps its answer back."""

    def __init__(self, work: Callable[..., Awaitable[Any]]) -> None:
        self._work = work
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.is_reached = asyncio.Event()

    async def __call__(self, *arguments: Any) -> Any:
        keeps_back = not self.is_open.is_set()
        found = await self._work(*arguments)
        if keeps_back:
            self.is_reached.set()
            await self.is_open.wait()
        return found

    def close(self) -> None:
        self.is_open.clear()
        self.is_reached.clear()


async def test_an_answer_that_comes_late_finds_the_business_put_away_meanwhile(
    database: Database, open_business: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, version, load = (
        business_rows.version, Gate(business_rows.version), Gate(business_rows.load)
    )  # fmt: skip
    monkeypatch.setattr(business_rows, "version", version)
    monkeypatch.setattr(business_rows, "load", load)
    slug = await open_business(a_business())
    directories = Directories(database)
    await directories.current(slug)

    version.close()
    late = asyncio.create_task(directories.current(slug))
    await version.is_reached.wait()  # it knows that what is at hand is current, and isn't told yet
    monkeypatch.setattr(business_rows, "version", at_once)
    await apply_file.apply(database, a_business(slug, name="Another name"), now=NOW)
    load.close()
    early = asyncio.create_task(directories.current(slug))
    await load.is_reached.wait()  # it has put away what was at hand
    version.is_open.set()
    await asyncio.wait([late])
    load.is_open.set()
    assert (await early).version == 2
    assert late.result().version == 1
