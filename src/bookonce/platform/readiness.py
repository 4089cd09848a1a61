"""What must hold before a server serves, and how one tells.

Asked by `serve` and `worker` before they open, by `/readyz` each time, and by `doctor`. Each thing
that doesn't hold is a `Fault`, in an operator's words.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import asyncpg

from bookonce.platform.connection import Connection, Row
from bookonce.platform.schema import (
    ForeignSchemaError,
    applied_versions,
    is_newer,
    packaged_versions,
    unknown_schema,
    unknown_versions,
)
from bookonce.platform.statements import Statement
from bookonce.platform.zone_database import PACKAGED_RULES
from bookonce.platform.zones import is_zone

SERVER_VERSION_MIN = 150_000
CLOCK_SKEW_S_MAX = 30.0
"""Between this machine and the database's: holds and notices are minutes."""
GUARD = "EXCLUDE USING gist (business_id WITH =, resource_id WITH =, during WITH &&)"
ZONE_RULES_ADVICE = "reinstall the package tzdata (pip install tzdata)"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that doesn't hold: what it is about, what was found, what to do. `said` is what
    the database or the driver said, which can name users and hosts.
    """

    subject: str
    found: str
    advice: str
    said: str = ""

    def __str__(self) -> str:
        said = f" ({self.said})" if self.said else ""
        return f"{self.subject}: {self.found}{said}"


class UnfitInstallationError(Exception):
    """An installation that must not serve, with its `faults`."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


async def installation_faults(connection: Connection) -> list[Fault]:
    """All that keeps this installation from serving. Two round trips, some milliseconds."""
    faults = [*await foundation_faults(connection)]
    if schema := await schema_fault(connection):
        return [*faults, schema]
    return [*faults, *await _guard_faults(connection)]


async def foundation_faults(connection: Connection) -> list[Fault]:
    """What must hold before the schema is looked at or made: the server, what it lets us do, its
    clock, and our zone rules."""
    before = datetime.now(UTC)
    row = await _FOUNDATION.row(connection)
    after = datetime.now(UTC)
    assert row is not None
    faults = [_version(row), _writable(row), _encoding(row), _clock(row, before, after), zones()]
    return [fault for fault in faults if fault]


_FOUNDATION = Statement(
    """
    SELECT current_setting('server_version_num')::int AS version_number,
           current_setting('server_version') AS version,
           pg_is_in_recovery() AS is_standby,
           current_setting('transaction_read_only')::boolean AS is_read_only,
           current_setting('server_encoding') AS encoding,
           clock_timestamp() AS clock
    """
)


def _version(row: Row) -> Fault | None:
    if row["version_number"] >= SERVER_VERSION_MIN:
        return None
    return Fault("database", f"PostgreSQL {row['version']}", "use PostgreSQL 15 or newer")


def _writable(row: Row) -> Fault | None:
    if row["is_standby"]:
        return Fault(
            "writing",
            "this is a standby, which can be read only",
            "name the primary in BOOKONCE_DATABASE_URL, or all hosts with "
            "?target_session_attrs=read-write; promote the standby if the primary is lost",
        )
    if row["is_read_only"]:
        return Fault(
            "writing",
            "the database is read-only (default_transaction_read_only)",
            "turn it off: ALTER DATABASE … RESET default_transaction_read_only, likewise for the "
            "role, or in postgresql.conf",
        )
    return None


def _encoding(row: Row) -> Fault | None:
    if row["encoding"] == "UTF8":
        return None
    return Fault(
        "encoding",
        f"the database keeps text as {row['encoding']}, which can't hold every name",
        "make a new database with ENCODING 'UTF8' TEMPLATE template0, and move the data there "
        "with bookonce backup and bookonce restore",
    )


def skew_s(clock: datetime, before: datetime, after: datetime) -> float:
    """How far the database's clock is from ours at least, in seconds, if `clock` was read between
    two looks at ours."""
    behind, ahead = before - clock, clock - after
    return max(behind, ahead, timedelta(0)).total_seconds()


def _clock(row: Row, before: datetime, after: datetime) -> Fault | None:
    apart_s = skew_s(row["clock"], before, after)
    if apart_s <= CLOCK_SKEW_S_MAX:
        return None
    return Fault(
        "clock",
        f"{apart_s:.0f} s between this machine's clock ({after:%Y-%m-%d %H:%M:%S} UTC) and the "
        f"database's ({row['clock']:%Y-%m-%d %H:%M:%S} UTC)",
        "set the clocks of both machines by NTP",
    )


