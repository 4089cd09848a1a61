"""What a change of a zone's rules concerns: appointments and blocks ahead, and the rules that a
business goes by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_APPOINTMENTS = Statement(
    """
    SELECT appointment_id, starts_at, zone, wall_start, (
               SELECT string_agg(part.service_name || ', ' || part.staff_name, '; '
                                 ORDER BY part.number)
               FROM appointment_part AS part
               WHERE part.business_id = :business_id
                 AND part.appointment_id = appointment.appointment_id
           ) || ' · ' || client_name AS about
    FROM appointment
    WHERE business_id = :business_id AND starts_at > :now
      AND (status = 'confirmed' OR (status = 'held' AND hold_expires_at > :now))
    ORDER BY starts_at
    """
)
_BLOCKS = Statement(
    """
    SELECT claim.claim_id, claim.resource_id, resource.key AS resource, lower(during) AS starts_at,
           upper(during) AS ends_at, claim.kind, claim.reason, claim.source, claim.zone,
           claim.wall_start, claim.wall_end
    FROM claim
    JOIN resource ON resource.business_id = :business_id
                 AND resource.resource_id = claim.resource_id
    WHERE claim.business_id = :business_id AND claim.appointment_id IS NULL
      AND upper(claim.during) > :now
    ORDER BY lower(claim.during)
    """
)
_SHIFT = Statement(
    """
    UPDATE appointment
    SET starts_at = starts_at + :by, ends_at = ends_at + :by, zone_rules = :zone_rules,
        sequence = sequence + 1
    WHERE business_id = :business_id AND appointment_id = :appointment_id
    """
)
_SHIFT_PARTS = Statement(
    """
    UPDATE appointment_part SET starts_at = starts_at + :by, ends_at = ends_at + :by
    WHERE business_id = :business_id AND appointment_id = :appointment_id
    """
)
_WRITE_WALL = Statement(
    """
    UPDATE appointment SET wall_start = wanted.wall_start, zone_rules = :zone_rules
    FROM unnest(:ids::uuid[], :walls::timestamp[]) AS wanted (appointment_id, wall_start)
    WHERE appointment.business_id = :business_id
      AND appointment.appointment_id = wanted.appointment_id AND appointment.wall_start IS NULL
    """
)
_WRITE_WALLS_OF_BLOCKS = Statement(
    """
    UPDATE claim SET wall_start = wanted.wall_start, wall_end = wanted.wall_end
    FROM unnest(:ids::uuid[], :starts::timestamp[], :ends::timestamp[])
        AS wanted (claim_id, wall_start, wall_end)
    WHERE claim.business_id = :business_id AND claim.claim_id = wanted.claim_id
      AND claim.wall_start IS NULL
    """
)
_SET_RULES = Statement(
    """
    UPDATE business
    SET zone_rules = :zone_rules, zone_fingerprint = :fingerprint, has_shifted = :has_shifted,
        zone_turn = zone_turn + 1
    WHERE business_id = :business_id
    """
)
_TRANSACTION = Statement("SELECT pg_current_xact_id()::text")
_IS_ALONE = Statement(
    "SELECT pg_snapshot_xmin(pg_current_snapshot()) > CAST(:transaction_id::text AS xid8)"
)
_BEHIND = Statement(
    """
    SELECT business_id FROM business
    WHERE business_id > :after
      AND (zone_rules IS NULL OR zone_rules < :zone_rules COLLATE "C"
           OR (zone_rules = :zone_rules AND has_shifted))
    ORDER BY business_id LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class AheadAppointment:
    """An appointment ahead, and what the clock there was promised to show; None: not written down."""

    appointment_id: UUID
    starts_at: datetime
    zone: str
    wall_start: datetime | None
    about: str
    """For people: services, performers and the client."""


@dataclass(frozen=True, slots=True)
class AheadBlock:
    """A block that isn't over, as it was written by a zone's clock; None: not written down."""

    claim_id: UUID
    resource_id: UUID
    resource: str
    starts_at: datetime
    ends_at: datetime
    kind: str
    reason: str | None
    source: str
    zone: str
    wall_start: datetime | None
    wall_end: datetime | None


async def appointments_ahead(
    connection: Connection, business_id: UUID, now: datetime
) -> list[AheadAppointment]:
    """The appointments of a business that hold claims and haven't begun."""
    rows = await _APPOINTMENTS.rows(connection, business_id=business_id, now=now)
    return [AheadAppointment(**row) for row in rows]


async def blocks_ahead(
    connection: Connection, business_id: UUID, now: datetime
) -> list[AheadBlock]:
    """The absences and blocked hours of a business that aren't over."""
    rows = await _BLOCKS.rows(connection, business_id=business_id, now=now)
    return [AheadBlock(**row) for row in rows]


async def shift(
    connection: Connection, business_id: UUID, appointment_id: UUID, by: timedelta, zone_rules: str
) -> None:
    """Write an appointment later, or earlier, with its parts, as a change."""
    await _SHIFT.run(
        connection,
        business_id=business_id,
        appointment_id=appointment_id,
        by=by,
        zone_rules=zone_rules,
    )
    await _SHIFT_PARTS.run(
        connection, business_id=business_id, appointment_id=appointment_id, by=by
    )


async def write_walls(
    connection: Connection, business_id: UUID, walls: dict[UUID, datetime], zone_rules: str
) -> None:
    """Write down what the clocks of old appointments show at their start."""
    await _WRITE_WALL.run(
        connection,
        business_id=business_id,
        ids=list(walls),
        walls=list(walls.values()),
        zone_rules=zone_rules,
    )


async def write_walls_of_blocks(
    connection: Connection, business_id: UUID, walls: dict[UUID, tuple[datetime, datetime]]
) -> None:
    """Write down what the clocks of old blocks show at their start and end."""
    await _WRITE_WALLS_OF_BLOCKS.run(
        connection,
        business_id=business_id,
        ids=list(walls),
        starts=[start for start, _ in walls.values()],
        ends=[end for _, end in walls.values()],
    )


async def set_rules(
    connection: Connection,
    business_id: UUID,
    zone_rules: str,
    fingerprint: str,
    *,
    has_shifted: bool,
) -> None:
    """Write which rules a business goes by, and whether its promises may not be kept yet."""
    await _SET_RULES.run(
        connection,
        business_id=business_id,
        zone_rules=zone_rules,
        fingerprint=fingerprint,
        has_shifted=has_shifted,
    )


async def transaction_id(connection: Connection) -> str:
    """The number of the transaction under way."""
    found: str = await _TRANSACTION.value(connection)
    return found


async def is_alone(connection: Connection, transaction_id: str) -> bool:
    """Whether every transaction that began before that one is over."""
    return bool(await _IS_ALONE.value(connection, transaction_id=transaction_id))


async def behind(
    connection: Connection, zone_rules: str, after: UUID, limit: int
) -> Sequence[UUID]:
    """The businesses that go by older rules, or whose promises aren't all kept, by their ids from
    `after` on.
    """
    rows = await _BEHIND.rows(connection, zone_rules=zone_rules, after=after, limit=limit)
    return [row["business_id"] for row in rows]
