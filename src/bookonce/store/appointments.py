"""Appointments: the one statement that books, and the conditional changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import asyncpg

from bookonce.core.appointments import Appointment, Status
from bookonce.store import visitor_limits
from bookonce.store.claims import Taken, Taking, releasing, taking
from bookonce.store.database import Connection
from bookonce.store.retry import FOREIGN_KEY_VIOLATION, UNIQUE_VIOLATION, sqlstate
from bookonce.store.visitor_limits import Allowance


@dataclass(frozen=True, slots=True)
class NewAppointment:
    """Everything that the booking statement writes, but for who performs it."""

    taking: Taking
    version: int
    location_id: UUID
    service_id: UUID
    starts_at: datetime
    ends_at: datetime
    price_minor: int | None
    currency: str
    client_id: UUID
    """The client's id, if the mail address is new to the business."""
    client_email: str
    client_name: str
    client_phone: str | None
    notes: str | None
    token_hash: bytes
    sealed_token: bytes
    event_id: UUID
    actor: str
    facts: str
    """JSON for the event; the statement adds who performs it."""
    key_hash: bytes
    request_hash: bytes
    keep_refusal: bool
    """Whether a refusal is remembered under the key too."""
    now: datetime
    allowances: tuple[Allowance, ...] = ()
    """What the visitor is counted by, if the business limits how much they may hold."""


class Outcome(Enum):
    """What became of a booking statement."""

    BOOKED = "booked"
    REFUSED = "refused"  # not all that the visit needs is free
    REPLAY = "replay"  # the key was used before
    STALE = "stale"  # the business has changed; judge the start again
    LIMITED = "limited"  # the visitor holds as many bookings ahead as they may
    AGAIN = "again"  # a race was lost that leaves others to ask; nothing was written


@dataclass(frozen=True, slots=True)
class BookingResult:
    """The outcome, and what was taken when booked."""

    outcome: Outcome
    taken: Taken | None = None


@dataclass(frozen=True, slots=True)
class _Limit:
    """What the booking statement says, and where, to count a visitor's bookings; or nothing."""

    look: str = ""
    permit: str = ""
    count: str = ""
    require: str = ""
    tell: str = ""


_NO_LIMIT = _Limit()
_LIMITED = _Limit(
    look=visitor_limits.room(subjects="$34", limits="$35", now="$31") + ",\n",
    permit="\n      AND (SELECT count(*) FROM room) = cardinality($34)",
    count=visitor_limits.counting(source="complete CROSS JOIN visitor") + ",\n",
    require="\n    WHERE (SELECT count(*) FROM counted) = cardinality($34)",
    tell="(SELECT count(*) FROM room) < cardinality($34) AS is_full,\n       ",
)