@lru_cache
def zones() -> Fault | None:
    """Rules of time zones are at hand."""
    if not PACKAGED_RULES and not os.environ.get("BOOKONCE_ZONE_RULES"):
        return Fault("time zones", "the package tzdata is missing", ZONE_RULES_ADVICE)
    if not is_zone("Europe/Berlin"):
        return Fault("time zones", "there are no rules of zones", ZONE_RULES_ADVICE)
    return None


async def schema_fault(connection: Connection) -> Fault | None:
    """The schema is exactly the one that this code was written for."""
    try:
        applied = set(await applied_versions(connection))
    except ForeignSchemaError as error:
        return Fault("schema", "is another product's", str(error))
    except asyncpg.InsufficientPrivilegeError:
        return Fault("rights", "this role may not read the schema", _RIGHTS_ADVICE)
    if unknown := unknown_versions(applied):
        how = "newer than this Bookonce" if is_newer(unknown) else "not of this Bookonce"
        return Fault("schema", f"is {how}: {', '.join(unknown)}", unknown_schema(unknown))
    if pending := [version for version in packaged_versions() if version not in applied]:
        return Fault("schema", f"lacks {', '.join(pending)}", "run: bookonce migrate")
    return None


async def _guard_faults(connection: Connection) -> list[Fault]:
    """The guard stands, each table has its key, and we may write. The schema must be ours."""
    row = await _STANDING.row(connection, guard=GUARD)
    assert row is not None
    faults = []
    if not row["has_guard"]:
        faults.append(
            Fault(
                "guard",
                "the constraint claim_one_at_a_time is missing or was altered: nothing keeps two "
                "bookings from taking one time",
                "don't serve; restore a backup, or look for double bookings and then put it back: "
                f"ALTER TABLE claim ADD CONSTRAINT claim_one_at_a_time {GUARD}",
            )
        )
    if row["without_key"]:
        faults.append(
            Fault(
                "keys",
                f"no valid primary key: {', '.join(row['without_key'])}",
                "the schema was altered by hand; restore a backup",
            )
        )
    if row["without_rights"]:
        faults.append(
            Fault(
                "rights",
                f"{row['role']} may not use {', '.join(row['without_rights'])}",
                _RIGHTS_ADVICE,
            )
        )
    return faults


_RIGHTS_ADVICE = (
    "connect as the role that owns the tables, or have the owner run: "
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO …"
)

# Whoever writes claims writes to the table of that name on our search path: the same is looked at.
# An index that isn't valid or ready guards nothing, whatever the constraint says.
_STANDING = Statement(
    """
    WITH ours AS (
        SELECT relation.oid, relation.relname AS name
        FROM pg_class AS claim JOIN pg_class AS relation USING (relnamespace)
        WHERE claim.oid = to_regclass('claim') AND relation.relkind IN ('r', 'p')
    )
    SELECT EXISTS (
               SELECT 1 FROM pg_constraint
               JOIN pg_index ON indexrelid = conindid
               WHERE conrelid = to_regclass('claim') AND contype = 'x' AND convalidated
                 AND indisvalid AND indisready AND indislive
                 AND pg_get_constraintdef(pg_constraint.oid) = :guard
           ) AS has_guard,
           ARRAY(
               SELECT name FROM ours
               WHERE EXISTS (
                   SELECT 1 FROM pg_attribute
                   WHERE attrelid = ours.oid AND attname = 'business_id' AND NOT attisdropped
               ) AND NOT EXISTS (
                   SELECT 1 FROM pg_index
                   WHERE indrelid = ours.oid AND indisprimary AND indisvalid AND indisready
               )
               ORDER BY name
           ) AS without_key,
           ARRAY(
               SELECT name FROM ours
               WHERE NOT has_table_privilege(oid, 'SELECT')
                  OR name IN ('appointment', 'claim', 'client', 'event', 'idempotency')
                     AND NOT has_table_privilege(oid, 'INSERT')
               ORDER BY name
           ) AS without_rights,
           current_user AS role
    """
)


async def disk_fault(connection: Connection) -> Fault | None:
    """The database's disk takes what is written. Writes a quarter of a megabyte that nobody keeps:
    what a large sort writes, so that it takes no rights and leaves no row.
    """
    try:
        await connection.execute(_SPILL)
    except asyncpg.DiskFullError:
        await connection.execute("ROLLBACK")
        return Fault(
            "disk",
            "the database's disk is full",
            "make room there; nothing that was booked is lost, and nothing needs a restart",
        )
    return None


_SPILL = (
    "BEGIN; SET LOCAL work_mem = '64kB'; SELECT count(*) FROM generate_series(1, 10000); COMMIT"
)
