"""Claims that go elsewhere in time: given back and taken anew in one transaction, or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Range

from bookonce.availability import claim_rows
from bookonce.availability.block_rows import BlockClaim, block, remove
from bookonce.availability.hold_rows import expire_around
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_CLAIMS = Statement(
    """
    SELECT claim_id, resource_id, lower(during) AS low, upper(during) AS high, expires_at
    FROM claim
    WHERE business_id = :business_id AND appointment_id = :appointment_id
    """
)
_TAKE = Statement(
    """
    INSERT INTO claim (business_id, claim_id, resource_id, during, kind, appointment_id, expires_at)
    SELECT :business_id, wanted.claim_id, wanted.resource_id, tstzrange(wanted.low, wanted.high),
           'appointment', :appointment_id, wanted.expires_at
    FROM unnest(
        :claim_ids::uuid[], :resource_ids::uuid[], :lows::timestamptz[], :highs::timestamptz[],
        :expiries::timestamptz[]
    ) AS wanted (claim_id, resource_id, low, high, expires_at)
    ON CONFLICT DO NOTHING
    """
)


async def shift(
    connection: Connection, business_id: UUID, appointment_id: UUID, by: timedelta, now: datetime
) -> bool:
    """Put an appointment's claims later, or earlier; False if something is in the way, and then the
    transaction has to be rolled back.
    """
    claims = await _CLAIMS.rows(connection, business_id=business_id, appointment_id=appointment_id)
    await claim_rows.release(connection, business_id, appointment_id)
    for claim in claims:
        there = Range(claim["low"] + by, claim["high"] + by)
        await expire_around(connection, business_id, [claim["resource_id"]], there, now)
    taken = await _TAKE.run(
        connection,
        business_id=business_id,
        appointment_id=appointment_id,
        claim_ids=[claim["claim_id"] for claim in claims],
        resource_ids=[claim["resource_id"] for claim in claims],
        lows=[claim["low"] + by for claim in claims],
        highs=[claim["high"] + by for claim in claims],
        expiries=[claim["expires_at"] for claim in claims],
    )
    return taken == len(claims)


async def replace_block(connection: Connection, claim: BlockClaim, now: datetime) -> bool:
    """Put a block where `claim` says, which has the id of one that is there; False if something is
    in the way, and then the transaction has to be rolled back.
    """
    await remove(connection, claim.business_id, claim.claim_id)
    await expire_around(connection, claim.business_id, [claim.resource_id], claim.during, now)
    return await block(connection, claim)
