"""Events in an order that a program can follow: each gets a place, and none comes before one that
was read already.

An id begins with the time at which it was made, but the transaction that writes it may commit later
than others that were made after it. So whoever reads gives a place to those that have committed and
have none yet, one reader at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.ids import first_id_at
from bookonce.platform.statements import Statement

PLACED_MAX = 2_000
"""How many events get a place at a time."""
LATE = timedelta(hours=1)
"""No transaction commits an event so long after it made the id: statements and tries are bounded."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An event at its place. `facts` is JSON, as the catalogue has it for the kind."""

    place: int
    id: UUID
    kind: str
    at: datetime
    actor: Actor
    appointment_id: UUID | None
    facts: str


_NEWEST = Statement(
    """
    SELECT event.at FROM event_place
    JOIN event ON event.business_id = :business_id AND event.event_id = event_place.event_id
    WHERE event_place.business_id = :business_id
    ORDER BY event_place.place DESC LIMIT 1
    """
)
# Its rivals are others who give places, and changes of the business. Bookings refer to the row only,
# and don't wait.
_ALONE = Statement(
    "SELECT 1 AS one FROM business WHERE business_id = :business_id FOR NO KEY UPDATE"
)
_GIVE = Statement(
    """
    INSERT INTO event_place (business_id, place, event_id)
    SELECT :business_id, last.place + row_number() OVER (ORDER BY one.event_id), one.event_id
    FROM (
        SELECT event.event_id FROM event
        WHERE event.business_id = :business_id AND event.event_id >= :since
          AND NOT EXISTS (
              SELECT 1 FROM event_place AS given
              WHERE given.business_id = :business_id AND given.event_id = event.event_id)
        ORDER BY event.event_id LIMIT :placed_max
    ) AS one
    CROSS JOIN (
        SELECT coalesce(max(place), 0) AS place FROM event_place
        WHERE business_id = :business_id
    ) AS last
    """
)
_AFTER = Statement(
    """
    SELECT event_place.place, event.event_id, event.kind, event.at, event.actor,
           event.appointment_id, event.data
    FROM event_place
    JOIN event ON event.business_id = :business_id AND event.event_id = event_place.event_id
    WHERE event_place.business_id = :business_id AND event_place.place > :after
    ORDER BY event_place.place LIMIT :rows_max
    """
)


async def give_places(connection: Connection, business_id: UUID) -> int:
    """Within a transaction, give a place to each event that has committed and has none, up to
    `PLACED_MAX`; how many got one. Below the newest that has one it looks as far back as a commit can
    be late.
    """
    await _ALONE.run(connection, business_id=business_id)
    newest: datetime | None = await _NEWEST.value(connection, business_id=business_id)
    return await _GIVE.run(
        connection,
        business_id=business_id,
        since=first_id_at(newest - LATE) if newest else UUID(int=0),
        placed_max=PLACED_MAX,
    )


async def after(
    connection: Connection, business_id: UUID, place: int, rows_max: int
) -> list[Placed]:
    """The events after a place, in order."""
    rows = await _AFTER.rows(connection, business_id=business_id, after=place, rows_max=rows_max)
    return [
        Placed(
            row["place"],
            row["event_id"],
            row["kind"],
            row["at"],
            msgspec.json.decode(row["actor"], type=Actor),
            row["appointment_id"],
            row["data"],
        )
        for row in rows
    ]
