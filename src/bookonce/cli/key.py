"""`bookonce key create | list | revoke`: by which programs act for a business."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text

from bookonce.business.directories import Directories
from bookonce.cli.options import DatabaseUrl, DataDir
from bookonce.cli.output import err, give_up, out
from bookonce.cli.with_database import with_database
from bookonce.keys import issue, key_rows
from bookonce.keys.issue import Wish
from bookonce.keys.scopes import Scope
from bookonce.platform.actor import COMMAND_LINE
from bookonce.platform.database import Database
from bookonce.platform.settings import Settings

Business = Annotated[str, typer.Option("--business", help="The business's address.")]

key = typer.Typer(
    help="Keys by which programs act for a business.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@key.command()
def create(
    business: Business,
    name: Annotated[str, typer.Option(help="What it is called; best after the program.")],
    scope: Annotated[
        str, typer.Option(help=f"What it is for, separated by commas: {', '.join(Scope)}.")
    ],
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="For how long it is good.")
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print a new key, and nothing else, on standard output."""
    scopes = _scopes(scope)

    async def act(database: Database, _: Settings) -> str:
        now = datetime.now(UTC)
        expires_at = now + timedelta(days=days) if days else None
        _key, secret = await issue.create(
            database,
            (await Directories(database).current(business)).business_id,
            Wish(name, scopes, expires_at),
            actor=COMMAND_LINE,
            rights=None,
            now=now,
        )
        return secret

    typer.echo(with_database(data_dir, database_url, act))
    err.print("Shown this once: only its hash is kept.", style="dim")


@key.command(name="list")
def list_(business: Business, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """List a business's keys, with those that are over."""

    async def act(database: Database, _: Settings) -> Table:
        table = Table("id", "name", "key", "scopes", "made by", "good until", "last used")
        business_id = (await Directories(database).current(business)).business_id
        for each in await database.run(key_rows.of_business, business_id):
            table.add_row(
                str(each.id),
                Text(each.name),
                f"{each.shown}…",
                ", ".join(sorted(each.scopes)),
                Text(each.made_by),
                f"{each.expires_at:%Y-%m-%d}" if each.expires_at else "revoked",
                f"{each.last_used_at:%Y-%m-%d %H:%M}" if each.last_used_at else "never",
            )
        return table

    out.print(with_database(data_dir, database_url, act))


@key.command()
def revoke(
    key_id: Annotated[UUID, typer.Argument(help="Its id, as `key list` tells it.")],
    business: Business,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Take a key away: it is refused from the next request on."""

    async def act(database: Database, _: Settings) -> None:
        business_id = (await Directories(database).current(business)).business_id
        await issue.revoke(database, business_id, key_id, actor=COMMAND_LINE, now=datetime.now(UTC))

    with_database(data_dir, database_url, act)
    out.print("revoked")


def _scopes(text: str) -> list[Scope]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in set(Scope)]
    if unknown:
        give_up(f"--scope: there is no {unknown[0]!r}; expected some of {', '.join(Scope)}")
    return [Scope(name) for name in names]
