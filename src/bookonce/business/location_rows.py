"""Locations: made exactly those of a business."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from bookonce.business.columns import as_json, columns
from bookonce.business.document import ONLY_LOCATION, Business, Location
from bookonce.platform.connection import Connection


async def put(
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
        *columns(
            7,
            [
                (next(new_ids), each.key, each.name, each.timezone, each.address,
                 as_json(each.hours) if each.hours else None, as_json(each.dates))
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
