"""The one statement that books: idempotency check, claims, client, appointment, event and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from bookonce.availability.claim_rows import allocating, complete
from bookonce.availability.demand import Allocation, Demand
from bookonce.availability.hold_rows import EXPIRED_IN_THE_WAY
from bookonce.booking import limit_rows
from bookonce.booking.client import Guest
from bookonce.booking.limit_rows import Allowance
from bookonce.events import catalogue
from bookonce.events.catalogue import Part
from bookonce.events.event_rows import appended
from bookonce.events.followers import is_followed
from bookonce.platform.connection import Connection
from bookonce.platform.retry import FOREIGN_KEY_VIOLATION, UNIQUE_VIOLATION, sqlstate
from bookonce.platform.statements import StatementOf


class Whom(Enum):
    """How a booking finds its client."""

    BY_EMAIL = "by_email"  # whoever has the mail address, or somebody new
    BY_ID = "by_id"  # one that the business knows
    NOBODY = "nobody"  # a walk-in

    @classmethod
    def of(cls, guest: Guest) -> Whom:
        """The way to find a guest."""
        if guest.client_id is not None:
            return cls.BY_ID
        return cls.NOBODY if guest.is_walk_in else cls.BY_EMAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAppointment:
    """Everything that the booking statement writes, but for who performs it."""

    demand: Demand
    version: int
    """Of the business, as the start was judged by it."""
    zone_turn: int
    """Likewise, of its zones' rules."""
    location_id: UUID
    location_name: str
    location_address: str
    zone: str
    wall_start: datetime | None
    """What the zone's clock shows at the start, without an offset."""
    zone_rules: str
    """The version of the zone database by which that is so."""
    starts_at: datetime
    ends_at: datetime
    service_id: UUID
    service_name: str
    """Of the first part."""
    staff_name: str
    """Of a simple demand: what the one who performs it is called."""
    parts: tuple[Part, ...]
    """What is performed; without who performs it unless the demand is simple."""
    service_ids: Mapping[str, UUID]
    """By key, for what the parts refer to."""
    price_minor: int | None
    currency: str
    whom: Whom
    client_id: UUID
    """The client's id, if they are new to the business; or which one it is."""
    client_email: str | None
    client_name: str
    client_phone: str | None
    notes: str | None
    answers: str | None
    """JSON: what was asked and answered, if anything was."""
    token_hash: bytes
    sealed_token: bytes
    event_id: UUID
    actor: str
    """JSON, as events keep it."""
    facts: str
    """JSON for the event. Unless the demand is simple, the statement adds who performs it and in
    which rooms.
    """
    key_hash: bytes
    request_hash: bytes
    keep_refusal: bool
    """Whether a refusal is remembered under the key too."""
    now: datetime
    hold_expires_at: datetime | None = None
    """Until when the time is held, if it is to be paid for first."""
    deposit_minor: int | None = None
    language: str | None = None
    """In which whoever books reads the page, as HTML names it; None: not known."""
    allowances: tuple[Allowance, ...] = ()
    """What the visitor is counted by, if the business limits how much they may hold."""
    takes_no_claims: bool = False
    """Whether the time is taken in another way, in the same transaction."""

    @property
    def status(self) -> str:
        """The status that it begins with."""
        return "confirmed" if self.hold_expires_at is None else "held"

    @property
    def kind(self) -> str:
        """The kind of its event."""
        return (catalogue.BOOKED if self.hold_expires_at is None else catalogue.HELD).name

    @property
    def is_unrelayed(self) -> bool:
        """Whether that event has followers."""
        return is_followed(self.kind)

    @property
    def parts_json(self) -> str:
        """The parts as JSON, as the statement takes them."""
        rows = [
            msgspec.structs.asdict(part)
            | {"service_id": self.service_ids[part.service], "number": number}
            for number, part in enumerate(self.parts)
        ]
        return msgspec.json.encode(rows).decode()

    @property
    def subjects(self) -> Sequence[bytes]:
        """What the visitor is counted by."""
        return [each.subject for each in self.allowances]

    @property
    def bookings_max(self) -> Sequence[int]:
        """How many bookings ahead each of these may hold."""
        return [each.bookings_max for each in self.allowances]

    @property
    def are_unpaid(self) -> Sequence[bool]:
        """Whether only those that wait for a payment count for each of these."""
        return [each.is_unpaid for each in self.allowances]


