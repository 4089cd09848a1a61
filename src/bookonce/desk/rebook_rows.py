"""When a client was here."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_STARTS = Statement(
    """
    SELECT starts_at FROM appointment
    WHERE business_id = :business_id AND client_id = :client_id
      AND status IN ('confirmed', 'completed')
    ORDER BY starts_at DESC LIMIT :starts_max
    """
)


async def starts(
    connection: Connection, business_id: UUID, client_id: UUID, starts_max: int
) -> list[datetime]:
    """When a client's visits begin, the last one first."""
    rows = await _STARTS.rows(
        connection, business_id=business_id, client_id=client_id, starts_max=starts_max
    )
    return [row["starts_at"] for row in rows]
