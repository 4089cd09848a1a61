"""What is known of a client, taken out of the rows; what happened, when and for how much stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

ERASED = "erased"
"""Stands where a name stood."""

_OF_EMAIL = Statement(
    "SELECT client_id FROM client WHERE business_id = :business_id AND email = :email"
)

# Whoever was merged is one person, by whichever of their rows they were found. Locked, so that nobody
# books for them or merges them meanwhile.
_WHOLE = Statement(
    """
    SELECT client_id FROM client
    WHERE business_id = :business_id AND coalesce(merged_into, client_id) IN (
        SELECT coalesce(named.merged_into, named.client_id) FROM client AS named
        WHERE named.business_id = :business_id AND named.client_id = ANY(:client_ids::uuid[]))
    ORDER BY client_id FOR UPDATE
    """
)

_AHEAD = Statement(
    """
    SELECT count(*) FROM appointment
    WHERE business_id = :business_id AND client_id = ANY(:client_ids::uuid[])
      AND status IN ('held', 'confirmed') AND ends_at > :now
    """
)

# Old addresses stand in what tells merged clients apart, too; others may have the same.
_ADDRESSES = Statement(
    """
    SELECT email FROM client
    WHERE business_id = :business_id AND client_id = ANY(:client_ids::uuid[]) AND email IS NOT NULL
    """
)

_ERASE = Statement(
    """
    UPDATE client SET email = NULL, name = :erased, phone = NULL, notes = NULL, flags = '{}',
        is_known_by_email = false, erased_at = :now
    WHERE business_id = :business_id AND client_id = ANY(:client_ids::uuid[])
    """
)

_FORGET_MERGES = Statement(
    """
    DELETE FROM client_merge
    WHERE business_id = :business_id
      AND (client_id = ANY(:client_ids::uuid[]) OR into_id = ANY(:client_ids::uuid[]))
    """
)

_ERASE_VISITS = Statement(
    """
    UPDATE appointment SET client_name = :erased, client_phone = NULL, notes = NULL,
        answers = NULL,
        overbooked = CASE WHEN overbooked IS NOT NULL THEN :erased END
    WHERE business_id = :business_id AND client_id = ANY(:client_ids::uuid[])
    RETURNING appointment_id
    """
)

# Why somebody at the business did something is free text, in which a name can stand. The role that
# serves may add to what happened and not change it, but for this.
_ERASE_REASONS = Statement("SELECT erase_reasons(:business_id, :appointment_ids::uuid[])")

_FORGET_UNDOING = Statement(
    """
    DELETE FROM undo
    WHERE business_id = :business_id AND appointment_id = ANY(:appointment_ids::uuid[])
    """
)

_FORGET_COUNTING = Statement(
    """
    DELETE FROM visitor_booking
    WHERE business_id = :business_id AND appointment_id = ANY(:appointment_ids::uuid[])
    """
)


# What was written to them, and to staff about them.
_ERASE_MESSAGES = Statement(
    """
    UPDATE message SET address = NULL, subject = NULL, body = NULL, reason = NULL,
                       told_client = NULL
    WHERE business_id = :business_id AND appointment_id = ANY(:appointment_ids::uuid[])
    """
)

# Of appointments, too, that are in another name now.
_ERASE_MESSAGES_TO_THEM = Statement(
    """
    UPDATE message SET address = NULL, subject = NULL, body = NULL, reason = NULL
    WHERE business_id = :business_id AND client_id = ANY(:client_ids::uuid[])
    """
)

_FORGET_LINKS = Statement(
    """
    DELETE FROM manage_link
    WHERE business_id = :business_id AND appointment_id = ANY(:appointment_ids::uuid[])
    """
)

_FORGET_UNSUBSCRIBING = Statement(
    """
    DELETE FROM unsubscribe_link
    WHERE business_id = :business_id AND address = ANY(:addresses::text[])
      AND NOT EXISTS (SELECT 1 FROM client
                      WHERE client.business_id = :business_id
                        AND client.email = unsubscribe_link.address)
    """
)
_FORGET_ADDRESSES = Statement(
    """
    DELETE FROM mail_address
    WHERE business_id = :business_id AND address = ANY(:addresses::text[])
      AND NOT EXISTS (SELECT 1 FROM client
                      WHERE client.business_id = :business_id AND client.email = mail_address.address)
    """
)


_OF_APPOINTMENTS = (
    _ERASE_REASONS, _FORGET_UNDOING, _FORGET_COUNTING, _ERASE_MESSAGES, _FORGET_LINKS,
)  # fmt: skip


async def of_email(connection: Connection, business_id: UUID, email: str) -> list[UUID]:
    """Those who have a mail address."""
    rows = await _OF_EMAIL.rows(connection, business_id=business_id, email=email)
    return [row["client_id"] for row in rows]


async def whole(
    connection: Connection, business_id: UUID, client_ids: Sequence[UUID]
) -> list[UUID]:
    """Some clients with all who were merged into them, and into whom they were merged; locked."""
    rows = await _WHOLE.rows(connection, business_id=business_id, client_ids=client_ids)
    return [row["client_id"] for row in rows]


async def ahead(
    connection: Connection, business_id: UUID, client_ids: Sequence[UUID], now: datetime
) -> int:
    """How many appointments of theirs aren't over."""
    found = await _AHEAD.value(connection, business_id=business_id, client_ids=client_ids, now=now)
    return int(found)


async def erase(
    connection: Connection, business_id: UUID, client_ids: Sequence[UUID], now: datetime
) -> tuple[int, list[str]]:
    """Erase clients, in the transaction under way. How many appointments were theirs, and the mail
    addresses that they had."""
    of = {"business_id": business_id, "client_ids": client_ids}
    found = await _ADDRESSES.rows(connection, **of)
    addresses = sorted({row["email"] for row in found})
    await _ERASE.run(connection, **of, erased=ERASED, now=now)
    await _FORGET_MERGES.run(connection, **of)
    await _ERASE_MESSAGES_TO_THEM.run(connection, **of)
    visits = await _ERASE_VISITS.rows(connection, **of, erased=ERASED)
    for statement in (_FORGET_UNSUBSCRIBING, _FORGET_ADDRESSES):
        await statement.run(connection, business_id=business_id, addresses=addresses)
    appointment_ids = [row["appointment_id"] for row in visits]
    for statement in _OF_APPOINTMENTS:
        await statement.run(connection, business_id=business_id, appointment_ids=appointment_ids)
    return len(visits), addresses
