"""`bookonce list`, `history`, `revert`, `rename`, `close` and `reopen`: businesses and their
versions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table
from rich.text import Text

from bookonce.booking.change_business import Applied, change_business
from bookonce.business import business_rows, versions
from bookonce.business.change import Change, Entry
from bookonce.business.directories import Directories
from bookonce.business.directory import Directory
from bookonce.cli.business import show_applied
from bookonce.cli.database import database_url as running_database
from bookonce.cli.database import opened
from bookonce.cli.options import DatabaseUrl, DataDir, read_settings
from bookonce.cli.output import out, plain_errors
from bookonce.platform.actor import COMMAND_LINE, Actor
from bookonce.platform.database import Database
from bookonce.platform.schema import migrate

T = TypeVar("T")
Slug = Annotated[str, typer.Argument(help="The business's address.")]
HISTORY_LIMIT = 20


def list(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:  # noqa: A001
    """List the businesses: address, name, version, whether closed, appointments ahead."""

    async def every(database: Database) -> Table:
        table = Table("slug", "name", "version", "closed", "upcoming appointments")
        for one in await database.run(business_rows.every, datetime.now(UTC)):
            table.add_row(
                one.slug, Text(one.name), str(one.version), "closed" if one.closed else "",
                str(one.upcoming),
            )  # fmt: skip
        return table

    out.print(_with_database(data_dir, database_url, every))


def history(
    slug: Slug,
    limit: Annotated[int, typer.Option(min=1, help="So many versions, the latest.")] = (
        HISTORY_LIMIT
    ),
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show the versions of a business: when, who, and what changed. Times are UTC."""

    async def read(database: Database, directory: Directory) -> Table:
        table = Table("version", "when", "who", "what changed")
        for one in await versions.history(database, directory.business_id, limit):
            table.add_row(*_row(one))
        return table

    out.print(_with_business(slug, data_dir, database_url, read))


def _row(entry: Entry) -> tuple[str, str, Text, Text]:
    when = entry.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return str(entry.version), when, Text(_who(entry.actor)), Text("\n".join(entry.changes))


def _who(actor: Actor) -> str:
    role = f" ({actor.role})" if actor.role else ""
    return f"{actor.name or actor.kind}{role}"


def revert(
    slug: Slug,
    version: Annotated[int, typer.Option("--version", min=1, help="Back to this one.")],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make a new version that is equal to an old one."""

    async def back(database: Database, directory: Directory) -> Applied:
        then = await versions.document(database, directory.business_id, version)
        return await change_business(
            database, directory.business_id, None, versions.instead(then),
            actor=COMMAND_LINE, now=datetime.now(UTC)
        )  # fmt: skip

    applied = _with_business(slug, data_dir, database_url, back)
    show_applied(slug, applied.zone, applied)


def rename(
    slug: Slug,
    new_slug: Annotated[str, typer.Argument(help="The address that it is to have.")],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give a business another address; the old one leads to it."""

    async def rename(database: Database, directory: Directory) -> Change:
        return await versions.rename(
            database, directory.business_id, new_slug, actor=COMMAND_LINE, now=datetime.now(UTC)
        )

    _show(slug, _with_business(slug, data_dir, database_url, rename))


def close(slug: Slug, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Have a business take no bookings; those that it has stay."""
    _set_closed(slug, True, data_dir, database_url)


def reopen(slug: Slug, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Have a closed business take bookings again."""
    _set_closed(slug, False, data_dir, database_url)


def _set_closed(slug: str, closed: bool, data_dir: Path | None, database_url: str | None) -> None:
    async def edit(database: Database, directory: Directory) -> Change:
        return await versions.set_closed(
            database, directory.business_id, closed=closed,
            actor=COMMAND_LINE, now=datetime.now(UTC),
        )  # fmt: skip

    _show(slug, _with_business(slug, data_dir, database_url, edit))


def _show(slug: str, change: Change) -> None:
    for line in change.lines or [f"{slug}: nothing to change"]:
        out.print(line)


def _with_business(
    slug: str,
    data_dir: Path | None,
    database_url: str | None,
    act: Callable[[Database, Directory], Awaitable[T]],
) -> T:
    async def found(database: Database) -> T:
        return await act(database, await Directories(database).current(slug))

    return _with_database(data_dir, database_url, found)


def _with_database(
    data_dir: Path | None, database_url: str | None, act: Callable[[Database], Awaitable[T]]
) -> T:
    async def run(url: str) -> T:
        await migrate(url)
        async with opened(url) as database:
            return await act(database)

    with plain_errors():
        with running_database(read_settings(data_dir, database_url)) as url:
            return asyncio.run(run(url))
