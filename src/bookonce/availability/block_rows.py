"""Blocks: the claims that aren't an appointment's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Range

from bookonce.availability.claim_rows import releasing
from bookonce.availability.rise_rows import GIVEN_BACK, rise
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement, StatementOf


@dataclass(frozen=True, slots=True)
class BlockClaim:
    """A claim that isn't an appointment's: whose time it takes, why, and who keeps it."""

    business_id: UUID
    claim_id: UUID
    resource_id: UUID
    during: Range[datetime]
    kind: str
    reason: str | None
    source: str
    zone: str
    """By whose clock it was written."""
    wall_start: datetime
    wall_end: datetime


_BLOCK = StatementOf(
    """
    INSERT INTO claim (
        business_id, claim_id, resource_id, during, kind, reason, source, zone, wall_start, wall_end
    )
    VALUES (
        :business_id, :claim_id, :resource_id, :during, :kind, :reason, :source, :zone,
        :wall_start, :wall_end
    )
    ON CONFLICT DO NOTHING
    """,
    BlockClaim,
)
_EXISTS = Statement(
    """
    SELECT EXISTS (
        SELECT 1 FROM claim WHERE business_id = :business_id AND claim_id = :claim_id)
    """
)
_REMOVE = Statement(
    f"""
    WITH removed AS (
        SELECT resource_id, during, kind, reason FROM claim
        WHERE business_id = :business_id AND claim_id = :claim_id AND appointment_id IS NULL
    ),
    {releasing("claim_id = :claim_id AND appointment_id IS NULL")}
    SELECT resource.key, removed.during, removed.kind, removed.reason, {GIVEN_BACK}
    FROM removed
    JOIN released ON released.resource_id = removed.resource_id
    JOIN resource ON resource.business_id = :business_id
                 AND resource.resource_id = removed.resource_id
    """
)
_IN_THE_WAY = Statement(
    """
    SELECT claim.kind, claim.reason, claim.source, lower(claim.during) AS start,
           upper(claim.during) AS "end", claim.appointment_id, appointment.client_name, (
               SELECT string_agg(part.service_name, ', ' ORDER BY part.number)
               FROM appointment_part AS part
               WHERE part.business_id = :business_id
                 AND part.appointment_id = claim.appointment_id
           ) AS service
    FROM claim
    LEFT JOIN appointment ON appointment.business_id = claim.business_id
                         AND appointment.appointment_id = claim.appointment_id
    WHERE claim.business_id = :business_id AND claim.resource_id = :resource_id
      AND claim.during && :during
    ORDER BY lower(claim.during)
    """
)
_ABSENCES_OF_FILE = Statement(
    """
    SELECT claim_id, resource_id, during, reason
    FROM claim
    WHERE business_id = :business_id AND kind = 'time_off' AND source = 'file'
    ORDER BY resource_id, lower(during)
    """
)


async def block(connection: Connection, claim: BlockClaim) -> bool:
    """Take time without an appointment; False if a claim is in the way."""
    return await _BLOCK.run(connection, claim) == 1


async def exists(connection: Connection, business_id: UUID, claim_id: UUID) -> bool:
    """Whether a claim is there."""
    return bool(await _EXISTS.value(connection, business_id=business_id, claim_id=claim_id))


async def remove(connection: Connection, business_id: UUID, claim_id: UUID) -> Row | None:
    """Give back blocked time, inside a transaction: the resource's key, during, kind and reason; None if there is no such
    block.
    """
    row = await _REMOVE.row(connection, business_id=business_id, claim_id=claim_id)
    if row is not None:
        await rise(connection, business_id, row["given_back"])
    return row


async def in_the_way(
    connection: Connection, business_id: UUID, resource_id: UUID, during: Range[datetime]
) -> list[dict[str, Any]]:
    """The claims that overlap a time, with the appointment's particulars where there is one."""
    rows = await _IN_THE_WAY.rows(
        connection, business_id=business_id, resource_id=resource_id, during=during
    )
    return [dict(row) for row in rows]


async def absences_of_file(connection: Connection, business_id: UUID) -> list[Row]:
    """The absences that the business file states: claim_id, resource_id, during, reason."""
    return await _ABSENCES_OF_FILE.rows(connection, business_id=business_id)
