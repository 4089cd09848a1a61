"""Businesses with their staff, services and hours: read whole, written by difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Range

from bookonce.core import money
from bookonce.core.business import (
    ONLY_LOCATION,
    STAFF_KIND,
    Business,
    Directory,
    HoursAt,
    Location,
    Staff,
)
from bookonce.core.convert import decode_custom, encode_custom
from bookonce.core.hours import WEEKDAYS, Span
from bookonce.store.database import Connection

# Spans as pairs of minutes since midnight.
_SPANS = """(
    SELECT coalesce(json_agg(json_build_array(lower(span), upper(span))), '[]')
    FROM unnest(spans) AS span
)"""

_STAFF = f"""
SELECT coalesce(json_agg(json_build_object(
    'key', staff.key, 'name', staff.name, 'email', staff.email,
    'at', (
        SELECT coalesce(json_agg(json_build_object(
            'location', location.key,
            'hours', (
                SELECT coalesce(json_object_agg(
                    (ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])[weekday],
                    {_SPANS}), '{{}}')
                FROM weekly_hours AS weekly
                WHERE weekly.business_id = staff.business_id
                  AND weekly.resource_id = staff.resource_id
                  AND weekly.location_id = location.location_id),
            'dates', (
                SELECT coalesce(json_agg(json_build_object(
                    'date', on_date, 'hours', {_SPANS}) ORDER BY on_date), '[]')
                FROM date_override AS override
                WHERE override.business_id = staff.business_id
                  AND override.resource_id = staff.resource_id
                  AND override.location_id = location.location_id)
        ) ORDER BY location.position), '[]')
        FROM location
        WHERE location.business_id = staff.business_id
          AND location.active
          AND location.location_id IN (
              SELECT location_id FROM weekly_hours AS weekly
              WHERE weekly.business_id = staff.business_id
                AND weekly.resource_id = staff.resource_id
              UNION ALL
              SELECT location_id FROM date_override AS override
              WHERE override.business_id = staff.business_id
                AND override.resource_id = staff.resource_id))
) ORDER BY staff.position), '[]')
FROM resource AS staff
WHERE staff.business_id = business.business_id AND staff.active AND staff.kind = 'staff'
"""

_RESOURCES = """
SELECT coalesce(json_agg(json_build_object(
    'key', resource.key, 'name', resource.name, 'kind', resource.kind,
    'location', location.key) ORDER BY resource.position), '[]')
FROM resource
JOIN location ON location.business_id = resource.business_id
             AND location.location_id = resource.location_id
WHERE resource.business_id = business.business_id
  AND resource.active AND resource.kind <> 'staff'
"""

_SERVICES = """
SELECT coalesce(json_agg(json_build_object(
    'key', service.key, 'name', service.name, 'duration_min', service.duration_min,
    'phases', service.phases,
    'buffer_before_min', service.buffer_before_min,
    'buffer_after_min', service.buffer_after_min,
    'price', service.price_minor,
    'needs', service.needs,
    'staff', CASE WHEN NOT service.by_everyone THEN (
        SELECT coalesce(json_agg(performer.key ORDER BY performer.position), '[]')
        FROM service_performer AS performs
        JOIN resource AS performer ON performer.business_id = performs.business_id
                                  AND performer.resource_id = performs.resource_id
        WHERE performs.business_id = service.business_id
          AND performs.service_id = service.service_id
          AND performer.active) END,
    'locations', CASE WHEN NOT service.everywhere THEN (
        SELECT coalesce(json_agg(location.key ORDER BY location.position), '[]')
        FROM service_location AS offered
        JOIN location ON location.business_id = offered.business_id
                     AND location.location_id = offered.location_id
        WHERE offered.business_id = service.business_id
          AND offered.service_id = service.service_id
          AND location.active) END
) ORDER BY service.position), '[]')
FROM service
WHERE service.business_id = business.business_id AND service.active
"""

_DIRECTORY = f"""
SELECT json_build_object(
    'business_id', business.business_id,
    'version', business.version,
    'business', json_build_object(
        'business', json_build_object(
            'slug', $2::text, 'name', business.name, 'timezone', business.timezone,
            'currency', business.currency, 'locale', business.locale),
        'policy', json_build_object(
            'slot_step_min', business.slot_step_min, 'notice_min', business.notice_min,
            'horizon_days', business.horizon_days, 'cancel_until_min', business.cancel_until_min),
        'location', (
            SELECT coalesce(json_agg(json_build_object(
                'key', key, 'name', name, 'timezone', timezone, 'address', address,
                'hours', hours, 'dates', dates) ORDER BY position), '[]')
            FROM location
            WHERE location.business_id = business.business_id AND active AND listed),
        'staff', ({_STAFF}),
        'resource', ({_RESOURCES}),
        'service', ({_SERVICES})),
    'location_ids', (
        SELECT coalesce(json_object_agg(key, location_id), '{{}}') FROM location
        WHERE location.business_id = business.business_id AND active),
    'staff_ids', (
        SELECT coalesce(json_object_agg(key, resource_id), '{{}}') FROM resource
        WHERE resource.business_id = business.business_id AND active AND kind = 'staff'),
    'resource_ids', (
        SELECT coalesce(json_object_agg(key, resource_id), '{{}}') FROM resource
        WHERE resource.business_id = business.business_id AND active AND kind <> 'staff'),
    'service_ids', (
        SELECT coalesce(json_object_agg(key, service_id), '{{}}') FROM service
        WHERE service.business_id = business.business_id AND active)
)::text
FROM business
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
    several = len(tree["business"]["location"]) > 1
    for staff in tree["business"]["staff"]:
        if staff["at"] and not several:
            [only] = staff.pop("at")
            staff |= {"hours": only["hours"], "dates": only["dates"]}
    if not tree["business"]["location"]:
        for resource in tree["business"]["resource"]:
            resource["location"] = None
    return msgspec.convert(tree, Directory, dec_hook=_decode_stored)


