"""Deleting what nobody needs any more, a bounded part at a time.

Tables of tenants are walked along their primary keys: each part is one short transaction, however
much or little there is to delete, and no index is kept for this alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

ROWS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Walk:
    """One table's walk. `start` sorts before every key; `condition` says what goes, and may use
    the time :older_than: what is older.
    """

    table: str
    keys: tuple[str, ...]
    start: tuple[Any, ...]
    condition: str
    older_than: timedelta = timedelta(0)
    also_from: str = ""

    statement: Statement = field(init=False)
    """Deletes in the part after a key and tells how many, and that part's last key."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "statement", Statement(self._text()))

    def _text(self) -> str:
        """What goes is judged in the DELETE itself, so a row that a booking takes over meanwhile is
        judged by what it has become.
        """
        keys = ", ".join(self.keys)
        after = ", ".join(f":after_{key}" for key in self.keys)
        same = " AND ".join(f"{self.table}.{key} = part.{key}" for key in self.keys)
        return f"""
        WITH part AS MATERIALIZED (
            SELECT {keys} FROM {self.table}
            WHERE business_id = :business_id AND ({keys}) > ({after})
            ORDER BY {keys} LIMIT :rows_max
        ),
        gone AS (
            DELETE FROM {self.table} USING part{self.also_from}
            WHERE {self.table}.business_id = :business_id AND {same} AND {self.condition}
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
        "idempotency.created_at < now() - :older_than::interval",
        timedelta(days=30),
    ),
    Walk(
        "provider_event",
        ("provider", "event_ref"),
        ("", ""),
        "provider_event.received_at < now() - :older_than::interval",
        timedelta(days=90),
    ),
    # An expired hold may still be paid and then be ahead again; it goes when its time is over.
    Walk(
        "visitor_booking",
        ("subject", "number"),
        (b"", 0),
        """appointment.business_id = :business_id
            AND appointment.appointment_id = visitor_booking.appointment_id
            AND (appointment.ends_at < now() - :older_than::interval
                 OR appointment.status IN ('cancelled', 'completed', 'no_show'))""",
        also_from=", appointment",
    ),
    # Who was told what is kept as long as somebody may ask; a link as long as it shows anything new.
    Walk(
        "message",
        ("message_id",),
        (UUID(int=0),),
        "message.ended_at < now() - :older_than::interval",
        timedelta(days=180),
    ),
    Walk(
        "manage_link",
        ("token_hash",),
        (b"",),
        """appointment.business_id = :business_id
            AND appointment.appointment_id = manage_link.appointment_id
            AND appointment.ends_at < now() - :older_than::interval""",
        timedelta(days=180),
        also_from=", appointment",
    ),
    Walk(
        "webhook_delivery",
        ("webhook_id", "event_id"),
        (UUID(int=0), UUID(int=0)),
        "webhook_delivery.ended_at < now() - :older_than::interval",
        timedelta(days=30),
    ),
    # A file that nobody took in has whole clients; of one that was, the report has lines that are bad.
    Walk(
        "client_import",
        ("import_id",),
        (UUID(int=0),),
        "client_import.created_at < now() - :older_than::interval",
        timedelta(days=7),
    ),
    Walk(
        "unsubscribe_link",
        ("token_hash",),
        (b"",),
        "unsubscribe_link.created_at < now() - :older_than::interval",
        timedelta(days=400),
    ),
)


async def step(
    connection: Connection, walk: Walk, business_id: UUID, after: Sequence[Any]
) -> tuple[int, Sequence[Any] | None]:
    """One part of a walk: how many rows went, and the key to go on after; None at the end."""
    keys = {f"after_{key}": value for key, value in zip(walk.keys, after, strict=True)}
    row = await walk.statement.row(
        connection,
        business_id=business_id,
        older_than=walk.older_than,
        rows_max=ROWS_MAX,
        **keys,
    )
    if row is None:
        return 0, None
    return row["gone"], [row[key] for key in walk.keys]


TENANTS = Statement(
    """
    SELECT business_id FROM business WHERE business_id > :after
    ORDER BY business_id LIMIT :tenants_max
    """
)


async def tenants(connection: Connection, after: UUID, tenants_max: int) -> list[UUID]:
    """The next tenants in the order of their ids."""
    rows = await TENANTS.rows(connection, after=after, tenants_max=tenants_max)
    return [row["business_id"] for row in rows]


# The numbers of transactions mean something on the server only that gave them. A copy of the
# database elsewhere, restored from a dump, must not go by the marks of its original.
_SERVER = "(SELECT system_identifier::text FROM pg_control_system())"


MARK = Statement(
    f"""
    WITH forgotten AS (
        DELETE FROM transaction_mark WHERE marked_at < now() - interval '8 days'
    )
    INSERT INTO transaction_mark (server, ended_xid)
    SELECT {_SERVER}, pg_snapshot_xmin(pg_current_snapshot())
    """
)


async def mark(connection: Connection) -> None:
    """Note which transactions have ended by now, for a later purge; forget the oldest marks."""
    await MARK.run(connection)


ENDED_BY = Statement(
    f"""
    SELECT max(ended_xid)::text FROM transaction_mark
    WHERE server = {_SERVER} AND marked_at < now() - :age::interval
    """
)


async def ended_by(connection: Connection, age: timedelta) -> str | None:
    """Transactions with a number lower than this had ended `age` ago; None if that isn't known."""
    number: str | None = await ENDED_BY.value(connection, age=age)
    return number


RELEASES = Statement(
    """
    WITH old AS (
        SELECT xid, resource_id FROM claim_release
        WHERE business_id = :business_id AND xid < :ended_xid::text::xid8
        ORDER BY xid LIMIT :rows_max
    ),
    gone AS (
        DELETE FROM claim_release USING old
        WHERE claim_release.business_id = :business_id AND claim_release.xid = old.xid
          AND claim_release.resource_id = old.resource_id
        RETURNING 1
    )
    SELECT count(*) FROM gone
    """
)


async def releases(connection: Connection, business_id: UUID, ended_xid: str) -> int:
    """Delete some of a tenant's releases by transactions before that one; how many went."""
    gone: int = await RELEASES.value(
        connection, business_id=business_id, ended_xid=ended_xid, rows_max=ROWS_MAX
    )
    return gone


QUEUE = Statement(
    """
    WITH silent AS (
        DELETE FROM job_worker WHERE seen_at < now() - interval '1 day'
    ),
    counted AS (
        DELETE FROM message_count WHERE hour < now() - interval '1 day'
    ),
    old AS (
        SELECT job_id FROM job WHERE status = 'done' AND ended_at < now() - :older_than::interval
        LIMIT :rows_max FOR UPDATE SKIP LOCKED
    ),
    gone AS (
        DELETE FROM job USING old WHERE job.job_id = old.job_id RETURNING 1
    )
    SELECT count(*) FROM gone
    """
)


async def queue(connection: Connection, older_than: timedelta) -> int:
    """Delete some jobs that were done long ago, and workers that are gone; how many jobs went."""
    gone: int = await QUEUE.value(connection, older_than=older_than, rows_max=ROWS_MAX)
    return gone
