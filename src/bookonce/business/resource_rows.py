"""Staff, rooms and equipment: what claims refer to. All else about them is in the document."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from bookonce.business.document import STAFF_KIND, Business
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_SET_KINDS = Statement("""
UPDATE resource SET kind = listed.kind
FROM unnest(:keys::text[], :kinds::text[]) AS listed (key, kind)
WHERE resource.business_id = :business_id AND resource.key = listed.key
  AND resource.kind <> 'staff' AND resource.kind <> listed.kind
""")

_PUT = Statement("""
INSERT INTO resource (business_id, resource_id, kind, key, name)
SELECT :business_id, resource_id, kind, key, name
FROM unnest(:ids::uuid[], :kinds::text[], :keys::text[], :names::text[])
    AS listed (resource_id, kind, key, name)
ON CONFLICT (business_id, kind, key) DO UPDATE SET name = excluded.name, active = true
WHERE resource.name <> excluded.name OR NOT resource.active
""")

_RETIRE = Statement("""
UPDATE resource SET active = false
WHERE business_id = :business_id AND active AND lane_of IS NULL
  AND NOT EXISTS (
      SELECT 1 FROM unnest(:kinds::text[], :keys::text[]) AS listed (kind, key)
      WHERE listed.kind = resource.kind AND listed.key = resource.key)
""")


async def put(
    connection: Connection, business_id: UUID, new_ids: Iterator[UUID], business: Business
) -> None:
    """Make the active staff, rooms and equipment those of a business.

    Who is left out stays on record. A room or a device that is of another kind now is the same one
    still, with all that it is taken for.
    """
    await _SET_KINDS.run(
        connection,
        business_id=business_id,
        keys=[each.key for each in business.resource],
        kinds=[each.kind for each in business.resource],
    )
    listed = [
        *((STAFF_KIND, each.key, each.name) for each in business.staff),
        *((each.kind, each.key, each.name) for each in business.resource),
    ]
    kinds, keys = [kind for kind, _, _ in listed], [key for _, key, _ in listed]
    await _PUT.run(
        connection,
        business_id=business_id,
        ids=[next(new_ids) for _ in listed],
        kinds=kinds,
        keys=keys,
        names=[name for _, _, name in listed],
    )
    await _RETIRE.run(connection, business_id=business_id, kinds=kinds, keys=keys)
