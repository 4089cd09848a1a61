"""A client's row: read, written down, put right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.clients.particulars import Particulars
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement


@dataclass(frozen=True, slots=True)
class Known:
    """A client that a business knows."""

    id: UUID
    particulars: Particulars
    created_at: datetime
    is_known_by_email: bool = False
    """Whether a visitor with the mail address is taken for them."""


_FIND = """
    SELECT client.* FROM client AS asked
    JOIN client ON client.business_id = :business_id
               AND client.client_id = coalesce(asked.merged_into, asked.client_id)
    WHERE asked.business_id = :business_id AND asked.client_id = :client_id
      AND client.erased_at IS NULL
      AND (:performer_id::uuid IS NULL OR EXISTS (
          SELECT 1 FROM appointment
          JOIN appointment_part AS part ON part.business_id = :business_id
                                       AND part.appointment_id = appointment.appointment_id
          WHERE appointment.business_id = :business_id
            AND appointment.client_id = client.client_id
            AND part.resource_id = :performer_id))
"""
_FOUND = Statement(_FIND)
_LOCKED = Statement(
    """
    SELECT * FROM client WHERE business_id = :business_id AND client_id = ANY(:client_ids::uuid[])
    ORDER BY client_id FOR UPDATE
    """
)
# Who books by themselves is known by their address. Of several with one address the first that was
# written down is the one whom a visitor is taken for.
_CREATE = Statement(
    """
    INSERT INTO client (
        business_id, client_id, name, email, phone, notes, flags, is_known_by_email, created_at
    )
    SELECT :business_id, :client_id, :name, :email, :phone, :notes, :flags::text[],
           NOT EXISTS (
               SELECT 1 FROM client
               WHERE business_id = :business_id AND email = :email AND is_known_by_email),
           :now
    """
)
_CHANGE = Statement(
    """
    UPDATE client
    SET name = :name, email = :email, phone = :phone, notes = :notes, flags = :flags::text[],
        is_known_by_email = CASE
            WHEN email IS NOT DISTINCT FROM :email THEN is_known_by_email
            ELSE NOT EXISTS (
                SELECT 1 FROM client AS other
                WHERE other.business_id = :business_id AND other.email = :email
                  AND other.is_known_by_email AND other.client_id <> :client_id)
        END
    WHERE business_id = :business_id AND client_id = :client_id
    """
)

# A visitor with an address that somebody gave up is whoever else has it, the first who did.
_PASS_ON = Statement(
    """
    UPDATE client SET is_known_by_email = true
    WHERE business_id = :business_id AND client_id = (
        SELECT client_id FROM client
        WHERE business_id = :business_id AND email = :email
        ORDER BY merged_into IS NOT NULL, created_at, client_id LIMIT 1)
      AND NOT EXISTS (
        SELECT 1 FROM client
        WHERE business_id = :business_id AND email = :email AND is_known_by_email)
    """
)


async def found(
    connection: Connection, business_id: UUID, client_id: UUID, performer_id: UUID | None = None
) -> Known | None:
    """A client; of one that was merged into another, that other one. Of those who have been booked
    with somebody, if `performer_id` says with whom.
    """
    row = await _FOUND.row(
        connection, business_id=business_id, client_id=client_id, performer_id=performer_id
    )
    return known_of(row) if row else None


async def locked(connection: Connection, business_id: UUID, *client_ids: UUID) -> dict[UUID, Row]:
    """The rows of some clients, which nobody else changes or books for until the transaction ends.

    A booking holds the row that its client's is (its foreign key), so it is there before this, or
    waits until after it.
    """
    rows = await _LOCKED.rows(connection, business_id=business_id, client_ids=list(client_ids))
    return {row["client_id"]: row for row in rows}


async def create(
    connection: Connection,
    business_id: UUID,
    client_id: UUID,
    particulars: Particulars,
    now: datetime,
) -> None:
    """Write a client down. Raises UniqueViolationError if a rival with the same mail address does so
    meanwhile.
    """
    await _CREATE.run(
        connection, business_id=business_id, client_id=client_id, now=now, **_values(particulars)
    )


async def change(
    connection: Connection, business_id: UUID, client_id: UUID, particulars: Particulars
) -> None:
    """Put a client right. Raises as `create` does."""
    await _CHANGE.run(
        connection, business_id=business_id, client_id=client_id, **_values(particulars)
    )


async def pass_on(connection: Connection, business_id: UUID, email: str) -> None:
    """Have a visitor with an address be taken for somebody who has it, if anybody has."""
    await _PASS_ON.run(connection, business_id=business_id, email=email)


def known_of(row: Row) -> Known:
    """A client from their row."""
    return Known(row["client_id"], particulars_of(row), row["created_at"], row["is_known_by_email"])


def particulars_of(row: Row) -> Particulars:
    """What a row says of a client."""
    return Particulars(
        name=row["name"],
        email=row["email"],
        phone=row["phone"],
        notes=row["notes"],
        flags=tuple(row["flags"]),
    )


def _values(particulars: Particulars) -> dict[str, object]:
    return {
        "name": particulars.name,
        "email": particulars.email,
        "phone": particulars.phone,
        "notes": particulars.notes,
        "flags": list(particulars.flags),
    }
