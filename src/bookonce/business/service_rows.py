"""Services: made exactly those of a business, with who performs them and where."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from bookonce.business.columns import as_json, columns
from bookonce.business.document import Business
from bookonce.platform import money
from bookonce.platform.connection import Connection


async def put(
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
    ids = await _put_services(connection, business_id, new_ids, business)
    await _retire_others(connection, business_id, ids)
    performers = [
        (business_id, ids[service.key], staff_ids[key])
        for service in business.service
        for key in service.staff or ()
    ]
    places = [
        (business_id, ids[service.key], location_ids[key])
        for service in business.service
        for key in service.locations or ()
    ]
    await _put_performers(connection, business_id, performers)
    await _put_places(connection, business_id, places)


async def _put_services(
    connection: Connection, business_id: UUID, new_ids: Iterator[UUID], business: Business
) -> dict[str, UUID]:
    """The services' own rows; their ids by key."""
    currency = business.business.currency
    rows = await connection.fetch(
        """
        INSERT INTO service (
            business_id, service_id, key, name, duration_min, phases, buffer_before_min,
            buffer_after_min, price_minor, deposit, deposit_for, needs, by_everyone, everywhere,
            position
        )
        SELECT $1, service_id, key, name, duration_min, phases::jsonb, before_min, after_min, price,
               deposit, ARRAY(SELECT jsonb_array_elements_text(deposit_for::jsonb)),
               ARRAY(SELECT jsonb_array_elements_text(needs::jsonb)), by_everyone, everywhere,
               position
        FROM unnest(
            $2::uuid[], $3::text[], $4::text[], $5::int[], $6::text[], $7::int[], $8::int[],
            $9::bigint[], $10::text[], $11::text[], $12::text[], $13::boolean[], $14::boolean[]
        ) WITH ORDINALITY AS service (
            service_id, key, name, duration_min, phases, before_min, after_min, price,
            deposit, deposit_for, needs, by_everyone, everywhere, position
        )
        ON CONFLICT (business_id, key) DO UPDATE
        SET name = excluded.name, duration_min = excluded.duration_min, phases = excluded.phases,
            buffer_before_min = excluded.buffer_before_min,
            buffer_after_min = excluded.buffer_after_min, price_minor = excluded.price_minor,
            deposit = excluded.deposit, deposit_for = excluded.deposit_for,
            needs = excluded.needs, by_everyone = excluded.by_everyone,
            everywhere = excluded.everywhere, position = excluded.position, active = true
        RETURNING key, service_id
        """,
        business_id,
        *columns(
            13,
            [
                (
                    next(new_ids),
                    each.key,
                    each.name,
                    each.duration_min,
                    as_json(each.phases),
                    each.buffer_before_min,
                    each.buffer_after_min,
                    None if each.price is None else money.minor_units(each.price, currency),
                    each.deposit,
                    as_json(each.deposit_for),
                    as_json(each.needs),
                    each.staff is None,
                    each.locations is None,
                )
                for each in business.service
            ],
        ),
    )
    return {row["key"]: row["service_id"] for row in rows}


async def _retire_others(connection: Connection, business_id: UUID, ids: dict[str, UUID]) -> None:
    """What the business no longer offers stays for the appointments that it has."""
    await connection.execute(
        """
        UPDATE service SET active = false
        WHERE business_id = $1 AND active AND service_id <> ALL ($2::uuid[])
        """,
        business_id,
        list(ids.values()),
    )


async def _put_performers(
    connection: Connection, business_id: UUID, rows: list[tuple[UUID, UUID, UUID]]
) -> None:
    await connection.execute("DELETE FROM service_performer WHERE business_id = $1", business_id)
    await connection.executemany(
        """
        INSERT INTO service_performer (business_id, service_id, resource_id) VALUES ($1, $2, $3)
        """,
        rows,
    )


async def _put_places(
    connection: Connection, business_id: UUID, rows: list[tuple[UUID, UUID, UUID]]
) -> None:
    await connection.execute("DELETE FROM service_location WHERE business_id = $1", business_id)
    await connection.executemany(
        """
        INSERT INTO service_location (business_id, service_id, location_id) VALUES ($1, $2, $3)
        """,
        rows,
    )
