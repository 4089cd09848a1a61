"""What most commands of an operator are: something done in a database that is up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from bookonce.cli.database import database_url as running_database
from bookonce.cli.database import opened
from bookonce.cli.options import read_settings
from bookonce.cli.output import plain_errors
from bookonce.platform.database import Database
from bookonce.platform.schema import migrate
from bookonce.platform.settings import Settings

T = TypeVar("T")


def with_database(
    data_dir: Path | None,
    database_url: str | None,
    act: Callable[[Database, Settings], Awaitable[T]],
) -> T:
    """Do it, and return what it returns. Refusals end the command with a message."""

    async def run(url: str, settings: Settings) -> T:
        await migrate(url)
        async with opened(url) as database:
            return await act(database, settings)

    with plain_errors():
        settings = read_settings(data_dir, database_url)
        with running_database(settings) as url:
            return asyncio.run(run(url, settings))
