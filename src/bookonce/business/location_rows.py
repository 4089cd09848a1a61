"""Locations: what appointments refer to. All else about them is in the document."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from bookonce.business.document import ONLY_LOCATION, Business, Location
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_TAKE_PLACE = Statement("""
UPDATE location SET key = :key
WHERE business_id = :business_id AND key = :unlisted AND active
  AND NOT EXISTS (
      SELECT 1 FROM location AS other WHERE other.business_id = :business_id AND other.key = :key)
""")

_PUT = Statement("""
INSERT INTO location (business_id, location_id, key, name)
SELECT :business_id, location_id, key, name
FROM unnest(:ids::uuid[], :keys::text[], :names::text[]) AS listed (location_id, key, name)
ON CONFLICT (business_id, key) DO UPDATE SET name = excluded.name, active = true
WHERE location.name <> excluded.name OR NOT location.active
""")

_RETIRE = Statement("""
UPDATE location SET active = false
WHERE business_id = :business_id AND active AND key <> ALL (:keys::text[])
""")


async def put(
    connection: Connection,
    business_id: UUID,
    new_ids: Iterator[UUID],
    before: Business | None,
    after: Business,
) -> None:
    """Make the active locations those of a business.

    A business that lists none has one that is not listed. The first that it lists later takes
    that one's place, appointments and all.
    """
    listed = after.location or (Location(ONLY_LOCATION, after.business.name),)
    if before is not None and not before.location and after.location:
        await _TAKE_PLACE.run(
            connection, business_id=business_id, unlisted=ONLY_LOCATION, key=listed[0].key
        )
    keys = [each.key for each in listed]
    await _PUT.run(
        connection,
        business_id=business_id,
        ids=[next(new_ids) for _ in listed],
        keys=keys,
        names=[each.name for each in listed],
    )
    await _RETIRE.run(connection, business_id=business_id, keys=keys)
