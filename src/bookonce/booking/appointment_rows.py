"""Appointments: reading one, and the conditional changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from bookonce.availability.claim_rows import releasing
from bookonce.booking.appointment import Appointment, Status
from bookonce.platform.connection import Connection

_APPOINTMENT = """
    appointment.appointment_id, appointment.status, service.key AS service,
    location.key AS location, resource.key AS staff, appointment.starts_at, appointment.ends_at, appointment.price_minor,
    appointment.currency, appointment.sequence, appointment.client_name, appointment.notes,
    appointment.deposit_minor, appointment.keep_minor, appointment.hold_expires_at,
    CASE WHEN appointment.deposit_minor IS NOT NULL THEN (
        SELECT CASE payment.status WHEN 'given_up' THEN 'cancelled' ELSE payment.status END
        FROM payment
        WHERE payment.business_id = appointment.business_id
          AND payment.appointment_id = appointment.appointment_id
        ORDER BY payment.number DESC LIMIT 1
    ) END AS payment_status,
    CASE WHEN appointment.deposit_minor IS NOT NULL THEN (
        SELECT sum(ledger_entry.amount_minor)::bigint
        FROM payment JOIN ledger_entry ON ledger_entry.business_id = payment.business_id
                                      AND ledger_entry.payment_id = payment.payment_id
        WHERE payment.business_id = appointment.business_id
          AND payment.appointment_id = appointment.appointment_id
          AND ledger_entry.kind = 'refunded'
    ) END AS refunded_minor,
    (
        SELECT array_agg(DISTINCT other.key)
        FROM claim
        JOIN resource AS other ON other.business_id = claim.business_id
                              AND other.resource_id = claim.resource_id
        WHERE claim.business_id = appointment.business_id
          AND claim.appointment_id = appointment.appointment_id
          AND claim.resource_id <> appointment.resource_id
    ) AS resources
"""


def _appointment(row: asyncpg.Record) -> Appointment:
    return Appointment(
        id=row["appointment_id"],
        status=Status(row["status"]),
        service=row["service"],
        location=row["location"],
        staff=row["staff"],
        resources=tuple(row["resources"] or ()),
        start=row["starts_at"],
        end=row["ends_at"],
        price_minor=row["price_minor"],
        currency=row["currency"],
        sequence=row["sequence"],
        client_name=row["client_name"],
        notes=row["notes"],
        deposit_minor=row["deposit_minor"],
        keep_minor=row["keep_minor"],
        hold_expires_at=row["hold_expires_at"],
        payment_status=row["payment_status"],
        refunded_minor=row["refunded_minor"] or 0,
    )


_WITH_KEYS = """
    FROM appointment
    JOIN location ON location.business_id = appointment.business_id
                 AND location.location_id = appointment.location_id
    JOIN service ON service.business_id = appointment.business_id
                AND service.service_id = appointment.service_id
    JOIN resource ON resource.business_id = appointment.business_id
                 AND resource.resource_id = appointment.resource_id
