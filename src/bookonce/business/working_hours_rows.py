"""Hours of the staff, at each location where they work."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from asyncpg import Range

from bookonce.business.document import HoursAt, Staff
from bookonce.business.hours import WEEKDAYS, Span
from bookonce.platform.connection import Connection


async def put(
    connection: Connection,
    business_id: UUID,
    staff: Iterable[Staff],
    staff_ids: dict[str, UUID],
    location_ids: dict[str, UUID],
) -> None:
    """Write the hours of the staff in place of what was there."""
    first_location = next(iter(location_ids))
    await connection.execute("DELETE FROM weekly_hours WHERE business_id = $1", business_id)
    await connection.execute("DELETE FROM date_override WHERE business_id = $1", business_id)
    weekly: list[tuple[Any, ...]] = []
    dates: list[tuple[Any, ...]] = []
    for person in staff:
        for each in person.at or (HoursAt(first_location, person.hours, person.dates),):
            place = (business_id, staff_ids[person.key], location_ids[each.location])
            for weekday, name in enumerate(WEEKDAYS, start=1):
                if spans := getattr(each.hours, name):
                    weekly.append((*place, weekday, _ranges(spans)))
            dates += [(*place, day.date, _ranges(day.hours)) for day in each.dates]
    await connection.executemany(
        """
        INSERT INTO weekly_hours (business_id, resource_id, location_id, weekday, spans)
        VALUES ($1, $2, $3, $4, $5)
        """,
        weekly,
    )
    await connection.executemany(
        """
        INSERT INTO date_override (business_id, resource_id, location_id, on_date, spans)
        VALUES ($1, $2, $3, $4, $5)
        """,
        dates,
    )


def _ranges(spans: Iterable[Span]) -> list[Range[int]]:
    return [Range(span.start_min, span.end_min) for span in spans]
