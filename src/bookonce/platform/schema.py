"""Bringing the schema up to date with dbmate, and telling whether it is."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, quote, urlencode, urlsplit, urlunsplit

import asyncpg

from bookonce.platform.connection import Connection
from bookonce.platform.hosts import connect

MIGRATION_TABLE = "schema_migration"
RESTORING = "half restored"
"""Stands among the versions while a backup is put in."""
CONNECT_TIMEOUT_S = 10.0
_MIGRATION_LOCK = 0x626F6F6B  # "book": one process migrates at a time
_VERSION = re.compile(r"^(\d+)_")


class MigrationError(Exception):
    """The schema could not be brought up to date; the message says why."""


class ForeignSchemaError(MigrationError):
    """The database is another product's."""

    def __init__(self) -> None:
        super().__init__(
            f"The table {MIGRATION_TABLE} of this database isn't Bookonce's. Name a database of "
            "Bookonce's own in --database-url (BOOKONCE_DATABASE_URL)."
        )


def packaged_versions() -> list[str]:
    """The versions of the migrations that come with this code, ascending."""
    names = (entry.name for entry in files("bookonce.platform").joinpath("migrations").iterdir())
    return sorted(match[1] for name in names if (match := _VERSION.match(name)))


async def applied_versions(connection: Connection) -> list[str]:
    """The versions of the migrations that this database has had. Raises ForeignSchemaError."""
    try:
        rows = await connection.fetch(f"SELECT version FROM {MIGRATION_TABLE} ORDER BY version")
    except asyncpg.UndefinedTableError:
        return []
    except asyncpg.UndefinedColumnError:
        raise ForeignSchemaError from None
    return [row["version"] for row in rows]


async def pending_versions(connection: Connection) -> list[str]:
    """The migrations that this code has and the database hasn't had."""
    applied = set(await applied_versions(connection))
    return [version for version in packaged_versions() if version not in applied]


def unknown_versions(applied: Iterable[str]) -> list[str]:
    """The migrations that a database has had and this code doesn't know."""
    return sorted(set(applied) - set(packaged_versions()))


def is_newer(unknown: list[str]) -> bool:
    """Whether unknown migrations are those of a newer version of this code, not of another one."""
    return all(version > packaged_versions()[-1] for version in unknown)


def unknown_schema(unknown: list[str]) -> str:
    """What an operator is told whose database had migrations that this code doesn't know."""
    if RESTORING in unknown:
        return (
            "A restore into this database didn't come to its end. Make a new database and restore "
            "there."
        )
    who = (
        f"was upgraded by a newer Bookonce (migration {', '.join(unknown)})"
        if is_newer(unknown)
        else f"has had a migration that this Bookonce never had ({', '.join(unknown)})"
    )
    return (
        f"This database {who}, and migrations only go forward. Run that version, or restore the "
        "backup that was made before the upgrade."
    )


async def migrate(
    url: str, *, upto: Iterable[str] | None = None, restoring: bool = False
) -> list[str]:
    """Apply what is pending, each migration in a transaction; returns what was applied.

    `upto` names those that are wanted, if not all are. `restoring` is for who has marked the
    database as half restored. Raises MigrationError, also if the database has had migrations that
    this code doesn't know.
    """
    versions = set(packaged_versions() if upto is None else upto)
    connection = await connect(url, timeout=CONNECT_TIMEOUT_S)
    try:
        unknown = unknown_versions(await applied_versions(connection))
        if unknown and not (restoring and unknown == [RESTORING]):
            raise MigrationError(unknown_schema(unknown))
        if not versions.intersection(await pending_versions(connection)):
            return []
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        pending = sorted(versions.intersection(await pending_versions(connection)))
        if pending:
            host = await connection.fetchval("SELECT coalesce(host(inet_server_addr()), '')")
            tls = await connection.fetchval(
                "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            )
            await _run_dbmate(_dbmate_url(url, host, tls=bool(tls)), versions)
        return pending
    finally:
        await connection.close()


async def tables(connection: Connection) -> list[str]:
    """The tables in the schema that we work in."""
    rows = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
    )
    return [row["tablename"] for row in rows]


