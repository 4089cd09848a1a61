"""Kept time: what an appointment was moved away from stays taken for a moment, so that the move can
be undone for certain. Nobody can have it until then; afterwards whoever meets it takes it away, as
with an expired hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability import claim_rows
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_CLAIMS = Statement(
    """
    SELECT resource_id, lower(during) AS low, upper(during) AS high FROM claim
    WHERE business_id = :business_id AND appointment_id = :appointment_id AND kind = 'appointment'
    """
)
# What the new time takes of the old one is the appointment's anyway.
_KEEP = Statement(
    """
    INSERT INTO claim (business_id, claim_id, resource_id, during, kind, appointment_id, expires_at)
    SELECT :business_id, gen_random_uuid(), rest.resource_id, rest.during, 'kept',
           :appointment_id, :until
    FROM (
        SELECT old.resource_id, unnest(range_agg(tstzrange(old.low, old.high)) - coalesce((
            SELECT range_agg(claim.during) FROM claim
            WHERE claim.business_id = :business_id AND claim.appointment_id = :appointment_id
              AND claim.resource_id = old.resource_id
        ), '{}'::tstzmultirange)) AS during
        FROM unnest(:resource_ids::uuid[], :lows::timestamptz[], :highs::timestamptz[])
            AS old (resource_id, low, high)
        GROUP BY old.resource_id
    ) AS rest
    ON CONFLICT DO NOTHING
    """
)
_REMEMBER = Statement(
    """
    INSERT INTO undo (
        business_id, appointment_id, sequence, location_id, performer_ids, overbooked, before,
        claims, expires_at
    )
    SELECT :business_id, :appointment_id, :sequence, appointment.location_id, ARRAY(
               SELECT part.resource_id FROM appointment_part AS part
               WHERE part.business_id = :business_id AND part.appointment_id = :appointment_id
               ORDER BY part.number),
           appointment.overbooked, :before::jsonb, :claims::jsonb, :until
    FROM appointment
    WHERE business_id = :business_id AND appointment_id = :appointment_id
    ON CONFLICT (business_id, appointment_id) DO UPDATE
    SET sequence = excluded.sequence, location_id = excluded.location_id,
        performer_ids = excluded.performer_ids, overbooked = excluded.overbooked,
        before = excluded.before, claims = excluded.claims, expires_at = excluded.expires_at
    """
)
_UNDO = Statement(
    """
    DELETE FROM undo
    WHERE business_id = :business_id AND appointment_id = :appointment_id
      AND sequence = :sequence AND expires_at > :now
    RETURNING location_id, performer_ids, overbooked, before, claims
    """
)
_TAKE_BACK = Statement(
    """
    INSERT INTO claim (business_id, claim_id, resource_id, during, kind, appointment_id)
    SELECT :business_id, gen_random_uuid(), resource_id, tstzrange(low, high), 'appointment',
           :appointment_id
    FROM unnest(:resource_ids::uuid[], :lows::timestamptz[], :highs::timestamptz[])
        AS old (resource_id, low, high)
    ON CONFLICT DO NOTHING
    """
)
_PURGE = Statement("DELETE FROM undo WHERE expires_at <= :now")


class KeptClaim(msgspec.Struct, frozen=True):
    """Time of a resource that an appointment had."""

    resource_id: UUID
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """What an appointment was before a move. `before` is JSON, its facts as events have them."""

    location_id: UUID
    performer_ids: Sequence[UUID]
    overbooked: str | None
    before: str
    claims: Sequence[KeptClaim]


async def claims_of(
    connection: Connection, business_id: UUID, appointment_id: UUID
) -> list[KeptClaim]:
    """The time that an appointment has now."""
    rows = await _CLAIMS.rows(connection, business_id=business_id, appointment_id=appointment_id)
    return [KeptClaim(**row) for row in rows]


async def keep(
    connection: Connection,
    business_id: UUID,
    appointment_id: UUID,
    claims: Sequence[KeptClaim],
    until: datetime,
) -> None:
    """Keep the time that an appointment had, inside the transaction that moved it away."""
    await _KEEP.run(
        connection,
        business_id=business_id,
        appointment_id=appointment_id,
        until=until,
        **_lists(claims),
    )


async def remember(
    connection: Connection,
    business_id: UUID,
    appointment_id: UUID,
    sequence: int,
    before: str,
    claims: Sequence[KeptClaim],
    until: datetime,
) -> None:
    """Write down what an appointment was before the move that leaves it at `sequence`: `before` are
    its facts as JSON. Comes before its place is changed.
    """
    await _REMEMBER.run(
        connection,
        business_id=business_id,
        appointment_id=appointment_id,
        sequence=sequence,
        before=before,
        claims=msgspec.json.encode(claims).decode(),
        until=until,
    )


async def taken_up(
    connection: Connection, business_id: UUID, appointment_id: UUID, sequence: int, now: datetime
) -> Kept | None:
    """What an appointment was before the move that left it at `sequence`, which is forgotten then;
    None if that is too long ago.
    """
    row = await _UNDO.row(
        connection,
        business_id=business_id,
        appointment_id=appointment_id,
        sequence=sequence,
        now=now,
    )
    if row is None:
        return None
    claims = msgspec.json.decode(row["claims"], type=list[KeptClaim])
    return Kept(row["location_id"], row["performer_ids"], row["overbooked"], row["before"], claims)


async def take_back(
    connection: Connection, business_id: UUID, appointment_id: UUID, claims: Sequence[KeptClaim]
) -> bool:
    """Give back what an appointment has now and take what it had; False if it can't be had."""
    await claim_rows.release(connection, business_id, appointment_id)
    taken = await _TAKE_BACK.run(
        connection, business_id=business_id, appointment_id=appointment_id, **_lists(claims)
    )
    return taken == len(claims)


async def purge(connection: Connection, now: datetime) -> int:
    """Forget what can't be undone any more; how many there were."""
    return await _PURGE.run(connection, now=now)


def _lists(claims: Sequence[KeptClaim]) -> dict[str, list[object]]:
    return {
        "resource_ids": [each.resource_id for each in claims],
        "lows": [each.low for each in claims],
        "highs": [each.high for each in claims],
    }
