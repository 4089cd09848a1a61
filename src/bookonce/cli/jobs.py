"""`bookonce jobs`: what waits, runs and is dead; another try for the dead."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text

from bookonce.cli.database import database_url as running_database
from bookonce.cli.options import DatabaseUrl, DataDir, read_settings
from bookonce.cli.output import give_up, out, plain_errors, warn
from bookonce.platform.hosts import connect
from bookonce.platform.wake import notify
from bookonce.queue import depth_rows, halt_rows
from bookonce.queue.depth_rows import Depth, Listed

SHOWN_MAX = 100
COLOURS = {"dead": "red", "running": "green"}


def jobs(
    retry: Annotated[
        str | None, typer.Option(help="Try a dead job again: its id, or all.", show_default=False)
    ] = None,
    start: Annotated[
        bool, typer.Option("--start", help="Have the jobs of a restored copy done.")
    ] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List the jobs that wait, run, or are dead."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)
        if start:
            with running_database(settings) as url:
                was_halted = asyncio.run(_start(url))
            out.print("jobs are done from now on" if was_halted else "jobs are done already")
            return
        if retry is None:
            with running_database(settings) as url:
                listed, depth, halted = asyncio.run(_look(url))
            if halted:
                warn(f"jobs are off ({halted}); to have them done: bookonce jobs --start")
            _show(listed, depth)
            return
        job_id = _job_id(retry)
        with running_database(settings) as url:
            revived = asyncio.run(_revive(url, job_id))
    if job_id is not None and not revived:
        give_up(f"there is no dead job {retry}")
    out.print(f"{revived} put back")


def _job_id(text: str) -> UUID | None:
    if text == "all":
        return None
    try:
        return UUID(text)
    except ValueError:
        give_up(f'--retry expects the id of a dead job or "all", got {text!r}')


async def _look(url: str) -> tuple[Sequence[Listed], Depth, str | None]:
    connection = await connect(url, timeout=10)
    try:
        return (
            await depth_rows.unfinished(connection, SHOWN_MAX),
            await depth_rows.depth(connection),
            await halt_rows.halted(connection),
        )
    finally:
        await connection.close()


async def _start(url: str) -> bool:
    connection = await connect(url, timeout=10)
    try:
        async with connection.transaction():
            was_halted = await halt_rows.start(connection)
            await notify(connection)
    finally:
        await connection.close()
    return was_halted


async def _revive(url: str, job_id: UUID | None) -> int:
    connection = await connect(url, timeout=10)
    try:
        async with connection.transaction():
            revived = await depth_rows.revive(connection, job_id)
            await notify(connection)
    finally:
        await connection.close()
    return revived


def _show(listed: Sequence[Listed], depth: Depth) -> None:
    out.print(
        f"{depth.waiting} waiting, {depth.running} running, {depth.dead} dead,"
        f" {depth.workers} at work"
    )
    if not listed:
        return
    table = Table("", "job", "business", "attempts", "since", "id", "last error")
    for one in listed:
        table.add_row(
            Text(one.status, COLOURS.get(one.status, "")),
            one.name,
            Text(one.slug or ""),
            f"{one.attempts} of {one.attempts_max}",
            f"{one.ended_at or one.run_at:%Y-%m-%d %H:%M:%S}",
            str(one.job_id),
            Text(one.error or ""),
        )
    out.print(table)
    if len(listed) == SHOWN_MAX:
        out.print(f"the first {SHOWN_MAX} only")
