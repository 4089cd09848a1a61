"""The log as the office shows it: of whose appointments somebody may see the messages, what one
says that hasn't left yet, and who may have it sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.availability.installation import Installation
from bookonce.business.directory import Directory
from bookonce.messages import log_rows
from bookonce.messages.compose import compose
from bookonce.messages.decide import Void
from bookonce.messages.log import LogPage, list_messages, resend
from bookonce.messages.log_rows import Logged
from bookonce.messages.outgoing import Ways
from bookonce.platform.errors import NotFoundError

OF_APPOINTMENT_MAX = 100


@dataclass(frozen=True, slots=True)
class MessageQuery:
    """Which messages: about an appointment, of a client, of a status; None stands for all."""

    appointment_id: UUID | None = None
    client_id: UUID | None = None
    status: str | None = None
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Preview:
    """What a message would say if it left now; `is_needless`: nothing any more."""

    subject: str = ""
    body: str = ""
    address: str = ""
    is_needless: bool = False


@dataclass(frozen=True, slots=True)
class Resent:
    """The message that was made, and the appointment that it is about."""

    id: UUID
    appointment_id: UUID


async def messages_at_desk(
    installation: Installation, directory: Directory, query: MessageQuery, *, access: Access
) -> LogPage:
    """The messages that somebody may see. Raises ForbiddenError and ValidationError."""
    access.require(Right.SEE_CLIENTS)
    return await list_messages(
        installation,
        directory.slug,
        appointment_id=query.appointment_id,
        client_id=query.client_id,
        status=query.status,
        performer=_performer_seen(access),
        cursor=query.cursor,
        limit=query.limit,
    )


async def messages_of_appointment(
    installation: Installation, directory: Directory, appointment_id: UUID, *, access: Access
) -> list[Logged]:
    """The messages about an appointment, the newest first: without addresses and texts for who may
    not see clients.
    """
    access.require(Right.SEE_CALENDAR)
    found = await list_messages(
        installation,
        directory.slug,
        appointment_id=appointment_id,
        performer=_performer_seen(access),
        limit=OF_APPOINTMENT_MAX,
    )
    if access.may(Right.SEE_CLIENTS):
        return found.items
    return [
        msgspec.structs.replace(
            one,
            address=None,
            subject=None,
            body=None,
            reason=None,
            call=None,
            who="" if one.recipient == "owner" else one.who,
        )
        for one in found.items
    ]


async def message_at_desk(
    installation: Installation, directory: Directory, message_id: UUID, *, access: Access
) -> Logged:
    """One message. Raises ForbiddenError and NotFoundError."""
    access.require(Right.SEE_CLIENTS)
    found = await installation.database.run(
        log_rows.one, directory.business_id, message_id, _performer_seen(access)
    )
    if found is None:
        raise _unknown()
    return found


async def preview(
    installation: Installation,
    ways: Ways,
    directory: Directory,
    message_id: UUID,
    *,
    access: Access,
    now: datetime,
) -> Preview:
    """What a message would say now, without sending it; empty for one about no appointment, since
    composing that makes a link. Raises ForbiddenError and NotFoundError.
    """
    shown = await message_at_desk(installation, directory, message_id, access=access)
    if shown.appointment_id is None:
        return Preview()
    found = await installation.database.run(log_rows.find, directory.business_id, message_id)
    if found is None:
        raise _unknown()
    composed = await compose(installation, ways, directory.business_id, found[0], now=now)
    if isinstance(composed, Void):
        return Preview(is_needless=True)
    told = composed.told
    return Preview(told.subject, told.body, told.address)


async def resend_at_desk(
    installation: Installation,
    directory: Directory,
    message_id: UUID,
    *,
    access: Access,
    now: datetime,
) -> Resent:
    """Send a message again as `resend` does, by who may book for the appointment. Raises
    ForbiddenError, too.
    """
    access.require(Right.BOOK)
    performer = access.staff_key or "" if access.is_own_only else _performer_seen(access)
    found = await installation.database.run(
        log_rows.one, directory.business_id, message_id, performer
    )
    if found is None:
        raise _unknown()
    again = await resend(installation, directory.slug, message_id, now=now)
    assert found.appointment_id is not None  # no other is sent again
    return Resent(again, found.appointment_id)


def _performer_seen(access: Access) -> str | None:
    """Whose appointments alone somebody may see; None: everyone's."""
    return None if access.may(Right.SEE_ALL_CALENDARS) else access.staff_key or ""


def _unknown() -> NotFoundError:
    return NotFoundError("There is no such message.")
