"""Register: somebody becomes a client of a business."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.booking import client_rows
from bookonce.booking.client import Guest
from bookonce.platform.ids import new_id


async def registered(
    installation: Installation, business_id: UUID, guest: Guest, now: datetime
) -> UUID | None:
    """The id of the client that a guest is: one that the business knows by id or by mail address, or
    a new one; None for a walk-in.
    """
    if guest.is_walk_in or guest.client_id is not None:
        return guest.client_id
    return await installation.database.run(client_rows.register, business_id, new_id(), guest, now)
