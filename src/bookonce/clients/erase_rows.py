"""What is known of a client, taken out of the rows; what happened, when and for how much stays."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

ERASED = "erased"
"""Stands where a name stood."""

_AHEAD = Statement(
    """
    SELECT count(*) FROM appointment JOIN client USING (business_id, client_id)
    WHERE appointment.business_id = :business_id AND client.email = :email
      AND appointment.status IN ('held', 'confirmed') AND appointment.ends_at > :now
    """
)


async def ahead(connection: Connection, business_id: UUID, email: str, now: datetime) -> int:
    """How many appointments of whoever has a mail address aren't over."""
    return int(await _AHEAD.value(connection, business_id=business_id, email=email, now=now))


_ERASE = Statement(
    """
    UPDATE client SET email = NULL, name = :erased, phone = NULL
    WHERE business_id = :business_id AND email = :email
    RETURNING client_id
    """
)

_ERASE_VISITS = Statement(
    """
    UPDATE appointment SET client_name = :erased, client_phone = NULL, notes = NULL,
        overbooked = CASE WHEN overbooked IS NOT NULL THEN :erased END
    WHERE business_id = :business_id AND client_id = ANY(:client_ids::uuid[])
    RETURNING appointment_id
    """
)

# Why somebody at the business did something is free text, in which a name can stand.
_ERASE_REASONS = Statement(
    """
    UPDATE event SET data = data - 'reason' - 'overbooked'
    WHERE business_id = :business_id AND appointment_id = ANY(:appointment_ids::uuid[])
      AND data ?| ARRAY['reason', 'overbooked']
    """
)

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
    UPDATE message SET address = NULL, subject = NULL, body = NULL, reason = NULL
    WHERE business_id = :business_id AND appointment_id = ANY(:appointment_ids::uuid[])
    """
)

_FORGET_LINKS = Statement(
    """
    DELETE FROM manage_link
    WHERE business_id = :business_id AND appointment_id = ANY(:appointment_ids::uuid[])
    """
)

_FORGET_ADDRESS = Statement(
    "DELETE FROM mail_address WHERE business_id = :business_id AND address = :email"
)


_OF_APPOINTMENTS = (
    _ERASE_REASONS, _FORGET_UNDOING, _FORGET_COUNTING, _ERASE_MESSAGES, _FORGET_LINKS,
)  # fmt: skip


async def erase(connection: Connection, business_id: UUID, email: str) -> int | None:
    """Erase whoever has a mail address, in the transaction under way. How many appointments were
    theirs; None if nobody has it."""
    clients = await _ERASE.rows(connection, business_id=business_id, email=email, erased=ERASED)
    if not clients:
        return None
    visits = await _ERASE_VISITS.rows(
        connection,
        business_id=business_id,
        client_ids=[row["client_id"] for row in clients],
        erased=ERASED,
    )
    appointment_ids = [row["appointment_id"] for row in visits]
    await _FORGET_ADDRESS.run(connection, business_id=business_id, email=email)
    for statement in _OF_APPOINTMENTS:
        await statement.run(connection, business_id=business_id, appointment_ids=appointment_ids)
    return len(visits)