def _booking_statement(*, simple: bool, limit: _Limit = _NO_LIMIT) -> str:
    """The booking: idempotency check, claims, client, appointment, event and key, or nothing.

    `replay` is there if the key was used before. `ready` lets the rest happen only if it wasn't
    and the business is still what the start was judged by. The claims come first; a claim
    without its appointment is refused by its foreign key, so if a rival took a part of what the
    visit needs, or made the same client, the whole statement fails and is run again. The key's row
    comes last and without ON CONFLICT: two requests with one key can't both succeed, the second
    fails whole. `limit` is what counts a visitor's bookings, if anything does.
    """
    return f"""
WITH replay AS (
    SELECT FROM idempotency WHERE business_id = $1 AND key_hash = $28
),
{limit.look}ready AS (
    SELECT FROM business
    WHERE business_id = $1 AND version = $13 AND NOT EXISTS (SELECT FROM replay){limit.permit}
),
{taking(simple=simple, condition="ready")},
complete AS (
    SELECT chosen.resource_id
    FROM chosen
    WHERE need = 0 AND (SELECT count(*) FROM taken) = cardinality($8)
),
known AS (
    SELECT client_id FROM client WHERE business_id = $1 AND email = $20
),
registered AS (
    INSERT INTO client (business_id, client_id, email, name, phone, created_at)
    SELECT $1, $19, $20, $21, $22, $31
    FROM complete
    WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT DO NOTHING
    RETURNING client_id
),
visitor AS (
    SELECT client_id FROM known UNION ALL SELECT client_id FROM registered
),
{limit.count}booked AS (
    INSERT INTO appointment (
        business_id, appointment_id, location_id, service_id, resource_id, client_id, status,
        starts_at, ends_at, price_minor, currency, client_name, client_phone, notes, token_hash,
        created_at
    )
    SELECT $1, $2, $14, $15, complete.resource_id, visitor.client_id, 'confirmed',
           $16, $17, $18, $33, $21, $22, $23, $24, $31
    FROM complete CROSS JOIN visitor{limit.require}
    RETURNING appointment_id, resource_id
),
happened AS (
    INSERT INTO event (business_id, event_id, kind, actor, appointment_id, at, data)
    SELECT $1, $25::uuid, 'appointment.booked', $26::text, booked.appointment_id,
           $31::timestamptz,
           $27::jsonb || (
               SELECT jsonb_build_object(
                   'staff', min(key) FILTER (WHERE resource_id = booked.resource_id),
                   'resources', coalesce(
                       jsonb_agg(DISTINCT key) FILTER (WHERE resource_id <> booked.resource_id),
                       '[]'))
               FROM taken JOIN resource USING (resource_id)
               WHERE resource.business_id = $1
           )
    FROM booked
    UNION ALL
    SELECT $1, $25, 'booking.refused', $26, NULL::uuid, $31, $27::jsonb
    FROM ready
    WHERE $30 AND NOT EXISTS (SELECT FROM taken)
      AND {"true" if simple else "NOT EXISTS (SELECT FROM claimable)"}
    RETURNING event_id
),
remembered AS (
    INSERT INTO idempotency (
        business_id, key_hash, request_hash, event_id, sealed_token, created_at
    )
    SELECT $1, $28, $29, happened.event_id,
           CASE WHEN EXISTS (SELECT FROM taken) THEN $32::bytea END, $31
    FROM happened
)
SELECT {limit.tell}EXISTS (SELECT FROM ready) AS ready,
       EXISTS (SELECT FROM {"chosen" if simple else "claimable"}) AS asked,
       EXISTS (SELECT FROM replay) AS replayed,
       (SELECT resource_id FROM complete) AS performer_id,
       (SELECT array_agg(DISTINCT resource_id) FROM taken) AS resource_ids
"""


async def book(connection: Connection, new: NewAppointment) -> BookingResult:
    """Run the booking statement: one round trip, one transaction."""
    simple = new.taking.is_simple
    try:
        row = await connection.fetchrow(
            _STATEMENTS[simple, bool(new.allowances)],
            *new.taking.parameters(),
            new.version,
            new.location_id,
            new.service_id,
            new.starts_at,
            new.ends_at,
            new.price_minor,
            new.client_id,
            new.client_email,
            new.client_name,
            new.client_phone,
            new.notes,
            new.token_hash,
            new.event_id,
            new.actor,
            new.facts,
            new.key_hash,
            new.request_hash,
            new.keep_refusal,
            new.now,
            new.sealed_token,
            new.currency,
            *(visitor_limits.parameters(new.allowances) if new.allowances else ()),
        )
    except asyncpg.IntegrityConstraintViolationError as error:
        # The key, the client's mail address or a part of the time was taken by a rival since our
        # snapshot.
        if sqlstate(error) in (UNIQUE_VIOLATION, FOREIGN_KEY_VIOLATION):
            return BookingResult(Outcome.AGAIN)
        raise
    assert row is not None
    if row["replayed"]:
        return BookingResult(Outcome.REPLAY)
    if row.get("is_full"):
        return BookingResult(Outcome.LIMITED)
    if not row["ready"]:
        return BookingResult(Outcome.STALE)
    if row["performer_id"] is not None:
        return BookingResult(
            Outcome.BOOKED, taken=Taken.of(row["performer_id"], row["resource_ids"])
        )
    lost_race = row["asked"] and not simple
    return BookingResult(Outcome.AGAIN if lost_race else Outcome.REFUSED)


SIMPLE_BOOKING = _booking_statement(simple=True)
CHOOSING_BOOKING = _booking_statement(simple=False)
_STATEMENTS = {
    (True, False): SIMPLE_BOOKING,
    (False, False): CHOOSING_BOOKING,
    (True, True): _booking_statement(simple=True, limit=_LIMITED),
    (False, True): _booking_statement(simple=False, limit=_LIMITED),
}
"""By whether there is one person for one time, and whether the visitor's bookings are limited."""


_APPOINTMENT = """
    appointment.appointment_id, appointment.status, service.key AS service,
    location.key AS location, resource.key AS staff, appointment.starts_at, appointment.ends_at, appointment.price_minor,
    appointment.currency, appointment.sequence, appointment.client_name, appointment.notes,
    (
        SELECT array_agg(DISTINCT other.key)
        FROM claim
        JOIN resource AS other ON other.business_id = claim.business_id
                              AND other.resource_id = claim.resource_id
        WHERE claim.business_id = appointment.business_id
          AND claim.appointment_id = appointment.appointment_id
          AND claim.resource_id <> appointment.resource_id
    ) AS resources
"""


