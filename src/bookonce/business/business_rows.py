"""Businesses with their staff, services and hours: read whole, written by difference."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from bookonce.business.columns import as_json
from bookonce.business.convert import decode_custom
from bookonce.business.directory import Directory
from bookonce.business.document import Business
from bookonce.business.hours import Span
from bookonce.platform import money
from bookonce.platform.connection import Connection

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
    'deposit', service.deposit,
    'deposit_for', service.deposit_for,
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
    'secret', business.secret,
    'business', json_build_object(
        'business', json_build_object(
            'slug', $2::text, 'name', business.name, 'timezone', business.timezone,
            'currency', business.currency, 'locale', business.locale),
        'policy', json_build_object(
            'slot_step_min', business.slot_step_min, 'notice_min', business.notice_min,
            'horizon_days', business.horizon_days, 'cancel_until_min', business.cancel_until_min),
        'page', business.page,
        'protection', business.protection,
        'payments', business.payments,
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


async def slug_of(connection: Connection, business_id: UUID) -> str | None:
    """The address of a business."""
    slug: str | None = await connection.fetchval(
        "SELECT slug FROM business_slug WHERE business_id = $1", business_id
    )
    return slug


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
            slot_step_min, notice_min, horizon_days, cancel_until_min, page, protection,
            payments, created_at
        )
        VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11::jsonb, $12::jsonb, $13
        )
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
        as_json(business.page),
        as_json(business.protection),
        as_json(business.payments),
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
            notice_min = $7, horizon_days = $8, cancel_until_min = $9, page = $10::jsonb,
            protection = $11::jsonb, payments = $12::jsonb, version = version + 1
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
        as_json(business.page),
        as_json(business.protection),
        as_json(business.payments),
    )
