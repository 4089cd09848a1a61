"""Businesses with their staff, services and hours: read whole, written by difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Range

from bookonce.core import money
from bookonce.core.business import Business, Directory, Service, Staff
from bookonce.core.convert import decode_custom
from bookonce.core.hours import WEEKDAYS, Span
from bookonce.store.database import Connection

MAIN_LOCATION = "main"

_DIRECTORY = """
SELECT json_build_object(
    'business_id', business.business_id,
    'version', business.version,
    'location_id', location.location_id,
    'business', json_build_object(
        'business', json_build_object(
            'slug', $2::text, 'name', business.name, 'timezone', location.timezone,
            'currency', business.currency, 'locale', business.locale),
        'policy', json_build_object(
            'slot_step_min', business.slot_step_min, 'notice_min', business.notice_min,
            'horizon_days', business.horizon_days, 'cancel_until_min', business.cancel_until_min),
        'staff', (
            SELECT coalesce(json_agg(json_build_object(
                'key', staff.key, 'name', staff.name, 'email', staff.email,
                'hours', (
                    SELECT coalesce(json_object_agg(
                        (ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])[weekday],
                        (SELECT coalesce(json_agg(json_build_array(lower(span), upper(span))), '[]')
                         FROM unnest(spans) AS span)), '{}')
                    FROM weekly_hours AS weekly
                    WHERE weekly.business_id = staff.business_id
                      AND weekly.resource_id = staff.resource_id),
                'dates', (
                    SELECT coalesce(json_agg(json_build_object(
                        'date', on_date,
                        'hours', (
                            SELECT coalesce(json_agg(json_build_array(lower(span), upper(span))), '[]')
                            FROM unnest(spans) AS span)) ORDER BY on_date), '[]')
                    FROM date_override AS override
                    WHERE override.business_id = staff.business_id
                      AND override.resource_id = staff.resource_id)
            ) ORDER BY staff.position), '[]')
            FROM resource AS staff
            WHERE staff.business_id = business.business_id AND staff.active AND staff.kind = 'staff'),
        'service', (
            SELECT coalesce(json_agg(json_build_object(
                'key', service.key, 'name', service.name, 'duration_min', service.duration_min,
                'buffer_before_min', service.buffer_before_min,
                'buffer_after_min', service.buffer_after_min,
                'price', service.price_minor,
                'staff', CASE WHEN NOT service.by_everyone THEN (
                    SELECT coalesce(json_agg(performer.key ORDER BY performer.position), '[]')
                    FROM service_performer AS performs
                    JOIN resource AS performer
                      ON performer.business_id = performs.business_id
                     AND performer.resource_id = performs.resource_id
                    WHERE performs.business_id = service.business_id
                      AND performs.service_id = service.service_id
                      AND performer.active) END
            ) ORDER BY service.position), '[]')
            FROM service
            WHERE service.business_id = business.business_id AND service.active)),
    'staff_ids', (
        SELECT coalesce(json_object_agg(key, resource_id), '{}') FROM resource
        WHERE resource.business_id = business.business_id AND active AND kind = 'staff'),
    'service_ids', (
        SELECT coalesce(json_object_agg(key, service_id), '{}') FROM service
        WHERE service.business_id = business.business_id AND active)
)::text
FROM business
JOIN location ON location.business_id = business.business_id
WHERE business.business_id = $1
"""


async def find(connection: Connection, slug: str) -> tuple[UUID, int] | None:
    """The id and version of the business at an address."""
    row = await connection.fetchrow(
        """
        SELECT business.business_id, business.version
        FROM business_slug JOIN business USING (business_id)
        WHERE slug = $1
        """,
        slug,
    )
    return (row["business_id"], row["version"]) if row else None


async def load(connection: Connection, business_id: UUID, slug: str) -> Directory:
    """A business whole, but for time off, in one statement and so at one version."""
    tree = msgspec.json.decode(await connection.fetchval(_DIRECTORY, business_id, slug))
    currency = tree["business"]["business"]["currency"]
    for service in tree["business"]["service"]:
        if service["price"] is not None:
            service["price"] = money.major(service["price"], currency)
    return msgspec.convert(tree, Directory, dec_hook=_decode_stored)


def _decode_stored(kind: type, value: Any) -> Any:
    """Spans come as pairs of minutes."""
    return Span(*value) if kind is Span else decode_custom(kind, value)


async def lock(connection: Connection, slug: str) -> UUID | None:
    """Hold a business for a change; its rival is another change of the same business."""
    business_id: UUID | None = await connection.fetchval(
        """
        SELECT business_id FROM business
        WHERE business_id = (SELECT business_id FROM business_slug WHERE slug = $1)
        FOR NO KEY UPDATE
        """,
        slug,
    )
    return business_id


async def create(
    connection: Connection, business_id: UUID, location_id: UUID, business: Business, now: datetime
) -> bool:
    """Make the business, its address and its location; False if the address is somebody's."""
    profile, policy = business.business, business.policy
    status = await connection.execute(
        "INSERT INTO business_slug (slug, business_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        profile.slug,
        business_id,
    )
    if status != "INSERT 0 1":
        return False
    await connection.execute(
        """
        INSERT INTO business (
            business_id, name, currency, locale,
            slot_step_min, notice_min, horizon_days, cancel_until_min, created_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        business_id,
        profile.name,
        profile.currency,
        profile.locale,
        policy.slot_step_min,
        policy.notice_min,
        policy.horizon_days,
        policy.cancel_until_min,
        now,
    )
    await connection.execute(
        """
        INSERT INTO location (business_id, location_id, key, name, timezone)
        VALUES ($1, $2, $3, $4, $5)
        """,
        business_id,
        location_id,
        MAIN_LOCATION,
        profile.name,
        profile.timezone,
    )
    return True


async def update(connection: Connection, business_id: UUID, business: Business) -> None:
    """Write the profile and policy, and raise the version."""
    profile, policy = business.business, business.policy
    await connection.execute(
        """
        UPDATE business
        SET name = $2, currency = $3, locale = $4, slot_step_min = $5, notice_min = $6,
            horizon_days = $7, cancel_until_min = $8, version = version + 1
        WHERE business_id = $1
        """,
        business_id,
        profile.name,
        profile.currency,
        profile.locale,
        policy.slot_step_min,
        policy.notice_min,
        policy.horizon_days,
        policy.cancel_until_min,
    )
    await connection.execute(
        "UPDATE location SET name = $3, timezone = $4 WHERE business_id = $1 AND key = $2",
        business_id,
        MAIN_LOCATION,
        profile.name,
        profile.timezone,
    )


async def put_staff(
    connection: Connection, business_id: UUID, staff: Sequence[tuple[UUID, Staff]]
) -> dict[str, UUID]:
    """Make the active staff exactly these, in this order; returns their ids.

    Each comes with the id it gets if the key is new. Who is left out stays on record.
    """
    rows = await connection.fetch(
        """
        INSERT INTO resource (business_id, resource_id, kind, key, name, email, position)
        SELECT $1, resource_id, 'staff', key, name, email, position
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[])
            WITH ORDINALITY AS staff (resource_id, key, name, email, position)
        ON CONFLICT (business_id, kind, key) DO UPDATE
        SET name = excluded.name, email = excluded.email, position = excluded.position,
            active = true
        RETURNING key, resource_id
        """,
        business_id,
        [staff_id for staff_id, _ in staff],
        [person.key for _, person in staff],
        [person.name for _, person in staff],
        [person.email for _, person in staff],
    )
    ids: dict[str, UUID] = {row["key"]: row["resource_id"] for row in rows}
    await connection.execute(
        """
        UPDATE resource SET active = false
        WHERE business_id = $1 AND kind = 'staff' AND active AND resource_id <> ALL ($2::uuid[])
        """,
        business_id,
        list(ids.values()),
    )
    return ids


async def put_services(
    connection: Connection,
    business_id: UUID,
    services: Sequence[tuple[UUID, Service]],
    currency: str,
    staff_ids: dict[str, UUID],
) -> None:
    """Make the active services exactly these, in this order, with their performers."""
    rows = await connection.fetch(
        """
        INSERT INTO service (
            business_id, service_id, key, name, duration_min, buffer_before_min,
            buffer_after_min, price_minor, by_everyone, position
        )
        SELECT $1, service_id, key, name, duration_min, before_min, after_min, price, everyone,
               position
        FROM unnest(
            $2::uuid[], $3::text[], $4::text[], $5::int[], $6::int[], $7::int[], $8::bigint[],
            $9::boolean[]
        ) WITH ORDINALITY AS service (
            service_id, key, name, duration_min, before_min, after_min, price, everyone, position
        )
        ON CONFLICT (business_id, key) DO UPDATE
        SET name = excluded.name, duration_min = excluded.duration_min,
            buffer_before_min = excluded.buffer_before_min,
            buffer_after_min = excluded.buffer_after_min, price_minor = excluded.price_minor,
            by_everyone = excluded.by_everyone, position = excluded.position, active = true
        RETURNING key, service_id
        """,
        business_id,
        [service_id for service_id, _ in services],
        [service.key for _, service in services],
        [service.name for _, service in services],
        [service.duration_min for _, service in services],
        [service.buffer_before_min for _, service in services],
        [service.buffer_after_min for _, service in services],
        [
            None if service.price is None else money.minor_units(service.price, currency)
            for _, service in services
        ],
        [service.staff is None for _, service in services],
    )
    ids = {row["key"]: row["service_id"] for row in rows}
    await connection.execute(
        """
        UPDATE service SET active = false
        WHERE business_id = $1 AND active AND service_id <> ALL ($2::uuid[])
        """,
        business_id,
        list(ids.values()),
    )
    await connection.execute("DELETE FROM service_performer WHERE business_id = $1", business_id)
    await connection.executemany(
        """
        INSERT INTO service_performer (business_id, service_id, resource_id) VALUES ($1, $2, $3)
        """,
        [
            (business_id, ids[service.key], staff_ids[key])
            for _, service in services
            for key in service.staff or ()
        ],
    )


async def put_hours(
    connection: Connection,
    business_id: UUID,
    staff: Iterable[Staff],
    staff_ids: dict[str, UUID],
) -> None:
    """Write the hours of the staff in place of what was there."""
    location_id = await connection.fetchval(
        "SELECT location_id FROM location WHERE business_id = $1 AND key = $2",
        business_id,
        MAIN_LOCATION,
    )
    await connection.execute("DELETE FROM weekly_hours WHERE business_id = $1", business_id)
    await connection.execute("DELETE FROM date_override WHERE business_id = $1", business_id)
    weekly: list[tuple[Any, ...]] = []
    dates: list[tuple[Any, ...]] = []
    for person in staff:
        place = (business_id, staff_ids[person.key], location_id)
        for weekday, name in enumerate(WEEKDAYS, start=1):
            if spans := getattr(person.hours, name):
                weekly.append((*place, weekday, _ranges(spans)))
        dates += [(*place, day.date, _ranges(day.hours)) for day in person.dates]
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
