"""Messages for programs: who was told what, and what became of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post
from litestar.params import Parameter

from bookonce.accounts.roles import Right
from bookonce.business.directory import Directory
from bookonce.clients.keep import present_id
from bookonce.messages.log import STATUSES
from bookonce.messages.log_rows import Logged
from bookonce.messages.office_log import (
    MessageQuery,
    message_at_desk,
    messages_at_desk,
    resend_at_desk,
)
from bookonce.web.dependencies import Here, Slug
from bookonce.web.office.api.cursor import LIMIT_DEFAULT, LIMIT_MAX
from bookonce.web.office.dependencies import Admitted
from bookonce.web.public.documented import OFFICE_CHANGING, OFFICE_READING

Limit = Annotated[int, Parameter(ge=1, le=LIMIT_MAX, description="how many at most")]
OfStatus = Annotated[str | None, Parameter(description="one of " + ", ".join(sorted(STATUSES)))]


class MessageAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A message. `recipient` is client, staff or owner, `who` the staff member's key or the owner's
    address; `subject` and `body` are as sent, with … for its link; `reason` has the server's words;
    `next_at` is that of the next try, `call` the number of a client whom no mail reaches.
    """

    id: UUID
    kind: str
    way: str
    recipient: str
    who: str
    appointment: UUID | None
    status: str
    reason: str | None
    address: str | None
    language: str | None
    subject: str | None
    body: str | None
    attempts: int
    created_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    call: str | None


class MessagesPage(msgspec.Struct, frozen=True):
    """Some messages, the newest first; `next_cursor` null: there are no more."""

    items: list[MessageAnswer]
    next_cursor: str | None


class ResentAnswer(msgspec.Struct, frozen=True):
    """The message that was made to be sent in place of an old one."""

    id: UUID


@get("/", needs=Right.SEE_CLIENTS, responses=OFFICE_READING, summary="Who was told what")
async def list_messages(
    slug: Slug,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
    appointment: UUID | None = None,
    client: UUID | None = None,
    status: OfStatus = None,
    cursor: str | None = None,
    limit: Limit = LIMIT_DEFAULT,
) -> MessagesPage:
    """The newest first; of every status unless one is named."""
    directory: Directory = request.state.directory
    if client is not None:
        client = await present_id(installation.database, access.business_id, client)
    query = MessageQuery(appointment, client, status, cursor, limit)
    found = await messages_at_desk(installation, directory, query, access=access)
    return MessagesPage([_answer(one, directory) for one in found.items], found.next_cursor)


@get(
    "/{message_id:uuid}",
    needs=Right.SEE_CLIENTS,
    responses=OFFICE_READING,
    summary="One message",
)
async def one_message(
    slug: Slug,
    message_id: UUID,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
) -> MessageAnswer:
    """With what it said, if that is kept."""
    directory: Directory = request.state.directory
    found = await message_at_desk(installation, directory, message_id, access=access)
    return _answer(found, directory)


@post(
    "/{message_id:uuid}/resend",
    needs=Right.BOOK,
    status_code=201,
    responses=OFFICE_CHANGING,
    summary="Send it again",
)
async def resend_message(
    slug: Slug,
    message_id: UUID,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
) -> ResentAnswer:
    """As it is true now. An address whose mails came back is tried again. A message that is about no
    appointment isn't sent again (409).
    """
    directory: Directory = request.state.directory
    resent = await resend_at_desk(
        installation, directory, message_id, access=access, now=datetime.now(UTC)
    )
    return ResentAnswer(resent.id)


def _answer(one: Logged, directory: Directory) -> MessageAnswer:
    zone = directory.zone
    return MessageAnswer(
        id=one.id,
        kind=one.kind,
        way=one.way,
        recipient=one.recipient,
        who=one.who,
        appointment=one.appointment_id,
        status=one.status,
        reason=one.reason,
        address=one.address,
        language=one.language,
        subject=one.subject,
        body=one.body,
        attempts=one.attempts,
        created_at=one.created_at.astimezone(zone),
        next_at=one.next_at.astimezone(zone) if one.next_at else None,
        ended_at=one.ended_at.astimezone(zone) if one.ended_at else None,
        call=one.call,
    )


router = Router("/messages", route_handlers=[list_messages, one_message, resend_message])
