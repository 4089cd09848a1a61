"""Services: what appointments refer to. All else about them is in the document."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from bookonce.business.document import Business
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_PUT = Statement("""
INSERT INTO service (business_id, service_id, key, name)
SELECT :business_id, service_id, key, name
FROM unnest(:ids::uuid[], :keys::text[], :names::text[]) AS listed (service_id, key, name)
ON CONFLICT (business_id, key) DO UPDATE SET name = excluded.name, active = true
WHERE service.name <> excluded.name OR NOT service.active
""")

_RETIRE = Statement("""
UPDATE service SET active = false
WHERE business_id = :business_id AND active AND key <> ALL (:keys::text[])
""")


async def put(
    connection: Connection, business_id: UUID, new_ids: Iterator[UUID], business: Business
) -> None:
    """Make the active services those of a business. What it no longer offers stays for the
    appointments that it has.
    """
    keys = [each.key for each in business.service]
    await _PUT.run(
        connection,
        business_id=business_id,
        ids=[next(new_ids) for _ in keys],
        keys=keys,
        names=[each.name for each in business.service],
    )
    await _RETIRE.run(connection, business_id=business_id, keys=keys)