class Outcome(Enum):
    """What became of a booking statement."""

    BOOKED = "booked"
    REFUSED = "refused"  # not all that the visit needs is free
    REPLAY = "replay"  # the key was used before
    STALE = "stale"  # the business has changed; judge the start again
    LIMITED = "limited"  # the visitor holds as many bookings ahead as they may
    EXPIRED_HOLD = "expired_hold"  # one may be in the way; take it away, ask again
    AGAIN = "again"  # a race was lost that leaves others to ask; nothing was written


@dataclass(frozen=True, slots=True)
class BookingResult:
    """The outcome, and when booked what it got."""

    outcome: Outcome
    allocation: Allocation | None = None


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
    look=limit_rows.ROOM + ",\n",
    permit="\n      AND (SELECT count(*) FROM room) = cardinality(:subjects::bytea[])",
    count=limit_rows.counting("complete CROSS JOIN visitor") + ",\n",
    require="\n    WHERE (SELECT count(*) FROM counted) = cardinality(:subjects::bytea[])",
    tell="(SELECT count(*) FROM room) < cardinality(:subjects::bytea[]) AS is_full,\n       ",
)


# One service by one person: what is written of its part is known already.
_ONE_PART = """
booked_part AS (
    INSERT INTO appointment_part (
        business_id, appointment_id, number, service_id, service_name, resource_id, staff_name,
        starts_at, ends_at, price_minor
    )
    SELECT :business_id, :appointment_id, 0, :service_id, :service_name, :resource_id, :staff_name,
           :starts_at, :ends_at, :price_minor
    FROM booked
)"""
# Several services by one person.
_PARTS_OF_ONE = """
booked_part AS (
    INSERT INTO appointment_part (
        business_id, appointment_id, number, service_id, service_name, resource_id, staff_name,
        starts_at, ends_at, price_minor
    )
    SELECT :business_id, :appointment_id, part.number, part.service_id, part.service_name,
           :resource_id, :staff_name, part.start, part."end", part.price_minor
    FROM booked CROSS JOIN jsonb_to_recordset(:parts_json::jsonb) AS part (
        number smallint, service_id uuid, service_name text, start timestamptz, "end" timestamptz,
        price_minor bigint
    )
)"""
_CHOSEN_PARTS = """
part AS (
    SELECT asked.number - 1 AS number, asked.part, performer.resource_id, performer.key,
           performer.name
    FROM jsonb_array_elements(:parts_json::jsonb) WITH ORDINALITY AS asked (part, number)
    JOIN performing ON performing.part = asked.number - 1
    JOIN resource AS performer ON performer.business_id = :business_id
                              AND performer.resource_id = performing.resource_id
    WHERE EXISTS (SELECT 1 FROM booked)
),
booked_part AS (
    INSERT INTO appointment_part (
        business_id, appointment_id, number, service_id, service_name, resource_id, staff_name,
        starts_at, ends_at, price_minor
    )
    SELECT :business_id, :appointment_id, part.number, (part.part ->> 'service_id')::uuid,
           part.part ->> 'service_name', part.resource_id, part.name,
           (part.part ->> 'start')::timestamptz, (part.part ->> 'end')::timestamptz,
           (part.part ->> 'price_minor')::bigint
    FROM part
)"""
_CHOSEN_FACTS = """:facts::jsonb || jsonb_build_object(
               'parts', (
                   SELECT jsonb_agg(
                       (part.part - 'service_id' - 'number')
                       || jsonb_build_object('staff', part.key, 'staff_name', part.name)
                       ORDER BY part.number)
                   FROM part),
               'resources', coalesce((
                   SELECT jsonb_agg(DISTINCT other.key)
                   FROM taken JOIN resource AS other ON other.business_id = :business_id
                                                    AND other.resource_id = taken.resource_id
                   WHERE taken.resource_id NOT IN (SELECT resource_id FROM performing)), '[]'))"""


