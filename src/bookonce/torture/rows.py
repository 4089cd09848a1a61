"""What the database holds in the end: the rows that the history is judged against."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from bookonce.platform.retry import DATABASE_ERRORS
from bookonce.torture.history import Part, Place
from bookonce.torture.soundness import DISAGREEMENTS, OVERLAPS
from bookonce.torture.told import UNTOLD

REACHABLE_WITHIN_S = 60
EXAMPLES_MAX = 100

BOOKED, MOVED, CANCELLED = "appointment.booked", "appointment.moved", "appointment.cancelled"
HELD, CONFIRMED, EXPIRED = "appointment.held", "appointment.confirmed", "appointment.expired"
UNCHANGED = "move.unchanged"


@dataclass(frozen=True, slots=True)
class Appointment:
    """One row with its parts, by the keys of what they refer to. `label` stands in its notes."""

    slug: str
    id: UUID
    status: str
    parts: tuple[Part, ...]
    sequence: int
    label: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Time taken of one resource. `label` is the reason of a block."""

    slug: str
    id: UUID
    kind: str
    resource: str
    low_s: int
    high_s: int
    label: str
    appointment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to an appointment; where it was put by it, if it was booked or moved."""

    slug: str
    kind: str
    appointment_id: UUID
    place: Place | None = None
    sequence: int = 0
    hold_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a key is tied to: the kind of event, and the appointment unless it was a refusal."""

    kind: str
    appointment_id: UUID | None


@dataclass(frozen=True)
class Rows:
    """All of it, as of one moment after the load."""

    appointments: dict[UUID, Appointment] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    events: dict[UUID, list[Event]] = field(default_factory=dict)
    """Of each appointment, in the order in which they happened."""
    keys: dict[tuple[str, bytes], Remembered] = field(default_factory=dict)
    """By address and hash of the key."""
    event_counts: dict[str, int] = field(default_factory=dict)
    """How many there are of each kind."""
    overlap_count: int = 0
    overlaps: list[tuple[UUID, UUID]] = field(default_factory=list)
    """Pairs of claims that take one resource twice; no more than some examples."""
    disagreements: dict[str, list[UUID]] = field(default_factory=dict)
    untold: dict[str, list[UUID]] = field(default_factory=dict)

    def of_key(self, slug: str, key: str) -> Remembered | None:
        """What a key is tied to, if it is."""
        return self.keys.get((slug, hashlib.sha256(key.encode()).digest()))


async def read_rows(url: str, tell: Callable[[str], None] = lambda _: None) -> Rows:
    """Everything, in one snapshot; `tell` is told what is looked at. Waits for a database that is
    just being recovered.

    Raises what the driver raises if it isn't there within a minute.
    """
    async with asyncio.timeout(REACHABLE_WITHIN_S):
        connection = await _connected(url)
    try:
        tell("statistics")  # so that what was filled within the hour is read by its indexes
        await connection.execute("ANALYZE")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await _read(connection, tell)
    finally:
        await connection.close()


async def _read(
    connection: asyncpg.Connection[asyncpg.Record], tell: Callable[[str], None]
) -> Rows:
    tell("rows")
    appointments = _with_parts(
        await connection.fetch(_APPOINTMENTS), await connection.fetch(_PARTS)
    )
    claims = [Claim(**row) for row in await connection.fetch(_CLAIMS)]
    events = _by_appointment(await connection.fetch(_EVENTS))
    keys = {
        (row["slug"], row["key_hash"]): Remembered(row["kind"], row["appointment_id"])
        for row in await connection.fetch(_KEYS)
    }
    counts = await connection.fetch("SELECT kind, count(*) FROM event GROUP BY kind")
    tell("claims that overlap")
    overlap_count = await connection.fetchval(f"SELECT count(*) FROM ({OVERLAPS}) AS o")
    overlaps = await connection.fetch(f"{OVERLAPS} LIMIT {EXAMPLES_MAX}")
    answers: dict[str, list[UUID]] = {}
    for what, query in (DISAGREEMENTS | UNTOLD).items():
        tell(what)
        found = await connection.fetch(f"{query} LIMIT {EXAMPLES_MAX}")
        answers[what] = [row[0] for row in found]
    return Rows(
        appointments=appointments,
        claims=claims,
        events=events,
        keys=keys,
        event_counts={row["kind"]: row["count"] for row in counts},
        overlap_count=overlap_count,
        overlaps=[(row[0], row[1]) for row in overlaps],
        disagreements={what: answers[what] for what in DISAGREEMENTS},
        untold={what: answers[what] for what in UNTOLD},
    )