"""


async def by_token(
    connection: Connection, business_id: UUID, token_hash: bytes
) -> Appointment | None:
    """The appointment that a capability opens, within one business."""
    row = await connection.fetchrow(
        f"""
        SELECT {_APPOINTMENT} {_WITH_KEYS}
        WHERE appointment.business_id = $1 AND appointment.token_hash = $2
        """,
        business_id,
        token_hash,
    )
    return _appointment(row) if row else None


async def by_id(
    connection: Connection, business_id: UUID, appointment_id: UUID
) -> Appointment | None:
    """An appointment by its id, within one business."""
    row = await connection.fetchrow(
        f"""
        SELECT {_APPOINTMENT} {_WITH_KEYS}
        WHERE appointment.business_id = $1 AND appointment.appointment_id = $2
        """,
        business_id,
        appointment_id,
    )
    return _appointment(row) if row else None


async def change_status(
    connection: Connection,
    business_id: UUID,
    appointment: Appointment,
    status: Status,
    *,
    event_id: UUID,
    actor: str,
    now: datetime,
    keep_minor: int | None = None,
    facts: str = "{}",
) -> bool:
    """Set a status if nothing has changed since `appointment` was read; False if it has.

    One statement: the status, what is kept of the deposit, the claims given back if it is
    cancelled, and the event with its `facts`, to be followed up if there is money to look after.
    """
    row = await connection.fetchrow(
        f"""
        WITH changed AS (
            UPDATE appointment
            SET status = $5, sequence = sequence + 1, keep_minor = coalesce($9, keep_minor)
            WHERE business_id = $1 AND appointment_id = $2 AND status = $3 AND sequence = $4
            RETURNING appointment_id, deposit_minor
        ),
        {releasing("appointment_id IN (SELECT appointment_id FROM changed WHERE $5 = 'cancelled')")},
        happened AS (
            INSERT INTO event (
                business_id, event_id, kind, actor, appointment_id, at, data, follow_up
            )
            SELECT $1, $6, 'appointment.' || $5, $7, changed.appointment_id, $8, $10::jsonb,
                   changed.deposit_minor IS NOT NULL
            FROM changed
        )
        SELECT FROM changed
        """,
        business_id,
        appointment.id,
        appointment.status.value,
        appointment.sequence,
        status.value,
        event_id,
        actor,
        now,
        keep_minor,
        facts,
    )
    return row is not None


async def lock_unchanged(
    connection: Connection, business_id: UUID, appointment: Appointment
) -> bool:
    """Hold an appointment for a change if nothing has changed since it was read.

    Its rival is another change of the same appointment; claims that refer to it don't wait.
    """
    row = await connection.fetchrow(
        """
        SELECT FROM appointment
        WHERE business_id = $1 AND appointment_id = $2 AND status = $3 AND sequence = $4
        FOR NO KEY UPDATE
        """,
        business_id,
        appointment.id,
        appointment.status.value,
        appointment.sequence,
    )
    return row is not None


async def lock(connection: Connection, business_id: UUID, appointment_id: UUID) -> None:
    """Hold an appointment for a change, whatever it is by then; see `lock_unchanged`."""
    await connection.execute(
        """
        SELECT FROM appointment WHERE business_id = $1 AND appointment_id = $2 FOR NO KEY UPDATE
        """,
        business_id,
        appointment_id,
    )


async def set_time(
    connection: Connection,
    business_id: UUID,
    appointment_id: UUID,
    location_id: UUID,
    performer_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
) -> None:
    """Write the new time, place and person of an appointment that `lock_unchanged` holds."""
    await connection.execute(
        """
        UPDATE appointment
        SET location_id = $3, resource_id = $4, starts_at = $5, ends_at = $6,
            sequence = sequence + 1
        WHERE business_id = $1 AND appointment_id = $2
        """,
        business_id,
        appointment_id,
        location_id,
        performer_id,
        starts_at,
        ends_at,
    )


async def set_end(
    connection: Connection, business_id: UUID, appointment_id: UUID, ends_at: datetime
) -> None:
    """Write another end of an appointment that `lock_unchanged` holds, as a part of a change."""
    await connection.execute(
        "UPDATE appointment SET ends_at = $3 WHERE business_id = $1 AND appointment_id = $2",
        business_id,
        appointment_id,
        ends_at,
    )


async def upcoming_counts(
    connection: Connection, business_id: UUID, now: datetime
) -> list[tuple[str, str, int]]:
    """Confirmed appointments from now on: staff key, location key and how many."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT resource.key AS staff, location.key AS location, count(*) AS appointments
        FROM appointment
        JOIN resource ON resource.business_id = appointment.business_id
                     AND resource.resource_id = appointment.resource_id
        JOIN location ON location.business_id = appointment.business_id
                     AND location.location_id = appointment.location_id
        WHERE appointment.business_id = $1 AND appointment.status IN ('held', 'confirmed')
          AND appointment.starts_at >= $2
        GROUP BY resource.key, location.key
        """,
        business_id,
        now,
    )
    return [(row["staff"], row["location"], row["appointments"]) for row in rows]
