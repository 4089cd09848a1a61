"""Erase a client: what is known of them goes, the books stay."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bookonce.clients import erase_rows
from bookonce.events import event_rows
from bookonce.events.catalogue import CLIENT_ERASED, NoFacts
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import NotFoundError, StatusConflictError
from bookonce.platform.ids import new_id


async def erase_client(
    database: Database, business_id: UUID, email: str, *, actor: Actor, now: datetime
) -> int:
    """Take name, mail address, phone number and notes of whoever has a mail address, in lower case,
    out of a business; how many appointments were theirs. Times and prices stay.

    Raises NotFoundError, and StatusConflictError while an appointment of theirs isn't over: its
    client would come, and nobody would know who they are.
    """
    event_id = new_id()

    async def erase(connection: Connection) -> int:
        if ahead := await erase_rows.ahead(connection, business_id, email, now):
            raise StatusConflictError(
                f"{ahead} of their appointments aren't over. Cancel them first, or wait."
            )
        erased = await erase_rows.erase(connection, business_id, email)
        if erased is None:
            raise NotFoundError("Nobody here has this mail address.")
        if not await event_rows.exists(connection, business_id, event_id):
            await event_rows.append(
                connection, business_id, event_id, CLIENT_ERASED, NoFacts(), actor=actor, now=now
            )
        return erased

    return await database.transaction(erase)
