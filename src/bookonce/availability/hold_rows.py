"""Holds: claims with an end. An expired hold is in nobody's way: whoever meets it takes it away.

The guard knows no clock, so rows of expired holds do keep others off until they are deleted. Every
writer therefore deletes those it meets before it takes anything for taken; the sweeper only tidies
up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Range

from bookonce.availability.claim_rows import releasing
from bookonce.availability.demand import Demand
from bookonce.availability.rise_rows import GIVEN_BACK, rise
from bookonce.events import catalogue
from bookonce.events.appointment_facts import APPOINTMENT_FACTS
from bookonce.events.event_rows import appended
from bookonce.events.followers import is_followed
from bookonce.platform.actor import SYSTEM
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement

EXPIRED_IN_THE_WAY = """
expired_hold AS (
    SELECT 1 AS one FROM claim
    WHERE business_id = :business_id AND resource_id = ANY(:candidate_ids::uuid[])
      AND during && tstzrange(:around_start, :around_end) AND expires_at <= :now
    LIMIT 1
)""".strip()
"""The piece of a WITH query that finds expired holds of those whom a `Demand` asks, in the days
around; looked into only when something was in the way.
"""

# The appointment's row comes first: its rival is a payment that confirms it, which holds that row.
_EXPIRING = f"""
expired AS (
    UPDATE appointment SET status = 'expired', sequence = sequence + 1
    WHERE business_id = :business_id AND appointment_id IN (SELECT appointment_id FROM due)
      AND status = 'held' AND hold_expires_at <= :now
    RETURNING *
),
{releasing("(appointment_id IN (SELECT appointment_id FROM expired) OR claim_id IN (SELECT claim_id FROM kept))")},
happened AS (
    INSERT INTO event (
        business_id, event_id, kind, actor, appointment_id, at, data, is_unrelayed
    )
    SELECT :business_id, gen_random_uuid(), :kind, :actor::jsonb, appointment_id, :now, {APPOINTMENT_FACTS},
           :is_unrelayed
    FROM expired AS appointment
)
SELECT (SELECT count(*) FROM expired) AS expired_count,
       (SELECT count(*) FROM kept) AS kept_count, {GIVEN_BACK}
"""

_EXPIRE_AROUND = Statement(
    f"""
    WITH due AS (
        SELECT appointment_id FROM claim
        WHERE business_id = :business_id AND resource_id = ANY(:resource_ids::uuid[])
          AND during && :during AND expires_at <= :now
    ),
    kept AS (
        SELECT claim_id FROM claim
        WHERE business_id = :business_id AND resource_id = ANY(:resource_ids::uuid[])
          AND during && :during AND expires_at <= :now AND kind = 'kept'
    ),
    {_EXPIRING}
    """
)
_EXPIRE_ALL = Statement(
    f"""
    WITH due AS (
        SELECT appointment_id FROM appointment
        WHERE business_id = :business_id AND status = 'held' AND hold_expires_at <= :now
        LIMIT 1000
    ),
    kept AS (
        SELECT claim_id FROM claim
        WHERE business_id = :business_id AND kind = 'kept' AND expires_at <= :now
        LIMIT 1000
    ),
    {_EXPIRING}
    """
)
_BUSINESSES = Statement(
    """
    SELECT DISTINCT business_id FROM appointment
    WHERE status = 'held' AND hold_expires_at <= :now
    UNION
    SELECT business_id FROM claim WHERE kind = 'kept' AND expires_at <= :now
    """
)
_MAKE_LASTING = Statement(
    """
    UPDATE claim SET expires_at = NULL
    WHERE business_id = :business_id AND appointment_id = :appointment_id
    """
)


async def expire_for(connection: Connection, demand: Demand, now: datetime) -> int:
    """Take away the expired holds around what a visit needs, inside a transaction; how many there
    were.
    """
    around = Range(demand.around_start, demand.around_end)
    return await expire_around(connection, demand.business_id, demand.candidate_ids, around, now)


async def expire_around(
    connection: Connection,
    business_id: UUID,
    resource_ids: Sequence[UUID],
    during: Range[datetime],
    now: datetime,
) -> int:
    """Take away the expired holds and kept times of some resources, in a time, inside a transaction;
    how many there were.
    """
    found = await _EXPIRE_AROUND.row(
        connection,
        business_id=business_id,
        resource_ids=resource_ids,
        during=during,
        now=now,
        **_event(),
    )
    return await _taken_away(connection, business_id, found)


async def businesses_with_expired(connection: Connection, now: datetime) -> list[UUID]:
    """Whose holds the sweeper has to look after."""
    return [row["business_id"] for row in await _BUSINESSES.rows(connection, now=now)]


async def expire_all(connection: Connection, business_id: UUID, now: datetime) -> int:
    """Take away a business's expired holds and kept times, a thousand of each at most, inside a
    transaction; how many there were.
    """
    found = await _EXPIRE_ALL.row(connection, business_id=business_id, now=now, **_event())
    return await _taken_away(connection, business_id, found)


def _event() -> dict[str, object]:
    kind = catalogue.EXPIRED.name
    return {"kind": kind, "actor": SYSTEM.as_json(), "is_unrelayed": is_followed(kind)}


async def _taken_away(connection: Connection, business_id: UUID, found: Row | None) -> int:
    assert found is not None
    if found["expired_count"]:
        appended(catalogue.EXPIRED)
    await rise(connection, business_id, found["given_back"])
    return int(found["expired_count"] + found["kept_count"])


async def make_lasting(connection: Connection, business_id: UUID, appointment_id: UUID) -> bool:
    """Make a hold's claims claims for good; False if they are gone. The appointment is locked."""
    made = await _MAKE_LASTING.run(
        connection, business_id=business_id, appointment_id=appointment_id
    )
    return made > 0