_VISITORS = {
    Whom.BY_EMAIL: """
known AS (
    SELECT coalesce(merged_into, client_id) AS client_id FROM client
    WHERE business_id = :business_id AND email = :client_email AND is_known_by_email
),
registered AS (
    INSERT INTO client (business_id, client_id, email, name, phone, created_at)
    SELECT :business_id, :client_id, :client_email, :client_name, :client_phone, :now
    FROM complete
    WHERE NOT EXISTS (SELECT 1 FROM known)
    ON CONFLICT DO NOTHING
    RETURNING client_id
),
visitor AS (
    SELECT client_id FROM known UNION ALL SELECT client_id FROM registered
)""",
    Whom.BY_ID: """
visitor AS (
    SELECT coalesce(merged_into, client_id) AS client_id FROM client
    WHERE business_id = :business_id AND client_id = :client_id
)""",
    Whom.NOBODY: """
visitor AS (
    SELECT NULL::uuid AS client_id
)""",
}


class _Form(NamedTuple):
    """What the booking statement says, and where, by whether anybody has to be chosen."""

    simple: bool
    parts: str
    facts: str = ":facts::jsonb"
    nothing_chosen: str = "true"
    tell: str = ""
    claims: str = ""
    """In place of the pieces that take claims."""


_ONE = _Form(True, _ONE_PART)
_ONE_FOR_SEVERAL = _Form(True, _PARTS_OF_ONE)
# One person, whose time is taken whatever they have promised already.
_WITHOUT_CLAIMS = _Form(
    True,
    _PARTS_OF_ONE,
    claims="taken AS (SELECT :resource_id::uuid AS resource_id FROM ready)",
)
_CHOOSING = _Form(
    False,
    _CHOSEN_PARTS,
    _CHOSEN_FACTS,
    "NOT EXISTS (SELECT 1 FROM claimable)",
    """,
       EXISTS (SELECT 1 FROM claimable) AS looked_free,
       ARRAY(SELECT resource_id FROM performing ORDER BY part) AS performer_ids,
       ARRAY(SELECT DISTINCT resource_id FROM taken) AS resource_ids""",
)


def _booking_statement(
    form: _Form, limit: _Limit = _NO_LIMIT, whom: Whom = Whom.BY_EMAIL
) -> StatementOf[NewAppointment]:
    """The booking: idempotency check, claims, client, appointment, event and key, or nothing.

    `replay` is there if the key was used before. `ready` lets the rest happen only if it wasn't
    and the business is still what the start was judged by. The claims come first; a claim
    without its appointment is refused by its foreign key, so if a rival took a part of what the
    visit needs, or made the same client, the whole statement fails and is run again. The key's row
    comes last and without ON CONFLICT: two requests with one key can't both succeed, the second
    fails whole. `limit` is what counts a visitor's bookings, if anything does.
    """
    return StatementOf(
        f"""
WITH replay AS (
    SELECT 1 AS one FROM idempotency WHERE business_id = :business_id AND key_hash = :key_hash
),
{limit.look}ready AS (
    SELECT 1 AS one FROM business
    WHERE business_id = :business_id AND version = :version AND zone_turn = :zone_turn
      AND NOT EXISTS (SELECT 1 FROM replay){limit.permit}
),
{form.claims or allocating(simple=form.simple, condition="ready", expires_at=":hold_expires_at")},
{EXPIRED_IN_THE_WAY},
complete AS (
    SELECT 1 AS one WHERE {complete(simple=form.simple)}
),
{_VISITORS[whom].strip()},
{limit.count}booked AS (
    INSERT INTO appointment (
        business_id, appointment_id, location_id, client_id, status, starts_at, ends_at,
        price_minor, currency, client_name, client_phone, notes, token_hash, created_at,
        hold_expires_at, deposit_minor, business_version, location_name, location_address, zone,
        wall_start, zone_rules, confirmed_at, language, answers
    )
    SELECT :business_id, :appointment_id, :location_id, visitor.client_id, :status, :starts_at,
           :ends_at, :price_minor, :currency, :client_name, :client_phone, :notes, :token_hash,
           :now, :hold_expires_at, :deposit_minor, :version, :location_name, :location_address,
           :zone, :wall_start, :zone_rules, CASE WHEN :status = 'confirmed' THEN :now END,
           :language, :answers::jsonb
    FROM complete CROSS JOIN visitor{limit.require}
    RETURNING appointment_id
),
{form.parts.strip()},
happened AS (
    INSERT INTO event (
        business_id, event_id, kind, actor, appointment_id, at, data, is_unrelayed
    )
    SELECT :business_id, :event_id::uuid, :kind, :actor::jsonb, booked.appointment_id,
           :now::timestamptz,
           {form.facts},
           :is_unrelayed::boolean
    FROM booked
    UNION ALL
    SELECT :business_id, :event_id, 'booking.refused', :actor::jsonb, NULL::uuid, :now,
           jsonb_build_object('start', :starts_at), false
    FROM ready
    WHERE :keep_refusal AND NOT EXISTS (SELECT 1 FROM taken)
      AND {form.nothing_chosen}
      AND NOT EXISTS (SELECT 1 FROM expired_hold)
    RETURNING event_id
),
remembered AS (
    INSERT INTO idempotency (
        business_id, key_hash, request_hash, event_id, sealed_token, created_at
    )
    SELECT :business_id, :key_hash, :request_hash, happened.event_id,
           CASE WHEN EXISTS (SELECT 1 FROM taken) THEN :sealed_token::bytea END, :now
    FROM happened
)
SELECT {limit.tell}EXISTS (SELECT 1 FROM ready) AS is_ready,
       EXISTS (SELECT 1 FROM replay) AS is_replay,
       EXISTS (SELECT 1 FROM complete) AS is_complete,
       NOT EXISTS (SELECT 1 FROM complete) AND EXISTS (SELECT 1 FROM expired_hold)
           AS has_expired_hold{form.tell}
""",
        NewAppointment,
    )