def _decode_stored(kind: type, value: Any) -> Any:
    """Spans of staff come as pairs of minutes."""
    if kind is Span and isinstance(value, list):
        return Span(*value)
    return decode_custom(kind, value)


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
    connection: Connection, business_id: UUID, business: Business, now: datetime
) -> bool:
    """Make the business and its address; False if the address is somebody's."""
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
            business_id, name, timezone, currency, locale,
            slot_step_min, notice_min, horizon_days, cancel_until_min, created_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        business_id,
        profile.name,
        profile.timezone,
        profile.currency,
        profile.locale,
        policy.slot_step_min,
        policy.notice_min,
        policy.horizon_days,
        policy.cancel_until_min,
        now,
    )
    return True


async def update(connection: Connection, business_id: UUID, business: Business) -> None:
    """Write the profile and policy, and raise the version."""
    profile, policy = business.business, business.policy
    await connection.execute(
        """
        UPDATE business
        SET name = $2, timezone = $3, currency = $4, locale = $5, slot_step_min = $6,
            notice_min = $7, horizon_days = $8, cancel_until_min = $9, version = version + 1
        WHERE business_id = $1
        """,
        business_id,
        profile.name,
        profile.timezone,
        profile.currency,
        profile.locale,
        policy.slot_step_min,
        policy.notice_min,
        policy.horizon_days,
        policy.cancel_until_min,
    )


async def put_locations(
    connection: Connection, business_id: UUID, new_ids: Iterator[UUID], business: Business
) -> dict[str, UUID]:
    """Make the active locations exactly those of a business, in this order; returns their ids.

    A business that lists none has one that is not listed. The first that it lists later takes
    that one's place, appointments and all.
    """
    listed = business.location or (Location(ONLY_LOCATION, business.business.name),)
    if business.location:
        await connection.execute(
            """
            UPDATE location SET key = $2, listed = true
            WHERE business_id = $1 AND active AND NOT listed
              AND NOT EXISTS (SELECT FROM location WHERE business_id = $1 AND key = $2)
            """,
            business_id,
            listed[0].key,
        )
    rows = await connection.fetch(
        """
        INSERT INTO location (
            business_id, location_id, key, name, timezone, address, hours, dates, listed, position
        )
        SELECT $1, location_id, key, name, timezone, address, hours::jsonb, dates::jsonb, $9,
               position
        FROM unnest(
            $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]
        ) WITH ORDINALITY AS location (
            location_id, key, name, timezone, address, hours, dates, position
        )
        ON CONFLICT (business_id, key) DO UPDATE
        SET name = excluded.name, timezone = excluded.timezone, address = excluded.address,
            hours = excluded.hours, dates = excluded.dates, listed = excluded.listed,
            position = excluded.position, active = true
        RETURNING key, location_id
        """,
        business_id,
        *_columns(
            7,
            [
                (next(new_ids), each.key, each.name, each.timezone, each.address,
                 _json(each.hours) if each.hours else None, _json(each.dates))
                for each in listed
            ],
        ),
        bool(business.location),
    )  # fmt: skip
    by_key = {row["key"]: row["location_id"] for row in rows}
    ids: dict[str, UUID] = {each.key: by_key[each.key] for each in listed}
    await connection.execute(
        """
        UPDATE location SET active = false
        WHERE business_id = $1 AND active AND location_id <> ALL ($2::uuid[])
        """,
        business_id,
        list(ids.values()),
    )
    return ids


def _json(value: Any) -> str:
    """A part of the business in the form that its file has."""
    return msgspec.json.encode(value, enc_hook=encode_custom).decode()