def _appointment(row: asyncpg.Record) -> Appointment:
    return Appointment(
        id=row["appointment_id"],
        status=Status(row["status"]),
        service=row["service"],
        location=row["location"],
        staff=row["staff"],
        resources=tuple(row["resources"] or ()),
        start=row["starts_at"],
        end=row["ends_at"],
        price_minor=row["price_minor"],
        currency=row["currency"],
        sequence=row["sequence"],
        client_name=row["client_name"],
        notes=row["notes"],
    )


async def by_token(
    connection: Connection, business_id: UUID, token_hash: bytes
) -> Appointment | None:
    """The appointment that a capability opens, within one business."""
    row = await connection.fetchrow(
        f"""
        SELECT {_APPOINTMENT}
        FROM appointment
        JOIN location ON location.business_id = appointment.business_id
                     AND location.location_id = appointment.location_id
        JOIN service ON service.business_id = appointment.business_id
                    AND service.service_id = appointment.service_id
        JOIN resource ON resource.business_id = appointment.business_id
                     AND resource.resource_id = appointment.resource_id
        WHERE appointment.business_id = $1 AND appointment.token_hash = $2
        """,
        business_id,
        token_hash,
    )
    return _appointment(row) if row else None


async def change_status(
    connection: Connection,
    business_id: UUID,
    appointment: Appointment,
    status: Status,
    *,
    event_id: UUID,
    actor: str,
    now: datetime,
) -> bool:
    """Set a status if nothing has changed since `appointment` was read; False if it has.

    One statement: the status, the claims given back if it is cancelled, and the event.
    """
    row = await connection.fetchrow(
        f"""
        WITH changed AS (
            UPDATE appointment SET status = $5, sequence = sequence + 1
            WHERE business_id = $1 AND appointment_id = $2 AND status = $3 AND sequence = $4
            RETURNING appointment_id
        ),
        {releasing("appointment_id IN (SELECT appointment_id FROM changed WHERE $5 = 'cancelled')")},
        happened AS (
            INSERT INTO event (business_id, event_id, kind, actor, appointment_id, at, data)
            SELECT $1, $6, 'appointment.' || $5, $7, changed.appointment_id, $8, '{{}}'
            FROM changed
        )
        SELECT FROM changed
        """,
        business_id,
        appointment.id,
        appointment.status.value,
        appointment.sequence,
        status.value,
        event_id,
        actor,
        now,
    )
    return row is not None


async def lock_unchanged(
    connection: Connection, business_id: UUID, appointment: Appointment
) -> bool:
    """Hold an appointment for a change if nothing has changed since it was read.

    Its rival is another change of the same appointment; claims that refer to it don't wait.
    """
    row = await connection.fetchrow(
        """
        SELECT FROM appointment
        WHERE business_id = $1 AND appointment_id = $2 AND status = $3 AND sequence = $4
        FOR NO KEY UPDATE
        """,
        business_id,
        appointment.id,
        appointment.status.value,
        appointment.sequence,
    )
    return row is not None


async def set_time(
    connection: Connection,
    business_id: UUID,
    appointment_id: UUID,
    location_id: UUID,
    performer_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
) -> None:
    """Write the new time, place and person of an appointment that `lock_unchanged` holds."""
    await connection.execute(
        """
        UPDATE appointment
        SET location_id = $3, resource_id = $4, starts_at = $5, ends_at = $6,
            sequence = sequence + 1
        WHERE business_id = $1 AND appointment_id = $2
        """,
        business_id,
        appointment_id,
        location_id,
        performer_id,
        starts_at,
        ends_at,
    )


async def upcoming_counts(
    connection: Connection, business_id: UUID, now: datetime
) -> list[tuple[str, str, int]]:
    """Confirmed appointments from now on: staff key, location key and how many."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT resource.key AS staff, location.key AS location, count(*) AS appointments
        FROM appointment
        JOIN resource ON resource.business_id = appointment.business_id
                     AND resource.resource_id = appointment.resource_id
        JOIN location ON location.business_id = appointment.business_id
                     AND location.location_id = appointment.location_id
        WHERE appointment.business_id = $1 AND appointment.status = 'confirmed'
          AND appointment.starts_at >= $2
        GROUP BY resource.key, location.key
        """,
        business_id,
        now,
    )
    return [(row["staff"], row["location"], row["appointments"]) for row in rows]
