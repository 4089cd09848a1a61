"""Whether anything has changed in a business lately: what open screens are told of."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.ids import first_id_at
from bookonce.platform.statements import Statement

LATE = timedelta(minutes=2)
"""How long a transaction may take to commit an event that it made the id of."""

# Ids begin with their time, so few events are counted, whatever there is. An event that commits late
# counts, too, unless it is very late.
_MARK = Statement(
    """
    SELECT concat(
        (SELECT version FROM business WHERE business_id = :business_id), ' ',
        (SELECT count(*) FROM event WHERE business_id = :business_id AND event_id > :since))
    """
)


async def mark(connection: Connection, business_id: UUID, since: datetime) -> str:
    """What differs from before if anything has happened since, or was changed in the business;
    `since` is when whoever compares has begun to.
    """
    found: str = await _MARK.value(
        connection, business_id=business_id, since=first_id_at(since - LATE)
    )
    return found
