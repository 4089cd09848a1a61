"""Buffers that give way: time kept free around others' appointments is taken where the desk says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

# Of a claim, what lies before the first and after the last part that its resource performs is
# buffer. The part itself never gives way.
_TRIM = Statement(
    """
    WITH wanted AS (
        SELECT tstzrange(low, high) AS during
        FROM unnest(:lows::timestamptz[], :highs::timestamptz[]) AS wanted (low, high)
    ),
    neighbour AS (
        SELECT claim.claim_id, claim.during, wanted.during AS wanted, (
                   SELECT tstzrange(min(part.starts_at), max(part.ends_at))
                   FROM appointment_part AS part
                   WHERE part.business_id = :business_id
                     AND part.appointment_id = claim.appointment_id
                     AND part.resource_id = claim.resource_id
               ) AS performed
        FROM wanted JOIN claim ON claim.business_id = :business_id
                              AND claim.resource_id = :resource_id
                              AND claim.during && wanted.during
        WHERE claim.kind = 'appointment' AND claim.appointment_id <> :appointment_id
    )
    UPDATE claim -- its xid, too, or readers would not hear of it
    SET xid = pg_current_xact_id(), during = CASE
        WHEN upper(neighbour.performed) <= lower(neighbour.wanted)
            THEN tstzrange(lower(claim.during), lower(neighbour.wanted))
        ELSE tstzrange(upper(neighbour.wanted), upper(claim.during)) END
    FROM neighbour
    WHERE claim.business_id = :business_id AND claim.claim_id = neighbour.claim_id
      AND NOT neighbour.performed && neighbour.wanted
      AND neighbour.during && neighbour.performed
    """
)


async def trim(
    connection: Connection,
    business_id: UUID,
    resource_id: UUID,
    appointment_id: UUID,
    times: Sequence[tuple[datetime, datetime]],
) -> int:
    """Take the buffers of others out of some times of a resource, inside the transaction that takes
    them for an appointment; how many claims gave way.
    """
    return await _TRIM.run(
        connection,
        business_id=business_id,
        resource_id=resource_id,
        appointment_id=appointment_id,
        lows=[low for low, _ in times],
        highs=[high for _, high in times],
    )
