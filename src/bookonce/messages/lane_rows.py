"""The lane of messages: who is at which, what is handed over, and how it ends.

A message is sent by whoever has its lease; a lease that isn't renewed runs out. Before the server is
given the content, that is written down, so that of a worker that dies it is known whether the server
may have the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bookonce.messages.kinds import SENT_ONCE_AT_MOST
from bookonce.messages.message_rows import COLUMNS, Message, message_of
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

HAND_OVERS_MAX = 2
"""What may have arrived is sent once more, no oftener."""

TENANTS = Statement(
    """
    SELECT DISTINCT business_id FROM message
    WHERE status = 'waiting' AND next_at <= :now AND way = :way
    """
)


async def tenants(connection: Connection, way: str, now: datetime) -> list[UUID]:
    """Whose messages are due, without locks."""
    return [row["business_id"] for row in await TENANTS.rows(connection, way=way, now=now)]


# One for each recipient of an appointment at a time; `message_one_at_a_time` refuses what a rival
# was quicker to take.
TAKE = Statement(
    f"""
    WITH due AS (
        SELECT message_id, appointment_id, recipient, who, next_at, event_at FROM message
        WHERE business_id = :business_id AND status = 'waiting' AND next_at <= :now AND way = :way
          AND NOT EXISTS (
              SELECT 1 FROM message AS under_way
              WHERE under_way.business_id = :business_id AND under_way.status = 'sending'
                AND under_way.appointment_id = message.appointment_id
                AND under_way.recipient = message.recipient AND under_way.who = message.who
                AND under_way.way = message.way)
        ORDER BY next_at, event_at LIMIT :looked_at_max
    ),
    first AS (
        SELECT DISTINCT ON (coalesce(appointment_id, message_id), recipient, who)
            message_id, next_at
        FROM due ORDER BY coalesce(appointment_id, message_id), recipient, who, event_at
    ),
    free AS (
        SELECT message_id AS free_id FROM message
        WHERE business_id = :business_id AND status = 'waiting' AND message_id IN (
            SELECT message_id FROM first ORDER BY next_at LIMIT :messages_max)
        FOR UPDATE SKIP LOCKED
    )
    UPDATE message SET status = 'sending', worker_id = :worker_id,
        lease_until = :now::timestamptz + :lease::interval, attempts = attempts + 1,
        is_handed_over = false
    FROM free WHERE business_id = :business_id AND message_id = free_id
    RETURNING {COLUMNS}, attempts, hand_overs
    """
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A message that a worker is at. `hand_overs`: how often a server may have got it before."""

    business_id: UUID
    message: Message
    number: int
    hand_overs: int
    worker_id: UUID


async def take(
    connection: Connection,
    business_id: UUID,
    way: str,
    worker_id: UUID,
    messages_max: int,
    *,
    now: datetime,
    lease: timedelta,
) -> list[Attempt]:
    """Begin an attempt at some of a tenant's messages that are due. Raises UniqueViolationError if a
    rival began one of the same appointment at the same moment.
    """
    rows = await TAKE.rows(
        connection,
        business_id=business_id,
        way=way,
        worker_id=worker_id,
        messages_max=messages_max,
        looked_at_max=messages_max * 10,
        now=now,
        lease=lease,
    )
    return [
        Attempt(business_id, message_of(row), row["attempts"], row["hand_overs"], worker_id)
        for row in rows
    ]


BEAT = Statement(
    """
    UPDATE message SET lease_until = :now::timestamptz + :lease::interval
    WHERE status = 'sending' AND worker_id = :worker_id AND message_id = ANY(:message_ids::uuid[])
    """
)


async def beat(
    connection: Connection,
    worker_id: UUID,
    message_ids: Sequence[UUID],
    *,
    now: datetime,
    lease: timedelta,
) -> None:
    """This worker is at these. The lease of what it has left behind, since the database was away at
    the end of an attempt, runs out.
    """
    await BEAT.run(
        connection, worker_id=worker_id, message_ids=list(message_ids), now=now, lease=lease
    )


RESCUE = Statement(
    """
    UPDATE message SET
        status = CASE WHEN is_handed_over AND (kind = ANY(:once_at_most) OR way = 'sms'
                                               OR hand_overs >= :hand_overs_max)
                      THEN 'unknown' ELSE 'waiting' END,
        ended_at = CASE WHEN is_handed_over AND (kind = ANY(:once_at_most) OR way = 'sms'
                                                 OR hand_overs >= :hand_overs_max)
                        THEN :now END,
        reason = CASE WHEN is_handed_over THEN 'the worker died while it was handed over' END,
        next_at = :now, worker_id = NULL, lease_until = NULL
    WHERE status = 'sending' AND lease_until < :now
    """
)


