"""Rising: what lies over a claim on a second lane takes its place when that is given back, in the same
transaction, so that nobody else gets a time in between that somebody has been promised.

Whoever gives back may have begun before the other lay down. So who lies down marks what is below,
which both need the row for: who comes second waits, and reads the mark. What lies above is looked
for by a statement of its own, which sees what was committed until then.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

GIVEN_BACK = """
(SELECT json_agg(json_build_object(
            'resource_id', resource_id, 'low', lower(during), 'high', upper(during)))::text
 FROM released WHERE is_below) AS given_back
""".strip()
"""What a statement that releases claims returns of those that others may lie over."""

_ABOVE = Statement(
    """
    SELECT claim.claim_id
    FROM resource AS lane
    JOIN claim ON claim.business_id = :business_id AND claim.resource_id = lane.resource_id
    WHERE lane.business_id = :business_id AND lane.lane_of = :resource_id
      AND claim.during && tstzrange(:low, :high)
    ORDER BY lane.key, claim.claim_id
    FOR UPDATE OF claim
    """
)
# The same row, so that who takes the appointment away meanwhile takes this away.
_RISE = Statement(
    """
    UPDATE claim SET resource_id = :resource_id, is_below = true, xid = pg_current_xact_id()
    WHERE business_id = :business_id AND claim_id = :claim_id
    """
)


class _GivenBack(msgspec.Struct, frozen=True):
    resource_id: UUID
    low: datetime
    high: datetime


async def rise(connection: Connection, business_id: UUID, given_back: str | None) -> None:
    """Have what lies over claims that were given back take their place; `given_back` is what the
    statement that released them has returned.
    """
    if given_back is None:
        return
    for below in msgspec.json.decode(given_back, type=list[_GivenBack]):
        above = await _ABOVE.rows(
            connection,
            business_id=business_id,
            resource_id=below.resource_id,
            low=below.low,
            high=below.high,
        )
        for row in above:
            try:
                async with connection.transaction():
                    await _RISE.run(
                        connection,
                        business_id=business_id,
                        resource_id=below.resource_id,
                        claim_id=row["claim_id"],
                    )
            except asyncpg.ExclusionViolationError:
                continue  # something else is there still; it rises when that is given back
