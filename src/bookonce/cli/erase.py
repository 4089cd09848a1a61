"""`bookonce remove` and `bookonce client erase`: what can't be brought back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bookonce.booking.client import normal_email
from bookonce.business import business_rows, remove_rows
from bookonce.business.directories import Directories
from bookonce.business.directory import Directory
from bookonce.cli.database import database_url as running_database
from bookonce.cli.database import opened
from bookonce.cli.options import DatabaseUrl, DataDir, read_settings
from bookonce.cli.output import give_up, out, plain_errors
from bookonce.clients.erase_client import erase_client
from bookonce.platform.actor import COMMAND_LINE
from bookonce.platform.database import Database
from bookonce.platform.schema import migrate

T = TypeVar("T")
Slug = Annotated[str, typer.Argument(help="The business's address.")]
Yes = Annotated[bool, typer.Option("--yes", help="Don't ask.")]

client = typer.Typer(
    help="Clients of a business.", no_args_is_help=True, rich_markup_mode=None,
    add_completion=False,
)  # fmt: skip


@client.callback()
def _client() -> None:
    pass


@client.command()
def erase(
    slug: Slug,
    email: Annotated[str, typer.Argument(help="The client's mail address.")],
    yes: Yes = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Erase what is known of a client; times and prices stay for the books."""
    _ask(f"Erase name, mail address, phone number and notes of {email} at {slug}?", yes)

    async def act(database: Database, directory: Directory) -> int:
        return await erase_client(
            database, directory.business_id, normal_email(email),
            actor=COMMAND_LINE, now=datetime.now(UTC),
        )  # fmt: skip

    visits = _with_business(slug, data_dir, database_url, act)
    out.print(f"erased, in {visits} appointments too; they stand in older backups still")


def remove(
    slug: Slug, yes: Yes = False, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """Remove a business with all its appointments, clients and payments. There is no way back."""

    async def count(database: Database, _: Directory) -> tuple[str, int]:
        found = await database.run(business_rows.every, datetime.now(UTC))
        [one] = [one for one in found if one.slug == slug]
        return one.name, one.upcoming

    if not yes:
        name, upcoming = _with_business(slug, data_dir, database_url, count)
        _ask(
            f"Remove {name} ({slug}), with {upcoming} appointments ahead, for ever? "
            "bookonce backup keeps a copy",
            yes,
        )

    async def act(database: Database, directory: Directory) -> int:
        counts = await database.transaction(remove_rows.remove, directory.business_id)
        return sum(counts.values())

    out.print(f"{slug}: {_with_business(slug, data_dir, database_url, act)} rows removed")


def _ask(question: str, yes: bool) -> None:
    if not yes and not typer.confirm(question, err=True):
        give_up("nothing was changed")


def _with_business(
    slug: str,
    data_dir: Path | None,
    database_url: str | None,
    act: Callable[[Database, Directory], Awaitable[T]],
) -> T:
    async def run(url: str) -> T:
        await migrate(url)
        async with opened(url) as database:
            return await act(database, await Directories(database).current(slug))

    with plain_errors():
        with running_database(read_settings(data_dir, database_url)) as url:
            return asyncio.run(run(url))