async def put_resources(
    connection: Connection,
    business_id: UUID,
    new_ids: Iterator[UUID],
    business: Business,
    location_ids: dict[str, UUID],
) -> tuple[dict[str, UUID], dict[str, UUID]]:
    """Make the active staff, rooms and equipment exactly those of a business, in this order.

    Returns the ids of staff, and those of the others. Who is left out stays on record. A room or
    a device that is of another kind now is the same one still, with all that it is taken for.
    """
    first_location_id = next(iter(location_ids.values()))
    await connection.execute(
        """
        UPDATE resource SET kind = wanted.kind
        FROM unnest($2::text[], $3::text[]) AS wanted (key, kind)
        WHERE business_id = $1 AND resource.key = wanted.key
          AND resource.kind <> 'staff' AND resource.kind <> wanted.kind
        """,
        business_id,
        *_columns(2, [(each.key, each.kind) for each in business.resource]),
    )
    rows = await connection.fetch(
        """
        INSERT INTO resource (
            business_id, resource_id, kind, key, name, email, location_id, position
        )
        SELECT $1, resource_id, kind, key, name, email, location_id, position
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[])
            WITH ORDINALITY AS resource (resource_id, kind, key, name, email, location_id, position)
        ON CONFLICT (business_id, kind, key) DO UPDATE
        SET name = excluded.name, email = excluded.email, location_id = excluded.location_id,
            position = excluded.position, active = true
        RETURNING kind, key, resource_id
        """,
        business_id,
        *_columns(
            6,
            [
                *(
                    (next(new_ids), STAFF_KIND, each.key, each.name, each.email, None)
                    for each in business.staff
                ),
                *(
                    (next(new_ids), each.kind, each.key, each.name, None,
                     location_ids[each.location] if each.location else first_location_id)
                    for each in business.resource
                ),
            ],
        ),
    )  # fmt: skip
    await connection.execute(
        """
        UPDATE resource SET active = false
        WHERE business_id = $1 AND active AND resource_id <> ALL ($2::uuid[])
        """,
        business_id,
        [row["resource_id"] for row in rows],
    )
    staff_ids: dict[str, UUID] = {}
    resource_ids: dict[str, UUID] = {}
    for row in rows:
        ids = staff_ids if row["kind"] == STAFF_KIND else resource_ids
        ids[row["key"]] = row["resource_id"]
    return staff_ids, resource_ids


def _columns(number: int, rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows as arrays of a column each."""
    return [[row[column] for row in rows] for column in range(number)]


async def put_services(
    connection: Connection,
    business_id: UUID,
    new_ids: Iterator[UUID],
    business: Business,
    staff_ids: dict[str, UUID],
    location_ids: dict[str, UUID],
) -> None:
    """Make the active services exactly those of a business, in this order, with who performs
    them and where.
    """
    currency = business.business.currency
    rows = await connection.fetch(
        """
        INSERT INTO service (
            business_id, service_id, key, name, duration_min, phases, buffer_before_min,
            buffer_after_min, price_minor, needs, by_everyone, everywhere, position
        )
        SELECT $1, service_id, key, name, duration_min, phases::jsonb, before_min, after_min, price,
               ARRAY(SELECT jsonb_array_elements_text(needs::jsonb)), by_everyone, everywhere,
               position
        FROM unnest(
            $2::uuid[], $3::text[], $4::text[], $5::int[], $6::text[], $7::int[], $8::int[],
            $9::bigint[], $10::text[], $11::boolean[], $12::boolean[]
        ) WITH ORDINALITY AS service (
            service_id, key, name, duration_min, phases, before_min, after_min, price, needs,
            by_everyone, everywhere, position
        )
        ON CONFLICT (business_id, key) DO UPDATE
        SET name = excluded.name, duration_min = excluded.duration_min, phases = excluded.phases,
            buffer_before_min = excluded.buffer_before_min,
            buffer_after_min = excluded.buffer_after_min, price_minor = excluded.price_minor,
            needs = excluded.needs, by_everyone = excluded.by_everyone,
            everywhere = excluded.everywhere, position = excluded.position, active = true
        RETURNING key, service_id
        """,
        business_id,
        *_columns(
            11,
            [
                (
                    next(new_ids),
                    each.key,
                    each.name,
                    each.duration_min,
                    _json(each.phases),
                    each.buffer_before_min,
                    each.buffer_after_min,
                    None if each.price is None else money.minor_units(each.price, currency),
                    _json(each.needs),
                    each.staff is None,
                    each.locations is None,
                )
                for each in business.service
            ],
        ),
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
            for service in business.service
            for key in service.staff or ()
        ],
    )
    await connection.execute("DELETE FROM service_location WHERE business_id = $1", business_id)
    await connection.executemany(
        """
        INSERT INTO service_location (business_id, service_id, location_id) VALUES ($1, $2, $3)
        """,
        [
            (business_id, ids[service.key], location_ids[key])
            for service in business.service
            for key in service.locations or ()
        ],
    )


async def put_hours(
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