async def begin_restoring(connection: Connection) -> None:
    """Mark a database as half restored: no server opens on it."""
    await connection.execute(f"INSERT INTO {MIGRATION_TABLE} (version) VALUES ('{RESTORING}')")


async def end_restoring(connection: Connection) -> None:
    """It is whole."""
    await connection.execute(f"DELETE FROM {MIGRATION_TABLE} WHERE version = '{RESTORING}'")


async def _run_dbmate(url: str, versions: set[str]) -> None:
    with _migrations(versions) as folder:
        process = await asyncio.create_subprocess_exec(
            _dbmate(),
            "--migrations-dir", str(folder),
            "--migrations-table", MIGRATION_TABLE,
            "--no-dump-schema",
            "migrate",
            env={"DATABASE_URL": url},  # not on the command line, where others could read it
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, errors = await process.communicate()
    if process.returncode != 0:
        raise MigrationError(_with_advice(errors.decode(errors="replace").strip()))


@contextmanager
def _migrations(versions: set[str]) -> Iterator[Path]:
    """A folder with the migrations that are wanted and no others."""
    with as_file(files("bookonce.platform").joinpath("migrations")) as every:
        if versions == set(packaged_versions()):
            yield every
            return
        with TemporaryDirectory(prefix="bookonce-migrations-") as some:
            for file in every.iterdir():
                match = _VERSION.match(file.name)
                if match and match[1] in versions:
                    shutil.copy(file, some)
            yield Path(some)


_ADVICE = (
    ("is not available", "Install PostgreSQL's additional modules on the database's machine (on "
     "Debian the package postgresql-contrib)."),
    ("to create extension", "Have the owner of the database, or a superuser, run in it once: "
     "CREATE EXTENSION btree_gist;"),
    ("denied for schema", "Have the owner of the database, or a superuser, run in it once: "
     "GRANT CREATE, USAGE ON SCHEMA public TO the role that migrates;"),
    ("must be owner", "Run bookonce migrate as the role that owns the tables."),
    ("permission denied", "Run bookonce migrate as the role that owns the database."),
    ("startup parameter", "Run bookonce migrate with the address of PostgreSQL itself, not of a "
     "pooler."),
    ("read-only transaction", "Migrate where the database can be written to: at the primary."),
    ("has no equivalent in encoding", "Make the database with ENCODING 'UTF8' TEMPLATE template0."),
    ("No space left", "The database's disk is full. Make room there."),
)  # fmt: skip
"""What to do, by what the database says."""


def _with_advice(said: str) -> str:
    """What was said, and what to do about it, if that is known."""
    return next((f"{said}\n  {advice}" for words, advice in _ADVICE if words in said), said)


def _dbmate() -> str:
    beside = Path(sys.executable).parent / "dbmate"
    found = str(beside) if beside.exists() else shutil.which("dbmate")
    if found is None:
        raise MigrationError("dbmate isn't installed; reinstall Bookonce with its dependencies")
    return found


def _dbmate_url(url: str, connected_host: str, *, tls: bool) -> str:
    """The same address as dbmate understands it: the one host of several that answered us, and
    TLS as we got it, because its driver knows no "try TLS first"."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if query.get("sslmode", "prefer") in ("prefer", "allow"):
        query["sslmode"] = "require" if tls else "disable"
    query.pop("target_session_attrs", None)
    user, at, hosts = parts.netloc.rpartition("@")
    if "," in hosts:
        ports = dict(host.rpartition(":")[::2] for host in hosts.split(","))
        port = ports.get(connected_host) or hosts.rpartition(":")[2]
        hosts = f"{connected_host}:{port}"
    return urlunsplit(
        ("postgres", user + at + hosts, parts.path, urlencode(query, quote_via=quote), "")
    )
