"""Keep a client: write somebody down, and put right what is known of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.business.country import country_of
from bookonce.business.directory import Directory
from bookonce.clients import client_rows
from bookonce.clients.client_rows import Known
from bookonce.clients.particulars import ClientChange, NewClient, Particulars, read
from bookonce.clients.racing import until_won
from bookonce.clients.scope import performer_of
from bookonce.events import event_rows
from bookonce.events.catalogue import CLIENT_CHANGED, CLIENT_CREATED, ClientFacts
from bookonce.events.idempotency import Idempotency
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import NotFoundError, TryAgainError
from bookonce.platform.ids import new_id


async def find_client(
    database: Database, directory: Directory, client_id: UUID, *, access: Access
) -> Known:
    """A client, for somebody who may see them; of one that was merged, the one they are. Raises
    NotFoundError and ForbiddenError.
    """
    access.require(Right.SEE_CLIENTS)
    known = await database.run(
        client_rows.found, access.business_id, client_id, performer_of(directory, access)
    )
    if known is None:
        raise _nobody()
    return known


async def present_id(database: Database, business_id: UUID, client_id: UUID) -> UUID:
    """The id under which a client is kept: of one that was merged, that of the one they are."""
    known = await database.run(client_rows.found, business_id, client_id)
    return known.id if known else client_id


async def add_client(
    database: Database,
    directory: Directory,
    new: NewClient,
    *,
    access: Access,
    now: datetime,
    idempotency_key: str | None = None,
) -> Known:
    """Write somebody down, whoever else has the same address or number. Raises ValidationError,
    ForbiddenError and IdempotencyMismatchError.
    """
    access.require(Right.EDIT_CLIENTS)
    idempotency = Idempotency.of(idempotency_key, "add a client", new)
    particulars = Particulars(**read(new, country_of(directory)))
    business_id, client_id, event_id = access.business_id, new_id(), new_id()

    async def add(connection: Connection) -> UUID:
        used = await event_rows.remembered(connection, business_id, idempotency.key_hash)
        if used is not None:
            idempotency.require_same(used.request_hash)
            return msgspec.json.decode(used.facts, type=ClientFacts).client
        await client_rows.create(connection, business_id, client_id, particulars, now)
        await event_rows.append(
            connection, business_id, event_id, CLIENT_CREATED, ClientFacts(client_id),
            actor=access.actor, now=now,
        )  # fmt: skip
        await event_rows.remember(
            connection, business_id, idempotency.key_hash, idempotency.request_hash, event_id, now
        )
        return client_id

    added = await until_won(database, add)
    known = await database.run(client_rows.found, business_id, added)
    if known is None:
        raise _nobody()
    return known


async def change_client(
    database: Database,
    directory: Directory,
    client_id: UUID,
    change: ClientChange,
    *,
    access: Access,
    now: datetime,
) -> Known:
    """Put right what is known of a client; what it says already changes nothing. Appointments keep
    what was given for them. Raises NotFoundError, ValidationError and ForbiddenError.
    """
    access.require(Right.EDIT_CLIENTS)
    changes = read(change, country_of(directory))
    business_id, event_id = access.business_id, new_id()
    performer_id = performer_of(directory, access)

    async def put_right(connection: Connection) -> Known:
        known = await client_rows.found(connection, business_id, client_id, performer_id)
        if known is None:
            raise _nobody()
        row = (await client_rows.locked(connection, business_id, known.id))[known.id]
        if row["merged_into"] is not None:
            raise TryAgainError("This client was merged into another meanwhile; try again.")
        before = client_rows.particulars_of(row)
        after = before.with_changes(changes)
        changed = tuple(
            name for name in Particulars.__struct_fields__
            if getattr(before, name) != getattr(after, name)
        )  # fmt: skip
        if changed:
            await client_rows.change(connection, business_id, known.id, after)
            if before.email and before.email != after.email:
                await client_rows.pass_on(connection, business_id, before.email)
            await event_rows.append(
                connection, business_id, event_id, CLIENT_CHANGED, ClientFacts(known.id, changed),
                actor=access.actor, now=now,
            )  # fmt: skip
        found = await client_rows.found(connection, business_id, known.id)
        assert found is not None
        return found

    return await until_won(database, put_right)


def _nobody() -> NotFoundError:
    return NotFoundError("There is no such client.")
