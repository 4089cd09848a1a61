"""Availability the obvious way: every slot of every day is held against every appointment.

A specimen to measure against, on the same schema and driver; it is what most systems of the field
do, without their ORM. It knows no buffers, no daylight saving and no rooms.
"""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta

import asyncpg

from bench.filling import FIRST_VISIT_HOUR, VISIT_MIN, VISITS_PER_DAY

STEP = timedelta(minutes=15)
VISIT = timedelta(minutes=VISIT_MIN)


async def starts_on_offer(
    connection: asyncpg.Connection[asyncpg.Record],
    business_id: uuid.UUID,
    first: date,
    days: int,
    staff_key: str | None = None,
) -> list[datetime]:
    """The starts at which somebody is free: one query, then loops."""
    first_day = datetime.combine(first, time(), UTC)
    rows = await connection.fetch(
        """
        SELECT resource.key, part.starts_at, part.ends_at
        FROM resource
        LEFT JOIN appointment_part AS part USING (business_id, resource_id)
        LEFT JOIN appointment USING (business_id, appointment_id)
        WHERE resource.business_id = $1 AND ($2::text IS NULL OR resource.key = $2)
          AND appointment.status = 'confirmed'
          AND part.starts_at < $4 AND part.ends_at > $3
        """,
        business_id,
        staff_key,
        first_day,
        first_day + timedelta(days=days),
    )
    appointments: dict[str, list[tuple[datetime, datetime]]] = {}
    for row in rows:
        appointments.setdefault(row["key"], []).append((row["starts_at"], row["ends_at"]))
    found = []
    for day in range(days):
        slot = first_day + timedelta(days=day, hours=FIRST_VISIT_HOUR)
        closing = slot + VISITS_PER_DAY * VISIT
        while slot + VISIT <= closing:
            if any(
                not any(start < slot + VISIT and slot < end for start, end in taken)
                for taken in appointments.values()
            ):
                found.append(slot)
            slot += STEP
    return found
