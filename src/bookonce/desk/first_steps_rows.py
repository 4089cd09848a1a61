"""The first steps of a business that was opened in the browser, as stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_BEGIN = Statement(
    """
    INSERT INTO first_steps (business_id, opened_at) VALUES (:business_id, :now)
    ON CONFLICT DO NOTHING
    """
)

# What counts is whether there is any: no row of a business is read that needn't be.
_SEEN = Statement(
    """
    SELECT shared_at IS NOT NULL AS is_shared,
           EXISTS (
               SELECT 1 FROM account_link
               WHERE account_link.business_id = :business_id AND kind = 'invitation'
           ) OR (
               SELECT count(*) > 1 FROM membership WHERE membership.business_id = :business_id
           ) AS has_invited,
           EXISTS (
               SELECT 1 FROM appointment WHERE appointment.business_id = :business_id
           ) AS has_booking
    FROM first_steps
    WHERE first_steps.business_id = :business_id AND dismissed_at IS NULL
    """
)

_SHARE = Statement(
    """
    UPDATE first_steps SET shared_at = coalesce(shared_at, :now) WHERE business_id = :business_id
    """
)

_DISMISS = Statement(
    """
    UPDATE first_steps SET dismissed_at = coalesce(dismissed_at, :now)
    WHERE business_id = :business_id
    """
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What has happened in a business so far."""

    is_shared: bool
    has_invited: bool
    has_booking: bool


async def begin(connection: Connection, business_id: UUID, now: datetime) -> None:
    """Have a business that was just opened show its first steps."""
    await _BEGIN.run(connection, business_id=business_id, now=now)


async def seen(connection: Connection, business_id: UUID) -> Seen | None:
    """What has happened so far; None if nobody wants to know, or any more."""
    row = await _SEEN.row(connection, business_id=business_id)
    return Seen(row["is_shared"], row["has_invited"], row["has_booking"]) if row else None


async def share(connection: Connection, business_id: UUID, now: datetime) -> None:
    """The link of the booking page is shared."""
    await _SHARE.run(connection, business_id=business_id, now=now)


async def dismiss(connection: Connection, business_id: UUID, now: datetime) -> None:
    """Show the list no more."""
    await _DISMISS.run(connection, business_id=business_id, now=now)
