"""`bookonce rezone`: new rules of time zones, and what was promised by the clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.progress import track
from rich.table import Table
from rich.text import Text

from bookonce.booking import rezone as verb
from bookonce.booking.shifts import Shift
from bookonce.business import business_rows
from bookonce.cli.database import database_url as running_database
from bookonce.cli.database import opened
from bookonce.cli.options import DatabaseUrl, DataDir, read_settings
from bookonce.cli.output import err, out, plain_errors, warn
from bookonce.platform.schema import migrate
from bookonce.platform.zone_database import RULES

Told = list[tuple[str, Shift]]
WALL = "%Y-%m-%d %H:%M"


def rezone(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list what would be done.")
    ] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Keep what was promised by the clock when the rules of a time zone have changed."""
    settings = read_settings(data_dir, database_url)
    with plain_errors(), running_database(settings) as url:
        told = asyncio.run(_all(url, dry_run=dry_run))
    _show(told, dry_run=dry_run)
    if any(shift.problem for _, shift in told):
        raise typer.Exit(1)


async def _all(url: str, *, dry_run: bool) -> Told:
    found: Told = []
    await migrate(url)
    async with opened(url) as database:
        now = datetime.now(UTC)
        keep = verb.would_keep_promises if dry_run else verb.keep_promises
        listed = await database.run(business_rows.every, now)
        for one in track(listed, "businesses", console=err, transient=True):
            shifts = await keep(database, one.business_id, now=now)
            found += [(one.slug, shift) for shift in shifts]
    return found


def _show(told: Told, *, dry_run: bool) -> None:
    if not told:
        out.print(f"Everything is at the time that was promised, by the zone rules {RULES}.")
        return
    table = Table("business", "what", "promised", "was (UTC)", "is (UTC)", "", "whose")
    for slug, shift in told:
        there = shift.was + shift.by
        done = shift.problem or ("would be moved" if dry_run else "moved")
        table.add_row(
            slug,
            shift.what.replace("_", " "),
            f"{shift.wall_start.strftime(WALL)} {shift.zone}",
            shift.was.astimezone(UTC).strftime(WALL),
            "" if shift.problem else there.astimezone(UTC).strftime(WALL),
            done,
            Text(shift.about),
        )
    out.print(table)
    stuck = sum(bool(shift.problem) for _, shift in told)
    if stuck:
        warn(
            f"{stuck} can't be put where it was promised: move one of the two, and tell its client."
        )
