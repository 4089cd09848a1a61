"""Deleting what nobody needs any more, a bounded part at a time.

Tables of tenants are walked along their primary keys: each part is one short transaction, however
much or little there is to delete, and no index is kept for this alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from bookonce.platform.connection import Connection

ROWS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Walk:
    """One table's walk. `start` sorts before every key; `condition` says what goes, and may use
    the time $2: what is older.
    """

    table: str
    keys: tuple[str, ...]
    start: tuple[Any, ...]
    condition: str
    older_than: timedelta = timedelta(0)
    also_from: str = ""

    @property
    def statement(self) -> str:
        """Deletes in the part after a key ($4 …) and tells how many, and that part's last key.

        What goes is judged in the DELETE itself, so a row that a booking takes over meanwhile is
        judged by what it has become.
        """
        keys = ", ".join(self.keys)
        after = ", ".join(f"${4 + n}" for n in range(len(self.keys)))
        same = " AND ".join(f"{self.table}.{key} = part.{key}" for key in self.keys)
        return f"""
        WITH part AS MATERIALIZED (
            SELECT {keys} FROM {self.table}
            WHERE business_id = $1 AND ({keys}) > ({after})
            ORDER BY {keys} LIMIT $3
        ),
        gone AS (
            DELETE FROM {self.table} USING part{self.also_from}
            WHERE {self.table}.business_id = $1 AND {same} AND {self.condition}
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM gone) AS gone, last.*
        FROM (SELECT * FROM part ORDER BY {", ".join(f"{key} DESC" for key in self.keys)} LIMIT 1)
            AS last
        """


WALKS = (
    # Nothing refers to a key; the event that it names stays.
    Walk(
        "idempotency",
        ("key_hash",),
        (b"",),
        "idempotency.created_at < now() - $2::interval",
        timedelta(days=30),
    ),
    Walk(
        "provider_event",
        ("provider", "event_ref"),
        ("", ""),
        "provider_event.received_at < now() - $2::interval",
        timedelta(days=90),
    ),
    # An expired hold may still be paid and then be ahead again; it goes when its time is over.
    Walk(
        "visitor_booking",
        ("subject", "number"),
        (b"", 0),
        """appointment.business_id = $1
            AND appointment.appointment_id = visitor_booking.appointment_id
            AND (appointment.ends_at < now() - $2::interval
                 OR appointment.status IN ('cancelled', 'completed', 'no_show'))""",
        also_from=", appointment",
    ),
)


async def step(
    connection: Connection, walk: Walk, business_id: UUID, after: Sequence[Any]
) -> tuple[int, Sequence[Any] | None]:
    """One part of a walk: how many rows went, and the key to go on after; None at the end."""
    row = await connection.fetchrow(walk.statement, business_id, walk.older_than, ROWS_MAX, *after)
    if row is None:
        return 0, None
    return row["gone"], [row[key] for key in walk.keys]


async def tenants(connection: Connection, after: UUID, tenants_max: int) -> list[UUID]:
    """The next tenants in the order of their ids."""
    rows = await connection.fetch(
        "SELECT business_id FROM business WHERE business_id > $1 ORDER BY business_id LIMIT $2",
        after,
        tenants_max,
    )
    return [row["business_id"] for row in rows]


# The numbers of transactions mean something on the server only that gave them. A copy of the
# database elsewhere, restored from a dump, must not go by the marks of its original.
_SERVER = "(SELECT system_identifier::text FROM pg_control_system())"


async def mark(connection: Connection) -> None:
    """Note which transactions have ended by now, for a later purge; forget the oldest marks."""
    await connection.execute(
        f"""
        WITH forgotten AS (
            DELETE FROM transaction_mark WHERE marked_at < now() - interval '8 days'
        )
        INSERT INTO transaction_mark (server, ended_xid)
        SELECT {_SERVER}, pg_snapshot_xmin(pg_current_snapshot())
        """
    )


async def ended_by(connection: Connection, age: timedelta) -> str | None:
    """Transactions with a number lower than this had ended `age` ago; None if that isn't known."""
    number: str | None = await connection.fetchval(
        f"""
        SELECT max(ended_xid)::text FROM transaction_mark
        WHERE server = {_SERVER} AND marked_at < now() - $1::interval
        """,
        age,
    )
    return number


async def releases(connection: Connection, business_id: UUID, ended_xid: str) -> int:
    """Delete some of a tenant's releases by transactions before that one; how many went."""
    gone: int = await connection.fetchval(
        """
        WITH old AS (
            SELECT xid, resource_id FROM claim_release
            WHERE business_id = $1 AND xid < $2::text::xid8
            ORDER BY xid LIMIT $3
        ),
        gone AS (
            DELETE FROM claim_release USING old
            WHERE claim_release.business_id = $1 AND claim_release.xid = old.xid
              AND claim_release.resource_id = old.resource_id
            RETURNING 1
        )
        SELECT count(*) FROM gone
        """,
        business_id,
        ended_xid,
        ROWS_MAX,
    )
    return gone


async def queue(connection: Connection, older_than: timedelta) -> int:
    """Delete some jobs that were done long ago, and workers that are gone; how many jobs went."""
    gone: int = await connection.fetchval(
        """
        WITH silent AS (
            DELETE FROM job_worker WHERE seen_at < now() - interval '1 day'
        ),
        old AS (
            SELECT job_id FROM job WHERE status = 'done' AND ended_at < now() - $1::interval
            LIMIT $2 FOR UPDATE SKIP LOCKED
        ),
        gone AS (
            DELETE FROM job USING old WHERE job.job_id = old.job_id RETURNING 1
        )
        SELECT count(*) FROM gone
        """,
        older_than,
        ROWS_MAX,
    )
    return gone