async def rescue(connection: Connection, now: datetime) -> int:
    """Free the messages of workers that are gone; how many. Of those that a server may have got,
    what had better not arrive twice is left as it is.
    """
    return await RESCUE.run(
        connection,
        now=now,
        once_at_most=[kind.value for kind in SENT_ONCE_AT_MOST],
        hand_overs_max=HAND_OVERS_MAX,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What a message tells, as it is kept. `wall` is what the clock there shows at the start, `client`
    what who works there is told of whom it is for; `link_hash` is that of the manage link in it.
    """

    address: str
    language: str
    subject: str
    body: str
    sequence: int | None = None
    status: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    wall: datetime | None = None
    staff: tuple[str, ...] = ()
    place: str = ""
    client: str | None = None
    link_hash: bytes | None = None


def _kept(told: Told) -> dict[str, object]:
    return {
        "address": told.address,
        "language": told.language,
        "subject": told.subject,
        "body": told.body,
        "sequence": told.sequence,
        "status": told.status,
        "start": told.start,
        "end": told.end,
        "wall": told.wall,
        "staff": list(told.staff),
        "place": told.place,
        "client": told.client,
    }


HAND_OVER = Statement(
    """
    WITH handed AS (
        UPDATE message SET is_handed_over = true, hand_overs = hand_overs + 1, address = :address,
            language = :language, subject = :subject, body = :body, told_sequence = :sequence,
            told_status = :status, told_start = :start, told_end = :end, told_wall = :wall,
            told_staff = :staff::text[], told_place = :place, told_client = :client
        WHERE business_id = :business_id AND message_id = :message_id
          AND status = 'sending' AND worker_id = :worker_id AND attempts = :number
        RETURNING appointment_id, client_id
    ),
    linked AS (
        INSERT INTO manage_link (business_id, token_hash, appointment_id, client_id, created_at)
        SELECT :business_id, :link_hash::bytea, appointment_id, client_id, :now::timestamptz
        FROM handed
        WHERE :link_hash::bytea IS NOT NULL AND appointment_id IS NOT NULL
    ),
    counted AS (
        INSERT INTO message_count AS counted (address_hash, hour, messages)
        SELECT :address_hash::bytea, date_trunc('hour', :now::timestamptz, 'UTC'), 1 FROM handed
        ON CONFLICT (address_hash, hour) DO UPDATE SET messages = counted.messages + 1
    )
    SELECT EXISTS (SELECT 1 FROM handed)
    """
)


async def hand_over(
    connection: Connection, attempt: Attempt, told: Told, address_hash: bytes, now: datetime
) -> bool:
    """Write down that the server is given a message from now on; False if it is another's by now."""
    return bool(
        await HAND_OVER.value(
            connection,
            business_id=attempt.business_id,
            message_id=attempt.message.id,
            worker_id=attempt.worker_id,
            number=attempt.number,
            **_kept(told),
            link_hash=told.link_hash,
            address_hash=address_hash,
            now=now,
        )
    )


KEEP = Statement(
    """
    UPDATE message SET address = :address, language = :language, subject = :subject, body = :body,
        told_sequence = :sequence, told_status = :status, told_start = :start, told_end = :end,
        told_wall = :wall, told_staff = :staff::text[], told_place = :place, told_client = :client
    WHERE business_id = :business_id AND message_id = :message_id
      AND status = 'sending' AND worker_id = :worker_id AND attempts = :number
    """
)


async def keep(connection: Connection, attempt: Attempt, told: Told) -> None:
    """Write down what would be told, where nothing can be sent."""
    await KEEP.run(
        connection,
        business_id=attempt.business_id,
        message_id=attempt.message.id,
        worker_id=attempt.worker_id,
        number=attempt.number,
        **_kept(told),
    )


END = Statement(
    """
    UPDATE message SET status = :status, reason = :reason, next_at = coalesce(:next_at, next_at),
        worker_id = NULL, lease_until = NULL, is_handed_over = false,
        attempts = attempts - :uncounted,
        hand_overs = CASE WHEN :is_refused THEN 0 ELSE hand_overs END,
        ended_at = CASE WHEN :status <> 'waiting' THEN :now::timestamptz END
    WHERE business_id = :business_id AND message_id = :message_id
      AND status = 'sending' AND worker_id = :worker_id AND attempts = :number
    """
)


async def end(
    connection: Connection,
    attempt: Attempt,
    status: str,
    reason: str | None,
    now: datetime,
    *,
    next_at: datetime | None = None,
    is_counted: bool = True,
    is_refused: bool = False,
) -> bool:
    """Write down what became of an attempt; False if the message is another's by now. `is_refused`:
    the server certainly doesn't have it.
    """
    ended = await END.run(
        connection,
        business_id=attempt.business_id,
        message_id=attempt.message.id,
        worker_id=attempt.worker_id,
        number=attempt.number,
        status=status,
        reason=reason,
        next_at=next_at,
        uncounted=int(not is_counted),
        is_refused=is_refused,
        now=now,
    )
    return ended > 0
