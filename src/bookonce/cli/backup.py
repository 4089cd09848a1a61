"""`bookonce backup` and `bookonce restore`: all rows into a file, and into an empty database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bookonce.cli.database import database_url as running_database
from bookonce.cli.options import DatabaseUrl, DataDir, read_settings
from bookonce.cli.output import err, give_up, out, plain_errors
from bookonce.platform import dumps, schema
from bookonce.platform.dumps import DumpError
from bookonce.platform.hosts import connect
from bookonce.platform.readiness import UnfitInstallationError, foundation_faults
from bookonce.platform.settings import Settings
from bookonce.queue import halt_rows

CONNECT_TIMEOUT_S = 10.0
OF_ONE_SERVER = {"job_worker", "job_halt", "claim_release", "transaction_mark"}
"""What the rows of these tables say is about the server that they came from."""


def backup(
    file: Annotated[Path, typer.Argument(help="Where to; must not be there yet.")],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write everything into one file, as it is at one moment. Holds nobody up."""
    with plain_errors(), _dump_errors():
        settings = read_settings(data_dir, database_url)
        if file.exists():
            give_up(f"{file} is there already; name another, it isn't overwritten")
        with running_database(settings) as url:
            tables = asyncio.run(_tables_of(url))
            with _bar("backing up", len(tables)) as tell:
                dumps.dump(url, file, tell, settings.postgres_bin)
    out.print(f"{file}: {file.stat().st_size / 1024**2:.1f} MiB")


async def _tables_of(url: str) -> list[str]:
    """The tables of a database whose schema this version knows; it may be an older one."""
    connection = await connect(url, timeout=CONNECT_TIMEOUT_S)
    try:
        applied = await schema.applied_versions(connection)
        if unknown := schema.unknown_versions(applied):
            give_up(schema.unknown_schema(unknown))
        if not applied:
            give_up("there is nothing to back up: this database has no schema of Bookonce's")
        return await schema.tables(connection)
    finally:
        await connection.close()


def restore(
    file: Annotated[
        Path, typer.Argument(help="What bookonce backup wrote.", exists=True, dir_okay=False)
    ],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Put a backup into an empty database. Its jobs stay off until `bookonce jobs --start`."""
    with plain_errors(), _dump_errors():
        settings = read_settings(data_dir, database_url)
        versions = dumps.versions_of(file, settings.postgres_bin)
        if not versions:
            give_up(f"{file} isn't a file that bookonce backup wrote")
        if unknown := schema.unknown_versions(versions):
            give_up(f"{file} is of another version: {schema.unknown_schema(unknown)}")
        with running_database(settings) as url:
            counts = _restored(url, file, versions, settings)
    for what, number in counts.items():
        out.print(f"{number} {what}")
    out.print(
        "restored; its jobs are off. When it takes the original's place: bookonce jobs --start"
    )


def _restored(url: str, file: Path, versions: list[str], settings: Settings) -> dict[str, int]:
    tables = set(dumps.tables_of(file, settings.postgres_bin))
    tables -= OF_ONE_SERVER | {schema.MIGRATION_TABLE}
    asyncio.run(_prepare(url, versions))
    with _bar("restoring", len(tables)) as tell:
        dumps.restore(url, file, tables, tell, settings.postgres_bin)
    return asyncio.run(_finish(url))


async def _prepare(url: str, versions: list[str]) -> None:
    """Make the schema that the backup's database had, in an empty database, and mark it as one
    that nothing may use until it is done."""
    connection = await connect(url, timeout=CONNECT_TIMEOUT_S)
    try:
        if faults := await foundation_faults(connection):
            raise UnfitInstallationError(faults)
        if found := await schema.tables(connection):
            give_up(
                f"this database isn't empty (it has {', '.join(found[:3])} …), and nothing is "
                "overwritten; name a new --data-dir, or make a new database for --database-url"
            )
        await schema.migrate(url, upto=versions)
        await schema.begin_restoring(connection)
    finally:
        await connection.close()


async def _finish(url: str) -> dict[str, int]:
    """Bring it up to date, turn its jobs off and open it; how much there is of what."""
    connection = await connect(url, timeout=CONNECT_TIMEOUT_S)
    try:
        await schema.migrate(url, restoring=True)
        async with connection.transaction():
            await halt_rows.halt(connection, f"restored on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
            await schema.end_restoring(connection)
        await connection.execute("ANALYZE")
        return {
            f"{table}s" if not table.endswith("s") else f"{table}es": await connection.fetchval(
                f"SELECT count(*) FROM {table}"
            )
            for table in ("business", "client", "appointment")
        }
    finally:
        await connection.close()


@contextmanager
def _dump_errors() -> Iterator[None]:
    try:
        yield
    except DumpError as error:
        give_up(str(error))


@contextmanager
def _bar(what: str, tables: int) -> Iterator[Callable[[str], None]]:
    """A progress bar that moves on with each table."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total} tables"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as shown:
        task = shown.add_task(what, total=tables)

        def tell(table: str) -> None:
            shown.update(task, advance=1, description=f"{what} {table}")

        yield tell
