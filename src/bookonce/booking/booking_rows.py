"""The one statement that books: idempotency check, claims, client, appointment, event and key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

import asyncpg

from bookonce.availability.claim_rows import Taken, Taking, taking
from bookonce.availability.hold_rows import outlived
from bookonce.booking import limit_rows
from bookonce.booking.limit_rows import Allowance
from bookonce.platform.connection import Connection
from bookonce.platform.retry import FOREIGN_KEY_VIOLATION, UNIQUE_VIOLATION, sqlstate


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
    hold_expires_at: datetime | None = None
    """Until when the time is held, if it is to be paid for first."""
    deposit_minor: int | None = None
    allowances: tuple[Allowance, ...] = ()
    """What the visitor is counted by, if the business limits how much they may hold."""


class Outcome(Enum):
    """What became of a booking statement."""

    BOOKED = "booked"
    REFUSED = "refused"  # not all that the visit needs is free
    REPLAY = "replay"  # the key was used before
    STALE = "stale"  # the business has changed; judge the start again
    LIMITED = "limited"  # the visitor holds as many bookings ahead as they may
    OUTLIVED = "outlived"  # a hold that has run out may be in the way; take it away, ask again
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
    look=limit_rows.room(subjects="$36", limits="$37", now="$31") + ",\n",
    permit="\n      AND (SELECT count(*) FROM room) = cardinality($36)",
    count=limit_rows.counting(source="complete CROSS JOIN visitor") + ",\n",
    require="\n    WHERE (SELECT count(*) FROM counted) = cardinality($36)",
    tell="(SELECT count(*) FROM room) < cardinality($36) AS is_full,\n       ",
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
{taking(simple=simple, condition="ready", now="$31", expires_at="$34")},
{outlived(now="$31")},
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
        created_at, hold_expires_at, deposit_minor
    )
    SELECT $1, $2, $14, $15, complete.resource_id, visitor.client_id,
           CASE WHEN $34::timestamptz IS NULL THEN 'confirmed' ELSE 'held' END,
           $16, $17, $18, $33, $21, $22, $23, $24, $31, $34, $35
    FROM complete CROSS JOIN visitor{limit.require}
    RETURNING appointment_id, resource_id
),
happened AS (
    INSERT INTO event (business_id, event_id, kind, actor, appointment_id, at, data)
    SELECT $1, $25::uuid,
           CASE WHEN $34 IS NULL THEN 'appointment.booked' ELSE 'appointment.held' END,
           $26::text, booked.appointment_id, $31::timestamptz,
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
      AND NOT EXISTS (SELECT FROM outlived)
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
       NOT EXISTS (SELECT FROM complete) AND EXISTS (SELECT FROM outlived) AS outlived,
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
            new.hold_expires_at,
            new.deposit_minor,
            *(limit_rows.parameters(new.allowances) if new.allowances else ()),
        )
    except asyncpg.IntegrityConstraintViolationError as error:
        # The key, the client's mail address or a part of the time was taken by a rival since our
        # snapshot.
        if sqlstate(error) in (UNIQUE_VIOLATION, FOREIGN_KEY_VIOLATION):
            return BookingResult(Outcome.AGAIN)
        raise
    assert row is not None
    if row["performer_id"] is not None:
        taken = Taken.of(row["performer_id"], row["resource_ids"])
        return BookingResult(Outcome.BOOKED, taken)
    reasons = (
        (row["replayed"], Outcome.REPLAY),
        (row.get("is_full"), Outcome.LIMITED),
        (not row["ready"], Outcome.STALE),
        (row["outlived"], Outcome.OUTLIVED),
        (row["asked"] and not simple, Outcome.AGAIN),  # a race was lost
    )
    return BookingResult(next((outcome for is_so, outcome in reasons if is_so), Outcome.REFUSED))


SIMPLE_BOOKING = _booking_statement(simple=True)
CHOOSING_BOOKING = _booking_statement(simple=False)
_STATEMENTS = {
    (True, False): SIMPLE_BOOKING,
    (False, False): CHOOSING_BOOKING,
    (True, True): _booking_statement(simple=True, limit=_LIMITED),
    (False, True): _booking_statement(simple=False, limit=_LIMITED),
}
"""By whether there is one person for one time, and whether the visitor's bookings are limited."""
