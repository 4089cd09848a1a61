"""Holds: claims with an end. One that has run out is in nobody's way: whoever meets it takes it away.

The guard knows no clock, so rows of holds that ran out do keep others off until they are deleted.
Every writer therefore deletes those it meets before it takes anything for taken; the sweeper only
tidies up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Range

from bookonce.availability.claim_rows import Taking, releasing
from bookonce.platform.connection import Connection

EXPIRED = "appointment.expired"


def outlived(*, now: str) -> str:
    """The piece of a WITH query that finds holds that have run out, of those whom `taking` asks, in
    the days around; looked into only when something was in the way.
    """
    return f"""
outlived AS (
    SELECT FROM claim
    WHERE business_id = $1 AND resource_id = ANY($4::uuid[]) AND during && tstzrange($11, $12)
      AND expires_at <= {now}
    LIMIT 1
)""".strip()


# The appointment's row comes first: its rival is a payment that confirms it, which holds that row.
_EXPIRING = f"""
expired AS (
    UPDATE appointment SET status = 'expired', sequence = sequence + 1
    WHERE business_id = $1 AND appointment_id IN (SELECT appointment_id FROM due)
      AND status = 'held' AND hold_expires_at <= $2
    RETURNING appointment_id
),
{releasing("appointment_id IN (SELECT appointment_id FROM expired)")},
happened AS (
    INSERT INTO event (business_id, event_id, kind, actor, appointment_id, at, data, follow_up)
    SELECT $1, gen_random_uuid(), '{EXPIRED}', 'system', appointment_id, $2, '{{}}', true
    FROM expired
)
SELECT count(*) FROM expired
"""


async def expire_for(connection: Connection, wish: Taking, now: datetime) -> int:
    """Take away the holds that have run out around what a visit needs; how many there were."""
    parameters = wish.parameters()
    around = Range(parameters[10], parameters[11])
    return await expire_around(connection, wish.business_id, parameters[3], around, now)


async def expire_around(
    connection: Connection,
    business_id: UUID,
    resource_ids: Sequence[UUID],
    during: Range[datetime],
    now: datetime,
) -> int:
    """Take away the holds of some resources that have run out, in a time; how many there were."""
    found: int = await connection.fetchval(
        f"""
        WITH due AS (
            SELECT appointment_id FROM claim
            WHERE business_id = $1 AND resource_id = ANY($3::uuid[]) AND during && $4
              AND expires_at <= $2
        ),
        {_EXPIRING}
        """,
        business_id,
        now,
        resource_ids,
        during,
    )
    return found


async def businesses_with_expired(connection: Connection, now: datetime) -> list[UUID]:
    """Whose holds the sweeper has to look after."""
    rows = await connection.fetch(
        "SELECT DISTINCT business_id FROM appointment WHERE status = 'held' AND hold_expires_at <= $1",
        now,
    )
    return [row["business_id"] for row in rows]


async def expire_all(connection: Connection, business_id: UUID, now: datetime) -> int:
    """Take away a business's holds that have run out, a thousand at most; how many there were."""
    found: int = await connection.fetchval(
        f"""
        WITH due AS (
            SELECT appointment_id FROM appointment
            WHERE business_id = $1 AND status = 'held' AND hold_expires_at <= $2
            LIMIT 1000
        ),
        {_EXPIRING}
        """,
        business_id,
        now,
    )
    return found


async def make_lasting(connection: Connection, business_id: UUID, appointment_id: UUID) -> bool:
    """Make a hold's claims claims for good; False if they are gone. The appointment is locked."""
    status = await connection.execute(
        "UPDATE claim SET expires_at = NULL WHERE business_id = $1 AND appointment_id = $2",
        business_id,
        appointment_id,
    )
    return status != "UPDATE 0"
