"""Erase a client: what is known of them goes, the books stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.business.directory import Directory
from bookonce.clients import client_rows, erase_rows
from bookonce.clients.keep import find_client
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
        found = await erase_rows.of_email(connection, business_id, email)
        if not found:
            raise NotFoundError("Nobody here has this mail address.")
        return await _erase(connection, business_id, found, event_id, actor, now)

    return await database.transaction(erase)


async def erase_at_desk(
    database: Database, directory: Directory, client_id: UUID, *, access: Access, now: datetime
) -> int:
    """The same for one client of the office, whoever else has the same address. Raises ForbiddenError,
    too.
    """
    access.require(Right.EDIT_CLIENTS)
    known = await find_client(database, directory, client_id, access=access)
    event_id, business_id = new_id(), access.business_id

    async def erase(connection: Connection) -> int:
        return await _erase(connection, business_id, [known.id], event_id, access.actor, now)

    return await database.transaction(erase)


async def _erase(
    connection: Connection,
    business_id: UUID,
    client_ids: Sequence[UUID],
    event_id: UUID,
    actor: Actor,
    now: datetime,
) -> int:
    whole = await erase_rows.whole(connection, business_id, client_ids)
    if ahead := await erase_rows.ahead(connection, business_id, whole, now):
        raise StatusConflictError(
            f"{ahead} of their appointments aren't over. Cancel them first, or wait."
        )
    visits, addresses = await erase_rows.erase(connection, business_id, whole, now)
    for address in addresses:
        await client_rows.pass_on(connection, business_id, address)
    if not await event_rows.exists(connection, business_id, event_id):
        await event_rows.append(
            connection, business_id, event_id, CLIENT_ERASED, NoFacts(), actor=actor, now=now
        )
    return visits
