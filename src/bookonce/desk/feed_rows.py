"""Calendar feeds: whose they are, and what they show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.booking.appointment import Status
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement

EVENTS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed of a staff member's appointments. `account_id` made it, and must still be allowed to."""

    id: UUID
    staff: str
    account_id: UUID
    names_clients: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FeedPart:
    """A part of an appointment that the staff member performs. `changed_at`: when anything happened
    to the appointment last.
    """

    appointment_id: UUID
    status: Status
    sequence: int
    service_name: str
    start: datetime
    end: datetime
    zone: str
    location_name: str
    location_address: str
    client_name: str
    hold_expires_at: datetime | None
    changed_at: datetime


_PUT = Statement(
    """
    INSERT INTO calendar_feed (
        business_id, feed_id, token_hash, resource_id, account_id, names_clients, created_at
    )
    VALUES (
        :business_id, :feed_id, :token_hash, :resource_id, :account_id, :names_clients, :now
    )
    """
)
_FEED = """
    SELECT feed.feed_id, resource.key, feed.account_id, feed.names_clients, feed.created_at
    FROM calendar_feed AS feed
    JOIN resource ON resource.business_id = :business_id
                 AND resource.resource_id = feed.resource_id
    WHERE feed.business_id = :business_id
"""
_ALL = Statement(f"{_FEED} ORDER BY resource.key, feed.created_at, feed.feed_id")
_BY_ID = Statement(f"{_FEED} AND feed.feed_id = :feed_id")
_BY_TOKEN = Statement(f"{_FEED} AND feed.token_hash = :token_hash")
_REMOVE = Statement(
    "DELETE FROM calendar_feed WHERE business_id = :business_id AND feed_id = :feed_id"
)
_PARTS = Statement(
    """
    SELECT appointment.appointment_id, appointment.status, appointment.sequence,
           appointment.zone, appointment.location_name, appointment.location_address,
           appointment.client_name, appointment.hold_expires_at, part.service_name,
           part.starts_at, part.ends_at, coalesce(happened.last, appointment.created_at) AS changed_at
    FROM appointment_part AS part
    JOIN appointment ON appointment.business_id = :business_id
                    AND appointment.appointment_id = part.appointment_id
    CROSS JOIN LATERAL (
        SELECT max(event.at) AS last FROM event
        WHERE event.business_id = :business_id
          AND event.appointment_id = appointment.appointment_id
    ) AS happened
    WHERE part.business_id = :business_id
      AND part.resource_id = (
          SELECT feed.resource_id FROM calendar_feed AS feed
          WHERE feed.business_id = :business_id AND feed.feed_id = :feed_id)
      AND appointment.starts_at >= :since AND appointment.status <> 'expired'
    ORDER BY part.starts_at, appointment.appointment_id, part.number
    LIMIT :parts_max
    """
)


async def put(
    connection: Connection,
    business_id: UUID,
    feed_id: UUID,
    token_hash: bytes,
    *,
    resource_id: UUID,
    account_id: UUID,
    names_clients: bool,
    now: datetime,
) -> None:
    """Make one."""
    await _PUT.run(
        connection,
        business_id=business_id,
        feed_id=feed_id,
        token_hash=token_hash,
        resource_id=resource_id,
        account_id=account_id,
        names_clients=names_clients,
        now=now,
    )


async def feeds(connection: Connection, business_id: UUID) -> list[Feed]:
    """Those of a business, person by person."""
    return [_feed(row) for row in await _ALL.rows(connection, business_id=business_id)]


async def by_id(connection: Connection, business_id: UUID, feed_id: UUID) -> Feed | None:
    """One of them."""
    row = await _BY_ID.row(connection, business_id=business_id, feed_id=feed_id)
    return _feed(row) if row else None


async def by_token(connection: Connection, business_id: UUID, token_hash: bytes) -> Feed | None:
    """The one that a token opens."""
    row = await _BY_TOKEN.row(connection, business_id=business_id, token_hash=token_hash)
    return _feed(row) if row else None


async def remove(connection: Connection, business_id: UUID, feed_id: UUID) -> bool:
    """Revoke one; whether it was there."""
    return bool(await _REMOVE.run(connection, business_id=business_id, feed_id=feed_id))


async def parts(
    connection: Connection, business_id: UUID, feed_id: UUID, since: datetime
) -> list[FeedPart]:
    """What a feed shows: of appointments from an instant on, the earliest first."""
    rows = await _PARTS.rows(
        connection,
        business_id=business_id,
        feed_id=feed_id,
        since=since,
        parts_max=EVENTS_MAX,
    )
    return [
        FeedPart(
            appointment_id=row["appointment_id"],
            status=Status(row["status"]),
            sequence=row["sequence"],
            service_name=row["service_name"],
            start=row["starts_at"],
            end=row["ends_at"],
            zone=row["zone"],
            location_name=row["location_name"],
            location_address=row["location_address"],
            client_name=row["client_name"],
            hold_expires_at=row["hold_expires_at"],
            changed_at=row["changed_at"],
        )
        for row in rows
    ]


def _feed(row: Row) -> Feed:
    return Feed(
        row["feed_id"],
        row["key"],
        row["account_id"],
        row["names_clients"],
        row["created_at"],
    )
