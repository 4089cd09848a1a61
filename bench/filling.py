"""Businesses with appointments by the hundred thousand, written straight into the tables.

The rows are what the booking statement would have written: client, appointment, part, claim,
event.
"""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time

import asyncpg

from bookonce.booking import apply_file
from bookonce.business import tree
from bookonce.business.hours import WEEKDAYS
from bookonce.platform.database import Database

FIRST_VISIT_HOUR = 9
VISIT_MIN = 30
PRELOAD_STAFF, PRELOAD_DAYS = 50, 100
VISITS_PER_DAY = 16  # of half an hour, from nine to five


_FILL = f"""
WITH cell AS ( -- a day of a person
    SELECT resource_id, day,
           row_number() OVER (ORDER BY key, day) - 1 AS number,
           $4::bigint AS appointments,
           count(*) OVER () AS cells
    FROM resource CROSS JOIN generate_series(0, $3::int - 1) AS day
    WHERE business_id = $1
),
slot AS MATERIALIZED (
    SELECT gen_random_uuid() AS appointment_id, resource_id,
           $2::timestamptz + day * interval '1 day'
           + (place * {VISIT_MIN} + {FIRST_VISIT_HOUR * 60}) * interval '1 minute' AS starts_at
    FROM cell CROSS JOIN generate_series(0, {VISITS_PER_DAY - 1}) AS place
    -- each cell its share to the last one, scattered over the day
    WHERE (place * 7 + number * 5) % {VISITS_PER_DAY}
          < (number + 1) * appointments / cells - number * appointments / cells
),
booked AS (
    INSERT INTO appointment (
        business_id, appointment_id, location_id, client_id, status, starts_at, ends_at,
        price_minor, currency, client_name, token_hash, created_at, business_version,
        location_name, location_address, zone, wall_start
    )
    SELECT $1, appointment_id,
           (SELECT location_id FROM location WHERE business_id = $1),
           $1, 'confirmed', starts_at,
           starts_at + interval '{VISIT_MIN} minutes', 4800, 'EUR', 'Client',
           sha256(appointment_id::text::bytea), $2,
           (SELECT version FROM business WHERE business_id = $1), '', '', 'UTC',
           starts_at AT TIME ZONE 'UTC'
    FROM slot
),
part AS (
    INSERT INTO appointment_part (
        business_id, appointment_id, number, service_id, service_name, resource_id, staff_name,
        starts_at, ends_at, price_minor
    )
    SELECT $1, appointment_id, 0, (SELECT service_id FROM service WHERE business_id = $1), 'Cut',
           resource_id, 'Staff', starts_at, starts_at + interval '{VISIT_MIN} minutes', 4800
    FROM slot
),
happened AS (
    INSERT INTO event (business_id, event_id, kind, actor, appointment_id, at, data)
    SELECT $1, appointment_id, 'appointment.booked', '{{"kind": "visitor"}}', appointment_id, $2, '{{}}'
    FROM slot
)
INSERT INTO claim (business_id, claim_id, resource_id, during, kind, appointment_id)
SELECT $1, appointment_id, resource_id,
       tstzrange(starts_at, starts_at + interval '{VISIT_MIN} minutes'),
       'appointment', appointment_id
FROM slot
"""


async def open_salon(database: Database, slug: str, staff: int) -> uuid.UUID:
    """A business whose staff all work nine to five in UTC and cut for half an hour."""
    hours = {day: ["09:00-17:00"] for day in WEEKDAYS}
    business = tree.from_tree(
        {
            "business": {"slug": slug, "name": slug.capitalize(), "timezone": "UTC"},
            "policy": {"notice_min": 0, "horizon_days": 365, "cancel_until_min": 0},
            "staff": [
                {"key": f"staff-{number}", "name": f"Staff {number}", "hours": hours}
                for number in range(staff)
            ],
            "service": [{"key": "cut", "name": "Cut", "duration_min": VISIT_MIN, "price": "48.00"}],
        }
    )
    await apply_file.apply(database, business, now=datetime.now(UTC))
    business_id: uuid.UUID = await database.run(
        lambda connection: connection.fetchval(
            "SELECT business_id FROM business_slug WHERE slug = $1", slug
        )
    )
    return business_id


async def preload(url: str, appointments: int) -> None:
    """A business with so many appointments, and statistics for the planner."""
    database = Database(url, connections_max=1)
    await database.open()
    connection = await asyncpg.connect(url)
    try:
        business_id = await open_salon(database, "salon", PRELOAD_STAFF)
        today = datetime.now(UTC).date()
        await fill(
            connection, business_id, first=today, days=PRELOAD_DAYS, appointments=appointments
        )
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
        await database.close()


async def fill(
    connection: asyncpg.Connection[asyncpg.Record],
    business_id: uuid.UUID,
    *,
    first: date,
    days: int,
    appointments: int,
) -> None:
    """Spread appointments evenly over the staff, the days and the hours of each day."""
    midnight = datetime.combine(first, time(), UTC)
    await connection.execute(
        """
        INSERT INTO client (business_id, client_id, email, name, created_at)
        VALUES ($1, $1, 'client@example.com', 'Client', $2) ON CONFLICT DO NOTHING
        """,
        business_id,
        midnight,
    )
    await connection.execute(_FILL, business_id, midnight, days, appointments)
