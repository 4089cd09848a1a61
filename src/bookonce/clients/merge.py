"""Merge two clients who are one, and take them apart again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.business.directory import Directory
from bookonce.clients import client_rows, merge_rows
from bookonce.clients.client_rows import Known
from bookonce.clients.merge_rows import Merge
from bookonce.clients.merging import MergeRequest, Side, merged, restored
from bookonce.clients.particulars import Particulars
from bookonce.clients.racing import until_won
from bookonce.clients.scope import performer_of
from bookonce.events import event_rows
from bookonce.events.catalogue import CLIENT_MERGED, CLIENT_UNMERGED, ClientFacts
from bookonce.platform.connection import Connection, Row
from bookonce.platform.database import Database
from bookonce.platform.errors import (
    FieldError,
    NotFoundError,
    StatusConflictError,
    TryAgainError,
    ValidationError,
)
from bookonce.platform.ids import new_id


async def merge_clients(
    database: Database,
    directory: Directory,
    client_id: UUID,
    request: MergeRequest,
    *,
    access: Access,
    now: datetime,
) -> Known:
    """Make a client and another one: the other stays, with the appointments of both. Who was merged
    into them already changes nothing. Raises NotFoundError, ValidationError and ForbiddenError.
    """
    access.require(Right.EDIT_CLIENTS)
    business_id, event_id = access.business_id, new_id()
    performer_id = performer_of(directory, access)

    async def merge(connection: Connection) -> Known:
        going = await client_rows.found(connection, business_id, client_id, performer_id)
        staying = await client_rows.found(connection, business_id, request.into, performer_id)
        if going is None:
            raise _nobody()
        if staying is None:
            raise ValidationError([FieldError("into", "there is no such client")])
        if going.id == staying.id:
            if client_id == request.into:
                raise ValidationError([FieldError("into", "expected another client")])
            return staying
        client, into = await _locked(connection, business_id, going.id, staying.id)
        after = merged(into.particulars, client.particulars, request.fields)
        moved = await merge_rows.give(connection, business_id, going.id, staying.id)
        await merge_rows.put(
            connection, business_id, _put(going.id, client, staying.id, into, after)
        )
        await merge_rows.lead(connection, business_id, going.id, staying.id)
        await merge_rows.remember(
            connection, business_id, Merge(going.id, staying.id, client, into, after, moved), now
        )
        await event_rows.append(
            connection, business_id, event_id, CLIENT_MERGED,
            ClientFacts(going.id, other=staying.id), actor=access.actor, now=now,
        )  # fmt: skip
        return await _kept(connection, business_id, staying.id)

    return await until_won(database, merge)


async def unmerge_client(
    database: Database, directory: Directory, client_id: UUID, *, access: Access, now: datetime
) -> Known:
    """Take a client who was merged into another apart again: with the appointments that were theirs
    then and the particulars they had. What was put right since, and what was booked since, stays
    with the other. Raises NotFoundError, StatusConflictError if they weren't merged, and
    ForbiddenError.
    """
    access.require(Right.EDIT_CLIENTS)
    business_id, event_id = access.business_id, new_id()
    performer_id = performer_of(directory, access)

    async def unmerge(connection: Connection) -> Known:
        root = await client_rows.found(connection, business_id, client_id, performer_id)
        if root is None:
            raise _nobody()
        merge = await merge_rows.find(connection, business_id, client_id)
        if merge is None or root.id == client_id:
            raise StatusConflictError("This client wasn't merged into another.")
        rows = await client_rows.locked(connection, business_id, client_id, merge.into_id, root.id)
        if rows[client_id]["merged_into"] != root.id:
            raise TryAgainError("These clients keep changing; try again in a moment.")
        into = _side(rows[merge.into_id])
        back = restored(into.particulars, merge.into_before.particulars, merge.into_after)
        is_known = into.is_known_by_email
        if back.email == merge.into_before.particulars.email:
            is_known = merge.into_before.is_known_by_email
        await merge_rows.give(
            connection, business_id, root.id, client_id, list(merge.appointment_ids)
        )
        await merge_rows.put(
            connection, business_id,
            {
                merge.into_id: Side(particulars=back, is_known_by_email=is_known),
                client_id: merge.client_before,
            },
        )  # fmt: skip
        await merge_rows.lead_back(connection, business_id, client_id)
        await merge_rows.forget(connection, business_id, client_id)
        await event_rows.append(
            connection, business_id, event_id, CLIENT_UNMERGED,
            ClientFacts(client_id, other=root.id), actor=access.actor, now=now,
        )  # fmt: skip
        return await _kept(connection, business_id, client_id)

    return await until_won(database, unmerge)


def _put(
    client_id: UUID, client: Side, into_id: UUID, into: Side, after: Particulars
) -> dict[UUID, Side]:
    """What the two rows say after a merge. If who stays takes the other's address, the other's row
    keeps theirs: a visitor with either is known, and is the one client.
    """
    ours, theirs = into.particulars.email, client.particulars.email
    if after.email == ours or after.email != theirs:
        known, left, left_known = into.is_known_by_email, theirs, client.is_known_by_email
    else:
        known, left, left_known = client.is_known_by_email, ours, into.is_known_by_email
    return {
        into_id: Side(particulars=after, is_known_by_email=known),
        client_id: Side(
            particulars=client.particulars.with_changes({"email": left}),
            is_known_by_email=left_known,
        ),
    }


async def _locked(
    connection: Connection, business_id: UUID, client_id: UUID, into_id: UUID
) -> tuple[Side, Side]:
    """Both, while nobody else changes them. Raises TryAgainError if somebody merged one meanwhile."""
    rows = await client_rows.locked(connection, business_id, client_id, into_id)
    if len(rows) < 2 or any(row["merged_into"] for row in rows.values()):
        raise TryAgainError("These clients keep changing; try again in a moment.")
    return _side(rows[client_id]), _side(rows[into_id])


async def _kept(connection: Connection, business_id: UUID, client_id: UUID) -> Known:
    known = await client_rows.found(connection, business_id, client_id)
    assert known is not None
    return known


def _side(row: Row) -> Side:
    return Side(
        particulars=client_rows.particulars_of(row), is_known_by_email=row["is_known_by_email"]
    )


def _nobody() -> NotFoundError:
    return NotFoundError("There is no such client.")
