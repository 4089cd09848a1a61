"""Lanes: where what somebody does at a time that they had promised already is written down.

A lane is a resource of its own under the same guard, and nobody is offered one. Of an overbooking,
the person has all that is free; only what lies over another claim is on a lane, piece by piece.
Each piece takes the person's own time in the transaction that gives back what is below it; see the
trigger `claim_given_back`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bookonce.availability.claim_rows import PartlyTakenError
from bookonce.platform.connection import Connection
from bookonce.platform.ids import new_id
from bookonce.platform.statements import Statement

LANES_MAX = 5
"""How many appointments may lie over one."""

_LANE = Statement(
    """
    WITH made AS (
        INSERT INTO resource (business_id, resource_id, kind, key, name, lane_of)
        SELECT :business_id, :lane_id, 'lane', person.key || '#' || :number::int, person.name,
               person.resource_id
        FROM resource AS person
        WHERE person.business_id = :business_id AND person.resource_id = :resource_id
        ON CONFLICT DO NOTHING
        RETURNING resource_id
    )
    SELECT resource_id FROM made
    UNION ALL
    SELECT lane.resource_id
    FROM resource AS lane
    JOIN resource AS person ON person.business_id = :business_id
                           AND person.resource_id = lane.lane_of
    WHERE lane.business_id = :business_id AND lane.lane_of = :resource_id
      AND lane.key = person.key || '#' || :number::int
    """
)
# What is below is marked and held until this transaction ends: who gives it back meanwhile waits,
# and then meets what lies over it.
_PIECES = Statement(
    """
    WITH wanted AS (
        SELECT range_agg(tstzrange(low, high)) AS times
        FROM unnest(:lows::timestamptz[], :highs::timestamptz[]) AS wanted (low, high)
    ),
    below AS (
        UPDATE claim SET is_below = true
        FROM wanted
        WHERE claim.business_id = :business_id AND claim.resource_id = :resource_id
          AND claim.during && wanted.times
        RETURNING claim.during
    ),
    over AS (
        SELECT unnest(wanted.times * tstzmultirange(below.during)) AS piece
        FROM below CROSS JOIN wanted
    ),
    beside AS (
        SELECT unnest(wanted.times
                      - coalesce((SELECT range_agg(piece) FROM over), '{}'::tstzmultirange)) AS piece
        FROM wanted
    )
    SELECT lower(piece) AS low, upper(piece) AS high, true AS is_over FROM over
    UNION ALL SELECT lower(piece), upper(piece), false FROM beside
    ORDER BY low
    """
)
_IS_FREE = Statement(
    """
    SELECT NOT EXISTS (
        SELECT FROM claim
        JOIN unnest(:lows::timestamptz[], :highs::timestamptz[]) AS wanted (low, high)
            ON claim.during && tstzrange(wanted.low, wanted.high)
        WHERE claim.business_id = :business_id AND claim.resource_id = :lane_id)
    """
)
_TAKE = Statement(
    """
    INSERT INTO claim (business_id, claim_id, resource_id, during, kind, appointment_id)
    SELECT :business_id, claim_id, :resource_id, tstzrange(low, high), 'appointment',
           :appointment_id
    FROM unnest(:claim_ids::uuid[], :lows::timestamptz[], :highs::timestamptz[])
        AS wanted (claim_id, low, high)
    ON CONFLICT DO NOTHING
    """
)

Times = Sequence[tuple[datetime, datetime]]


async def squeeze_in(
    connection: Connection,
    business_id: UUID,
    resource_id: UUID,
    appointment_id: UUID,
    times: Times,
) -> bool:
    """Take somebody's time although they have promised some of it, inside a transaction; False if
    too many lie over each other already.

    Raises PartlyTakenError if a rival took a part meanwhile: the transaction must be undone.
    """
    rows = await _PIECES.rows(
        connection,
        business_id=business_id,
        resource_id=resource_id,
        lows=[low for low, _ in times],
        highs=[high for _, high in times],
    )
    beside = [(row["low"], row["high"]) for row in rows if not row["is_over"]]
    over = [(row["low"], row["high"]) for row in rows if row["is_over"]]
    await _take(connection, business_id, resource_id, appointment_id, beside)
    if not over:
        return True
    for number in range(2, LANES_MAX + 1):
        lane_id = await _lane(connection, business_id, resource_id, number)
        if await _IS_FREE.value(
            connection,
            business_id=business_id,
            lane_id=lane_id,
            lows=[low for low, _ in over],
            highs=[high for _, high in over],
        ):
            await _take(connection, business_id, lane_id, appointment_id, over)
            return True
    return False


async def _lane(connection: Connection, business_id: UUID, resource_id: UUID, number: int) -> UUID:
    """The id of somebody's lane, which is made when it is first needed."""
    found: UUID | None = await _LANE.value(
        connection,
        business_id=business_id,
        resource_id=resource_id,
        lane_id=new_id(),
        number=number,
    )
    if found is None:  # a rival made it since our snapshot
        raise PartlyTakenError
    return found


async def _take(
    connection: Connection,
    business_id: UUID,
    resource_id: UUID,
    appointment_id: UUID,
    times: Times,
) -> None:
    taken = await _TAKE.run(
        connection,
        business_id=business_id,
        resource_id=resource_id,
        appointment_id=appointment_id,
        claim_ids=[new_id() for _ in times],
        lows=[low for low, _ in times],
        highs=[high for _, high in times],
    )
    if taken < len(times):
        raise PartlyTakenError
