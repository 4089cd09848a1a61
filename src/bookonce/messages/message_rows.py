"""Messages as they are made: each is there once, however often it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from bookonce.business.messages import MessageKind
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is to be told to whom. `event_at` is when it happened, or when it was due; `client_id`
    which client, of those that the appointment is or was for.
    """

    id: UUID
    kind: MessageKind
    way: str
    recipient: str
    who: str = ""
    event_id: UUID | None = None
    appointment_id: UUID | None = None
    client_id: UUID | None = None
    event_at: datetime
    lead: str | None = None
    subject_start: datetime | None = None
    subject_date: date | None = None
    next_at: datetime
    useful_until: datetime

    @property
    def is_resent(self) -> bool:
        """Whether somebody wants it sent again, whatever its recipient has heard."""
        return self.event_id is None and self.kind not in (
            MessageKind.REMINDER,
            MessageKind.SUMMARY,
        )


def message_id(about: UUID, *facts: str) -> UUID:
    """The one id of a message: made from the event, appointment or business that it is about."""
    return uuid5(about, " ".join(facts))


_PUT = Statement(
    """
    INSERT INTO message (
        business_id, message_id, kind, way, recipient, who, event_id, appointment_id, client_id,
        event_at, lead, subject_start, subject_date, status, next_at, useful_until, created_at
    )
    SELECT :business_id, one.message_id, one.kind, one.way, one.recipient, one.who, one.event_id,
           one.appointment_id, one.client_id, one.event_at, one.lead, one.subject_start, one.subject_date,
           'waiting', one.next_at, one.useful_until, :now
    FROM unnest(
        :ids::uuid[], :kinds::text[], :ways::text[], :recipients::text[], :whos::text[],
        :event_ids::uuid[], :appointment_ids::uuid[], :client_ids::uuid[], :event_ats::timestamptz[], :leads::text[],
        :subject_starts::timestamptz[], :subject_dates::date[], :next_ats::timestamptz[],
        :useful_untils::timestamptz[]
    ) AS one (message_id, kind, way, recipient, who, event_id, appointment_id, client_id,
              event_at, lead, subject_start, subject_date, next_at, useful_until)
    ON CONFLICT DO NOTHING
    """
)


async def put(
    connection: Connection, business_id: UUID, messages: Sequence[Message], now: datetime
) -> int:
    """Make messages; how many of them are new."""
    if not messages:
        return 0
    return await _PUT.run(
        connection,
        business_id=business_id,
        now=now,
        ids=[one.id for one in messages],
        kinds=[one.kind.value for one in messages],
        ways=[one.way for one in messages],
        recipients=[one.recipient for one in messages],
        whos=[one.who for one in messages],
        event_ids=[one.event_id for one in messages],
        appointment_ids=[one.appointment_id for one in messages],
        client_ids=[one.client_id for one in messages],
        event_ats=[one.event_at for one in messages],
        leads=[one.lead for one in messages],
        subject_starts=[one.subject_start for one in messages],
        subject_dates=[one.subject_date for one in messages],
        next_ats=[one.next_at for one in messages],
        useful_untils=[one.useful_until for one in messages],
    )


COLUMNS = """message_id, kind, way, recipient, who, event_id, appointment_id, client_id, event_at,
        lead, subject_start, subject_date, next_at, useful_until"""
"""Those that `message_of` reads."""


def message_of(row: Row) -> Message:
    """A message from its row."""
    return Message(
        id=row["message_id"],
        kind=MessageKind(row["kind"]),
        way=row["way"],
        recipient=row["recipient"],
        who=row["who"],
        event_id=row["event_id"],
        appointment_id=row["appointment_id"],
        client_id=row["client_id"],
        event_at=row["event_at"],
        lead=row["lead"],
        subject_start=row["subject_start"],
        subject_date=row["subject_date"],
        next_at=row["next_at"],
        useful_until=row["useful_until"],
    )


_TOLD_STAFF = Statement(
    """
    SELECT DISTINCT who FROM message
    WHERE business_id = :business_id AND appointment_id = :appointment_id AND recipient = 'staff'
    """
)


async def told_staff(
    connection: Connection, business_id: UUID, appointment_id: UUID
) -> frozenset[str]:
    """The staff members that there are messages to about an appointment."""
    rows = await _TOLD_STAFF.rows(
        connection, business_id=business_id, appointment_id=appointment_id
    )
    return frozenset(row["who"] for row in rows)


_TOLD_CLIENTS = Statement(
    """
    SELECT DISTINCT client_id FROM message
    WHERE business_id = :business_id AND appointment_id = :appointment_id
      AND recipient = 'client' AND client_id IS NOT NULL
    ORDER BY client_id
    """
)


async def told_clients(
    connection: Connection, business_id: UUID, appointment_id: UUID
) -> list[UUID]:
    """The clients that there are messages to about an appointment: whose it is, and whose it was."""
    rows = await _TOLD_CLIENTS.rows(
        connection, business_id=business_id, appointment_id=appointment_id
    )
    return [row["client_id"] for row in rows]
