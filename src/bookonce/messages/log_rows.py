"""The log: who was told what, by which way, and what became of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.messages.message_rows import COLUMNS, Message, message_of
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement


class Logged(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message as the log shows it. `subject` and `body` are as they were sent, without links;
    `call` is the number of a client whom no mail reaches, `client_name` whom the appointment is for.
    """

    id: UUID
    kind: str
    way: str
    recipient: str
    who: str = ""
    appointment_id: UUID | None = None
    client_name: str = ""
    status: str
    reason: str | None = None
    address: str | None = None
    language: str | None = None
    subject: str | None = None
    body: str | None = None
    attempts: int = 0
    created_at: datetime
    next_at: datetime | None = None
    ended_at: datetime | None = None
    call: str | None = None


# `performer`: of those appointments only that this staff member has a part in.
_LOGGED = """
    SELECT message.*, appointment.client_phone, appointment.client_name
    FROM message LEFT JOIN appointment
         ON appointment.business_id = :business_id
        AND appointment.appointment_id = message.appointment_id
    WHERE message.business_id = :business_id
      AND (:performer::text IS NULL OR EXISTS (
          SELECT 1 FROM appointment_part AS part
          JOIN resource ON resource.business_id = :business_id
                       AND resource.resource_id = part.resource_id
          WHERE part.business_id = :business_id
            AND part.appointment_id = message.appointment_id AND resource.key = :performer))
"""
_LIST = Statement(
    f"""{_LOGGED}
      AND (:appointment_id::uuid IS NULL OR message.appointment_id = :appointment_id)
      AND (:client_id::uuid IS NULL OR appointment.client_id = :client_id)
      AND (:status::text IS NULL OR message.status = :status)
      AND (:before_at::timestamptz IS NULL
           OR (message.created_at, message.message_id) < (:before_at, :before_id::uuid))
    ORDER BY message.created_at DESC, message.message_id DESC LIMIT :rows_max
    """
)
_ONE = Statement(f"{_LOGGED} AND message.message_id = :message_id")
_FIND = Statement(
    f"""
    SELECT {COLUMNS}, address FROM message
    WHERE business_id = :business_id AND message_id = :message_id
    """
)
_BOUNCED = Statement(
    """
    UPDATE message SET status = 'bounced', reason = :reason, ended_at = :now
    WHERE business_id = :business_id AND message_id = :message_id
      AND status IN ('sent', 'unknown')
    RETURNING address
    """
)
_BUSINESSES = Statement(
    """
    SELECT business_id FROM business WHERE business_id BETWEEN :first AND :last
    ORDER BY business_id
    """
)
# All messages about the appointments of a client, since staff are told the client's name, too; and
# those to the client about what is in another name now.
_ERASE = Statement(
    """
    WITH theirs AS (
        SELECT appointment_id FROM appointment
        WHERE business_id = :business_id AND client_id = :client_id
    ),
    known AS (
        DELETE FROM unsubscribe_link USING client
        WHERE unsubscribe_link.business_id = :business_id AND client.business_id = :business_id
          AND client.client_id = :client_id AND unsubscribe_link.address = lower(client.email)
    ),
    ended AS (
        DELETE FROM manage_link
        WHERE business_id = :business_id AND appointment_id IN (SELECT appointment_id FROM theirs)
    )
    UPDATE message SET address = NULL, subject = NULL, body = NULL, reason = NULL,
        told_client = NULL,
        status = CASE WHEN status = 'waiting' THEN 'void' ELSE status END,
        ended_at = CASE WHEN status = 'waiting' THEN :now ELSE ended_at END
    WHERE business_id = :business_id
      AND (client_id = :client_id OR appointment_id IN (SELECT appointment_id FROM theirs))
    """
)
_ERASE_ADDRESS = Statement(
    """
    DELETE FROM mail_address USING client
    WHERE mail_address.business_id = :business_id AND client.business_id = :business_id
      AND client.client_id = :client_id AND mail_address.address = lower(client.email)
    """
)


async def find(
    connection: Connection, business_id: UUID, message_id: UUID
) -> tuple[Message, str | None] | None:
    """A message, and the address it went to."""
    row = await _FIND.row(connection, business_id=business_id, message_id=message_id)
    return (message_of(row), row["address"]) if row else None


async def page(
    connection: Connection,
    business_id: UUID,
    *,
    appointment_id: UUID | None,
    client_id: UUID | None,
    status: str | None,
    performer: str | None,
    before: tuple[datetime, UUID] | None,
    rows_max: int,
) -> list[Logged]:
    """Some messages, the newest first."""
    rows = await _LIST.rows(
        connection,
        business_id=business_id,
        appointment_id=appointment_id,
        client_id=client_id,
        status=status,
        performer=performer,
        before_at=before[0] if before else None,
        before_id=before[1] if before else None,
        rows_max=rows_max,
    )
    return [_logged(row) for row in rows]


async def one(
    connection: Connection, business_id: UUID, message_id: UUID, performer: str | None
) -> Logged | None:
    """A message as the log shows it."""
    row = await _ONE.row(
        connection, business_id=business_id, message_id=message_id, performer=performer
    )
    return _logged(row) if row else None


def _logged(row: Row) -> Logged:
    is_out_of_reach = row["recipient"] == "client" and row["status"] in (
        "unreachable",
        "bounced",
        "failed",
    )
    return Logged(
        id=row["message_id"],
        kind=row["kind"],
        way=row["way"],
        recipient=row["recipient"],
        who=row["who"],
        appointment_id=row["appointment_id"],
        client_name=row["client_name"] or "",
        status=row["status"],
        reason=row["reason"],
        address=row["address"],
        language=row["language"],
        subject=row["subject"],
        body=row["body"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        next_at=row["next_at"] if row["status"] == "waiting" else None,
        ended_at=row["ended_at"],
        call=row["client_phone"] if is_out_of_reach else None,
    )


async def mark_bounced(
    connection: Connection, business_id: UUID, message_id: UUID, reason: str, now: datetime
) -> str | None:
    """A mail came back: the address it went to; None if there is no such mail that was sent."""
    address: str | None = await _BOUNCED.value(
        connection, business_id=business_id, message_id=message_id, reason=reason, now=now
    )
    return address


async def businesses_like(connection: Connection, first_bytes: bytes) -> list[UUID]:
    """The businesses whose ids begin with some bytes."""
    rest = 16 - len(first_bytes)
    rows = await _BUSINESSES.rows(
        connection,
        first=UUID(bytes=first_bytes + bytes(rest)),
        last=UUID(bytes=first_bytes + b"\xff" * rest),
    )
    return [row["business_id"] for row in rows]


async def erase(connection: Connection, business_id: UUID, client_id: UUID, now: datetime) -> None:
    """Take a client's particulars out of the log; that something was sent, and when, stays."""
    await _ERASE.run(connection, business_id=business_id, client_id=client_id, now=now)
    await _ERASE_ADDRESS.run(connection, business_id=business_id, client_id=client_id)
