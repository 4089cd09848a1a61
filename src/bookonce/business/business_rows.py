"""Businesses: their addresses, the version they are at, and the whole of one as it is now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.business.convert import decode_custom
from bookonce.business.directory import Directory
from bookonce.business.document import Business
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement
from bookonce.platform.zone_database import RULES
from bookonce.platform.zones import fingerprint

_ADDRESSED = Statement("SELECT business_id FROM business_slug WHERE slug = :slug")

_ONLY_SLUG = Statement("SELECT current_slug FROM business LIMIT 2")

_VERSION = Statement("SELECT version, zone_turn FROM business WHERE business_id = :business_id")

_DIRECTORY = Statement("""
SELECT json_build_object(
    'business_id', business.business_id,
    'version', business.version,
    'secret', business.secret,
    'zone_rules', business.zone_rules,
    'zone_fingerprint', business.zone_fingerprint,
    'zone_turn', business.zone_turn,
    'has_shifted', business.has_shifted,
    'business', business_version.document,
    'location_ids', (
        SELECT coalesce(json_object_agg(key, location_id), '{}') FROM location
        WHERE location.business_id = :business_id AND active),
    'staff_ids', (
        SELECT coalesce(json_object_agg(key, resource_id), '{}') FROM resource
        WHERE resource.business_id = :business_id AND active AND kind = 'staff'),
    'resource_ids', (
        SELECT coalesce(json_object_agg(key, resource_id), '{}') FROM resource
        WHERE resource.business_id = :business_id AND active AND kind <> 'staff'),
    'service_ids', (
        SELECT coalesce(json_object_agg(key, service_id), '{}') FROM service
        WHERE service.business_id = :business_id AND active)
)::text
FROM business
JOIN business_version ON business_version.business_id = business.business_id
                     AND business_version.version = business.version
WHERE business.business_id = :business_id
""")

_LOCK = Statement("SELECT version FROM business WHERE business_id = :business_id FOR NO KEY UPDATE")

_TAKE_SLUG = Statement("""
INSERT INTO business_slug (slug, business_id) VALUES (:slug, :business_id) ON CONFLICT DO NOTHING
""")

_CREATE = Statement("""
INSERT INTO business (
    business_id, current_slug, name, version, created_at, zone_rules, zone_fingerprint
)
VALUES (:business_id, :slug, :name, 1, :now, :zone_rules, :zone_fingerprint)
""")

_UPDATE = Statement("""
UPDATE business
SET current_slug = :slug, name = :name, version = :version,
    zone_fingerprint = CASE
        WHEN :zone_fingerprint::text IS NULL THEN zone_fingerprint
        WHEN zone_rules = :zone_rules THEN :zone_fingerprint END
WHERE business_id = :business_id
""")

_LIST = Statement("""
SELECT business.business_id, current_slug, business.name, business.version,
       coalesce((business_version.document #>> '{business,closed}')::boolean, false) AS closed,
       coalesce(ahead.appointments, 0) AS upcoming
FROM business
JOIN business_version ON business_version.business_id = business.business_id
                     AND business_version.version = business.version
LEFT JOIN (
    SELECT business_id, count(*) AS appointments
    FROM appointment
    WHERE starts_at >= :now
      AND (status = 'confirmed' OR (status = 'held' AND hold_expires_at > :now))
    GROUP BY business_id
) AS ahead ON ahead.business_id = business.business_id
ORDER BY current_slug
""")


@dataclass(frozen=True, slots=True)
class Listed:
    """A business in a list of all."""

    business_id: UUID
    slug: str
    name: str
    version: int
    closed: bool
    upcoming: int


async def addressed(connection: Connection, slug: str) -> UUID | None:
    """Whose an address is, or was once: it is never given to another business."""
    business_id: UUID | None = await _ADDRESSED.value(connection, slug=slug)
    return business_id


async def only_slug(connection: Connection) -> str | None:
    """The address of the one business that there is; None if there is another or none."""
    rows = await _ONLY_SLUG.rows(connection)
    return rows[0]["current_slug"] if len(rows) == 1 else None


async def version(connection: Connection, business_id: UUID) -> tuple[int, int] | None:
    """The version that a business is at, and its turn of zone rules; None if there is none."""
    row = await _VERSION.row(connection, business_id=business_id)
    return None if row is None else (row["version"], row["zone_turn"])


async def load(connection: Connection, business_id: UUID) -> Directory | None:
    """A business whole, but for absences, in one statement and so at one version."""
    text = await _DIRECTORY.value(connection, business_id=business_id)
    if text is None:
        return None
    return msgspec.json.decode(text, type=Directory, dec_hook=decode_custom)


async def lock(connection: Connection, business_id: UUID) -> int | None:
    """Hold a business for a change; its rival is another change of the same business. The version
    that it is at.
    """
    found: int | None = await _LOCK.value(connection, business_id=business_id)
    return found


async def take_slug(connection: Connection, slug: str, business_id: UUID) -> bool:
    """Make an address the business's; False if it is, or was once, another's."""
    if await _TAKE_SLUG.run(connection, slug=slug, business_id=business_id):
        return True
    return await addressed(connection, slug) == business_id


async def create(
    connection: Connection, business_id: UUID, business: Business, now: datetime
) -> None:
    """Make the row of a business that is to have its first version."""
    await _CREATE.run(
        connection,
        business_id=business_id,
        slug=business.business.slug,
        name=business.business.name,
        now=now,
        zone_rules=RULES,
        zone_fingerprint=fingerprint(business.zones),
    )


async def update(
    connection: Connection, business_id: UUID, before: Business, after: Business, version: int
) -> None:
    """Write which version the business is at, and what SQL is to know of it. Of other zones only
    rules that are the business's can tell anything.
    """
    await _UPDATE.run(
        connection,
        business_id=business_id,
        slug=after.business.slug,
        name=after.business.name,
        version=version,
        zone_rules=RULES,
        zone_fingerprint=None if after.zones == before.zones else fingerprint(after.zones),
    )


async def every(connection: Connection, now: datetime) -> list[Listed]:
    """All businesses, by address. Reads every shard: for operators, not for requests."""
    return [Listed(*row) for row in await _LIST.rows(connection, now=now)]
