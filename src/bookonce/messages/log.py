"""What the office asks of messages: list them, send one again, take a client out of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.business.messages import MessageKind
from bookonce.messages import address_rows, log_rows, message_rows
from bookonce.messages.kinds import USEFUL_AT_MOST
from bookonce.messages.log_rows import Logged
from bookonce.messages.message_rows import Message
from bookonce.messages.outgoing import MAIL
from bookonce.platform.connection import Connection
from bookonce.platform.cursor import ByTime, decoded, encoded
from bookonce.platform.errors import (
    FieldError,
    NotFoundError,
    StatusConflictError,
    ValidationError,
)
from bookonce.platform.ids import new_id

LIMIT_MAX = 200
STATUSES = frozenset(
    {
        "waiting",
        "sending",
        "sent",
        "unknown",
        "not_sent",
        "unreachable",
        "unwanted",
        "void",
        "late",
        "failed",
        "bounced",
    }
)


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some messages, the newest first, and what names the rest; None: there is none."""

    items: list[Logged]
    next_cursor: str | None


async def list_messages(
    installation: Installation,
    slug: str,
    *,
    appointment_id: UUID | None = None,
    client_id: UUID | None = None,
    status: str | None = None,
    performer: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> LogPage:
    """Messages of a business; with `performer`, the key of a staff member, those only about
    appointments of theirs. Raises NotFoundError and ValidationError.
    """
    if status is not None and status not in STATUSES:
        raise ValidationError(
            [FieldError("status", f"expected one of {', '.join(sorted(STATUSES))}")]
        )
    if not 1 <= limit <= LIMIT_MAX:
        raise ValidationError([FieldError("limit", f"expected 1 to {LIMIT_MAX}")])
    before = decoded(cursor, ByTime) if cursor else None
    directory = await installation.current(slug)
    found = await installation.database.run(
        log_rows.page,
        directory.business_id,
        appointment_id=appointment_id,
        client_id=client_id,
        status=status,
        performer=performer,
        before=before,
        rows_max=limit + 1,
    )
    rest = found[limit - 1] if len(found) > limit else None
    next_cursor = encoded((rest.created_at, rest.id)) if rest else None
    return LogPage(found[:limit], next_cursor)


async def resend(installation: Installation, slug: str, message_id: UUID, *, now: datetime) -> UUID:
    """Send a message again, as it is true now; the id of the new one. An address whose mails came
    back is tried again. Raises NotFoundError, and StatusConflictError where that makes no sense.
    """
    directory = await installation.current(slug)
    business_id = directory.business_id

    async def work(connection: Connection) -> UUID:
        found = await log_rows.find(connection, business_id, message_id)
        if found is None:
            raise NotFoundError("There is no such message.")
        message, address = found
        again = _again(message, now)
        if address and message.way == MAIL:
            await address_rows.clear(connection, business_id, address)
        await message_rows.put(connection, business_id, [again], now)
        return again.id

    return await installation.database.transaction(work)


def _again(message: Message, now: datetime) -> Message:
    if message.appointment_id is None:
        raise StatusConflictError("A message that is about no appointment isn't sent again.")
    is_reminder = message.kind is MessageKind.REMINDER
    return Message(
        id=new_id(),
        kind=MessageKind.BOOKED if is_reminder else message.kind,
        way=message.way,
        recipient=message.recipient,
        who=message.who,
        appointment_id=message.appointment_id,
        client_id=message.client_id,
        event_at=now,
        next_at=now,
        useful_until=now + min(USEFUL_AT_MOST, timedelta(days=1)),
    )


async def erase(
    installation: Installation, business_id: UUID, client_id: UUID, *, now: datetime
) -> None:
    """Take a client's particulars out of the log, before they are taken from the client."""
    await installation.database.transaction(log_rows.erase, business_id, client_id, now)