async def book(connection: Connection, new: NewAppointment) -> BookingResult:
    """Run the booking statement: one round trip, one transaction."""
    demand = new.demand
    form = _form_of(new)
    try:
        row = await _STATEMENTS[form, bool(new.allowances), new.whom].row(connection, new)
    except asyncpg.IntegrityConstraintViolationError as error:
        # The key, the client's mail address or a part of the time was taken by a rival since our
        # snapshot.
        if sqlstate(error) in (UNIQUE_VIOLATION, FOREIGN_KEY_VIOLATION):
            return BookingResult(Outcome.AGAIN)
        raise
    assert row is not None
    if row["is_complete"]:
        appended(catalogue.KINDS[new.kind])
        return BookingResult(
            Outcome.BOOKED,
            Allocation.simple(demand)
            if form.simple
            else Allocation.of(row["performer_ids"], row["resource_ids"]),
        )
    reasons = (
        (row["is_replay"], Outcome.REPLAY),
        (row.get("is_full"), Outcome.LIMITED),
        (not row["is_ready"], Outcome.STALE),
        (row["has_expired_hold"], Outcome.EXPIRED_HOLD),
        (row.get("looked_free"), Outcome.AGAIN),  # a race was lost
    )
    return BookingResult(next((outcome for is_so, outcome in reasons if is_so), Outcome.REFUSED))


def _form_of(new: NewAppointment) -> _Form:
    if new.takes_no_claims:
        return _WITHOUT_CLAIMS
    if not new.demand.is_simple:
        return _CHOOSING
    return _ONE if new.demand.part_count == 1 else _ONE_FOR_SEVERAL


_STATEMENTS = {
    (form, is_limited, whom): _booking_statement(form, _LIMITED if is_limited else _NO_LIMIT, whom)
    for form in (_ONE, _ONE_FOR_SEVERAL, _CHOOSING, _WITHOUT_CLAIMS)
    for is_limited in (False, True)
    for whom in Whom
}
"""By who performs what, whether the visitor's bookings are limited, and who the client is."""
SIMPLE_BOOKING = _STATEMENTS[_ONE, False, Whom.BY_EMAIL]
CHOOSING_BOOKING = _STATEMENTS[_CHOOSING, False, Whom.BY_EMAIL]
