"""Staff, rooms and equipment: made exactly those of a business."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from bookonce.business.columns import columns
from bookonce.business.document import STAFF_KIND, Business
from bookonce.platform.connection import Connection


async def put(
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
        *columns(2, [(each.key, each.kind) for each in business.resource]),
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
        *columns(
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
