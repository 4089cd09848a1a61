"""`bookonce doctor`: is this installation well, and if not, what to do."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit

import asyncpg
import typer
from rich.table import Table
from rich.text import Text

from bookonce.cli.database import database_url as running_database
from bookonce.cli.options import DatabaseUrl, DataDir, read_settings
from bookonce.cli.output import out, plain_errors
from bookonce.clients import index_rows
from bookonce.messages import check
from bookonce.messages.outgoing import Ways
from bookonce.payments import worry_rows
from bookonce.payments.providers.configured import provider_names
from bookonce.platform.hosts import connect
from bookonce.platform.pooler import pooler_fault
from bookonce.platform.readiness import (
    Fault,
    disk_fault,
    installation_faults,
    skew_s,
    zones,
)
from bookonce.platform.schema import applied_versions
from bookonce.platform.settings import Settings
from bookonce.platform.zone_database import RULES
from bookonce.queue import depth_rows, halt_rows
from bookonce.queue.depth_rows import Depth

FREE_BYTES_MIN = 1024**3
CLOCK_SKEW_S_MAX = 2
LATE_S_MAX = 300
WORRIES_MAX = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `advice` says what to do when it isn't well."""

    subject: str
    well: bool
    detail: str
    advice: str = ""


def doctor(
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    mail: Annotated[
        str | None,
        typer.Option(help="Send a test mail to this address, and look up SPF, DKIM and DMARC."),
    ] = None,
) -> None:
    """Check database, schema, zones, disk and mail; exit code 1 if something is to be done."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)
        with running_database(settings) as url:
            findings = [
                *asyncio.run(_database_findings(url, settings)),
                _zones(),
                _disk(settings),
                *_mail(settings),
                *(asyncio.run(_tried_out(settings, mail)) if mail else ()),
            ]
    table = Table("", "subject", "found", "what to do")
    for finding in findings:
        table.add_row(
            Text("✓", "green") if finding.well else Text("✗", "red"),
            finding.subject,
            Text(finding.detail),
            "" if finding.well else finding.advice,
        )
    out.print(table)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


async def _database_findings(url: str, settings: Settings) -> list[Finding]:
    pooler = await pooler_fault(url)
    found = [_finding("pooler", "none, or one that keeps sessions", pooler)]
    if pooler:
        return found
    connection = await connect(url, timeout=10)
    try:
        return [*found, *[finding async for finding in _examine(connection, settings)]]
    finally:
        await connection.close()


def _finding(subject: str, well: str, fault: Fault | None) -> Finding:
    """What was found of a subject: that it is well, or its fault."""
    if fault is None:
        return Finding(subject, True, well)
    return Finding(subject, False, fault.found, fault.advice)


async def _examine(connection: asyncpg.Connection, settings: Settings) -> AsyncIterator[Finding]:
    faults = {fault.subject: fault for fault in await installation_faults(connection)}
    well = {
        "database": f"PostgreSQL {await connection.fetchval('SHOW server_version')}",
        "writing": "can be written to",
        "encoding": "UTF8",
        "schema": "",
        "rights": "all that is needed",
    }
    if not faults.keys() & {"schema", "rights"}:
        well |= {
            "schema": f"version {(await applied_versions(connection))[-1]}",
            "guard": "one resource, one claim at a time",
            "keys": "each table has its own",
        }
    for subject, detail in well.items():
        if detail or subject in faults:
            yield _finding(subject, detail, faults.get(subject))
    yield _finding("database's disk", "takes what is written", await disk_fault(connection))
    if not faults.keys() & {"schema", "rights"}:
        async for finding in _payments(connection, settings):
            yield finding
        yield await _search(connection)
        halted = await halt_rows.halted(connection)
        for finding in _jobs(await depth_rows.depth(connection), halted):
            yield finding
    yield await _clock(connection)
    durable = await connection.fetch(
        "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', "
        "'synchronous_commit') AND setting = 'off'"
    )
    yield Finding(
        "durability",
        not durable,
        "every answer is on disk first"
        if not durable
        else ", ".join(row["name"] for row in durable) + " off",
        "turn it on, or a power cut loses bookings",
    )


async def _search(connection: asyncpg.Connection) -> Finding:
    """How clients are found. A database that can't have the index isn't ill: it takes longer."""
    if await index_rows.has_index(connection):
        return Finding("clients", True, "found by an index")
    lacking = await index_rows.extensions_lacking(connection)
    if lacking:
        return Finding(
            "clients",
            True,
            "found one by one, slow beyond some 20,000: the database doesn't offer "
            + " and ".join(lacking),
        )
    return Finding(
        "clients",
        False,
        "found one by one, slow beyond some 20,000: the index is missing",
        "have the database's owner, or a superuser, run in it once: "
        + " ".join(f"{each};" for each in index_rows.MADE_BY),
    )


async def _clock(connection: asyncpg.Connection) -> Finding:
    before = datetime.now(UTC)
    clock = await connection.fetchval("SELECT clock_timestamp()")
    apart_s = skew_s(clock, before, datetime.now(UTC))
    return Finding(
        "clock",
        apart_s <= CLOCK_SKEW_S_MAX,
        f"{apart_s:.1f} s from the database's",
        "set the clocks of both machines by NTP",
    )


async def _payments(connection: asyncpg.Connection, settings: Settings) -> AsyncIterator[Finding]:
    """Deposits that nobody can pay here, and money that somebody has to look at."""
    unpayable = await worry_rows.unpayable(connection, provider_names(settings))
    yield Finding(
        "deposits",
        not unpayable,
        "can be paid" if not unpayable else f"can't be paid: {', '.join(unpayable)}",
        "set BOOKONCE_STRIPE_SECRET_KEY, or choose another provider under [payments]",
    )
    since = datetime.now(UTC) - timedelta(seconds=LATE_S_MAX)
    worries = await worry_rows.worries(connection, since, WORRIES_MAX)
    yield Finding(
        "money",
        not worries,
        "all where it belongs" if not worries else f"{len(worries)} to look at",
        "see which: bookonce payments worries",
    )


def _jobs(depth: Depth, halted: str | None) -> Iterator[Finding]:
    """Jobs that nobody does, jobs that come late, jobs that were given up."""
    waits = f"{depth.waiting} waiting, {depth.running} running"
    if halted:
        found, advice = f"{waits}; off ({halted})", "to have them done: bookonce jobs --start"
    elif depth.waiting and depth.late_s > 0 and not depth.workers:
        found, advice = f"{waits}; nobody works", "run: bookonce serve --jobs, or bookonce worker"
    elif depth.late_s > LATE_S_MAX:
        found = f"{waits}; the first for {depth.late_s / 60:.0f} min"
        advice = "see what they wait for: bookonce jobs"
    else:
        found, advice = f"{waits}, {depth.workers} at work", ""
    yield Finding("jobs", not advice, found, advice)
    yield Finding(
        "dead jobs",
        not depth.dead,
        str(depth.dead or "none"),
        "see why: bookonce jobs; when mended: bookonce jobs --retry all",
    )


def _zones() -> Finding:
    return _finding("time zones", f"rules {RULES}", zones())


def _disk(settings: Settings) -> Finding:
    place = settings.data_dir
    while not place.exists():
        place = place.parent
    free_bytes = shutil.disk_usage(place).free
    return Finding(
        "disk",
        free_bytes >= FREE_BYTES_MIN,
        f"{free_bytes / 1024**3:.1f} GiB free at {place}",
        "make room; the database stops when the disk is full",
    )


def _mail(settings: Settings) -> Iterator[Finding]:
    """By which ways messages leave. Without any nothing is wrong: they are kept."""
    ways = Ways.of(settings)
    host = urlsplit(settings.smtp_url or "").hostname
    yield Finding(
        "mail",
        not ways.has_mail or bool(ways.public_url),
        f"from {ways.sender} by {host}" if ways.has_mail else "not set up; messages are kept",
        "set BOOKONCE_PUBLIC_URL; without it mails have no links",
    )
    gateway = urlsplit(settings.sms_url or "").hostname
    yield Finding("text messages", True, f"by {gateway}" if gateway else "not set up")


async def _tried_out(settings: Settings, to: str) -> list[Finding]:
    """A mail that was really sent, and what others can find out about its sender."""
    ways = Ways.of(settings)
    found = [await check.send_test(ways, to, datetime.now(UTC))]
    if ways.has_mail:
        found += await check.Dns().look(ways.sender.rpartition("@")[2])
    return [Finding(each.subject, each.is_well, each.found, each.advice) for each in found]