async def _connected(url: str) -> asyncpg.Connection[asyncpg.Record]:
    while True:
        try:
            return await asyncpg.connect(url, timeout=10)
        except DATABASE_ERRORS:
            await asyncio.sleep(0.2)


_SLUG = "JOIN business_slug USING (business_id)"

_APPOINTMENTS = f"""
SELECT slug, appointment_id AS id, status, sequence, coalesce(notes, '') AS label
FROM appointment {_SLUG}
"""

_PARTS = """
SELECT appointment_id AS id, service.key AS service, resource.key AS staff,
       date_part('epoch', starts_at)::bigint AS start_s,
       date_part('epoch', ends_at)::bigint AS end_s
FROM appointment_part AS part
JOIN service USING (business_id, service_id)
JOIN resource USING (business_id, resource_id)
ORDER BY appointment_id, part.number
"""

_CLAIMS = f"""
SELECT slug, claim_id AS id, claim.kind, resource.key AS resource,
       date_part('epoch', lower(during))::bigint AS low_s,
       date_part('epoch', upper(during))::bigint AS high_s,
       coalesce(reason, '') AS label, appointment_id
FROM claim {_SLUG}
JOIN resource USING (business_id, resource_id)
"""

# A hold runs out before it is paid for late, and a time is paid for before it is moved. A
# cancellation comes last: nothing changes an appointment after it.
_EVENTS = f"""
SELECT slug, kind, appointment_id, data
FROM event {_SLUG}
WHERE appointment_id IS NOT NULL AND kind LIKE 'appointment.%'
ORDER BY kind = '{CANCELLED}',
         CASE kind WHEN '{EXPIRED}' THEN 0.3 WHEN '{CONFIRMED}' THEN 0.6
                   ELSE coalesce((data ->> 'sequence')::int, 0) END, kind
"""

_KEYS = f"""
SELECT slug, key_hash, kind, appointment_id
FROM idempotency {_SLUG}
JOIN event USING (business_id, event_id)
"""


def _with_parts(rows: list[Any], part_rows: list[Any]) -> dict[UUID, Appointment]:
    parts: defaultdict[UUID, list[Part]] = defaultdict(list)
    for row in part_rows:
        parts[row["id"]].append(Part(row["service"], row["staff"], row["start_s"], row["end_s"]))
    return {row["id"]: Appointment(parts=tuple(parts[row["id"]]), **row) for row in rows}


class _Part(msgspec.Struct):
    service: str
    staff: str
    start: datetime
    end: datetime


class _Facts(msgspec.Struct):
    parts: tuple[_Part, ...] = ()
    resources: tuple[str, ...] = ()
    sequence: int = 0
    hold_expires_at: datetime | None = None


def _by_appointment(rows: list[Any]) -> dict[UUID, list[Event]]:
    events: defaultdict[UUID, list[Event]] = defaultdict(list)
    for row in rows:
        facts = msgspec.json.decode(row["data"], type=_Facts)
        events[row["appointment_id"]].append(
            Event(
                slug=row["slug"],
                kind=row["kind"],
                appointment_id=row["appointment_id"],
                place=_place(facts),
                sequence=facts.sequence,
                hold_until=facts.hold_expires_at,
            )
        )
    return dict(events)


def _place(facts: _Facts) -> Place | None:
    """None if the event doesn't say where the appointment is."""
    if not facts.parts:
        return None
    parts = tuple(
        Part(one.service, one.staff, int(one.start.timestamp()), int(one.end.timestamp()))
        for one in facts.parts
    )
    return Place(parts, facts.resources)
