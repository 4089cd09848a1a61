"""Attempts to pay for appointments, and what providers have told of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from bookonce.payments.states import LIVE, Payment, PaymentStatus
from bookonce.platform.connection import Connection

_PAYMENT = """
    payment.payment_id, payment.appointment_id, payment.number, payment.provider,
    payment.provider_ref, payment.status, payment.amount_minor, payment.currency, payment.problem,
    payment.created_at
"""


def _payment(row: asyncpg.Record) -> Payment:
    return Payment(
        id=row["payment_id"],
        appointment_id=row["appointment_id"],
        number=row["number"],
        provider=row["provider"],
        provider_ref=row["provider_ref"],
        status=PaymentStatus(row["status"]),
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        problem=row["problem"],
        created_at=row["created_at"],
    )


async def of_appointment(
    connection: Connection, business_id: UUID, appointment_id: UUID
) -> list[Payment]:
    """Every attempt to pay for an appointment, in order."""
    rows = await connection.fetch(
        f"""
        SELECT {_PAYMENT} FROM payment
        WHERE business_id = $1 AND appointment_id = $2
        ORDER BY number
        """,
        business_id,
        appointment_id,
    )
    return [_payment(row) for row in rows]


async def appointment_of(
    connection: Connection, business_id: UUID, payment_id: UUID
) -> UUID | None:
    """What an attempt is to pay for."""
    appointment_id: UUID | None = await connection.fetchval(
        "SELECT appointment_id FROM payment WHERE business_id = $1 AND payment_id = $2",
        business_id,
        payment_id,
    )
    return appointment_id


async def start(connection: Connection, business_id: UUID, payment: Payment) -> bool:
    """Write down an attempt before the provider hears of it; False if another one is under way."""
    status = await connection.execute(
        """
        INSERT INTO payment (
            business_id, payment_id, appointment_id, number, provider, status, amount_minor,
            currency, created_at
        )
        VALUES ($1, $2, $3, $4, $5, 'started', $6, $7, $8)
        ON CONFLICT DO NOTHING
        """,
        business_id,
        payment.id,
        payment.appointment_id,
        payment.number,
        payment.provider,
        payment.amount_minor,
        payment.currency,
        payment.created_at,
    )
    return bool(status == "INSERT 0 1")


async def name(
    connection: Connection, business_id: UUID, payment_id: UUID, provider_ref: str
) -> bool:
    """Write down what the provider calls an attempt; False if it has been given up meanwhile."""
    status = await connection.execute(
        """
        UPDATE payment SET provider_ref = $3
        WHERE business_id = $1 AND payment_id = $2 AND status = 'started'
          AND (provider_ref IS NULL OR provider_ref = $3)
        """,
        business_id,
        payment_id,
        provider_ref,
    )
    return bool(status == "UPDATE 1")


async def give_up_unnamed(connection: Connection, business_id: UUID, payment_id: UUID) -> bool:
    """End an attempt that the provider may never have heard of: nothing was set aside for it."""
    status = await connection.execute(
        """
        UPDATE payment SET status = 'cancelled'
        WHERE business_id = $1 AND payment_id = $2 AND status = 'started' AND provider_ref IS NULL
        """,
        business_id,
        payment_id,
    )
    return bool(status == "UPDATE 1")


async def give_up(connection: Connection, business_id: UUID, payment_id: UUID) -> None:
    """From now on nothing can be confirmed by an attempt. The appointment is locked."""
    await connection.execute(
        """
        UPDATE payment SET status = 'given_up'
        WHERE business_id = $1 AND payment_id = $2 AND status = 'started'
        """,
        business_id,
        payment_id,
    )


async def is_live(connection: Connection, business_id: UUID, payment_id: UUID) -> bool:
    """Whether something may be confirmed by an attempt."""
    found: bool = await connection.fetchval(
        "SELECT status = ANY ($3::text[]) FROM payment WHERE business_id = $1 AND payment_id = $2",
        business_id,
        payment_id,
        [one.value for one in LIVE],
    )
    return found


async def set_status(
    connection: Connection,
    business_id: UUID,
    payment_id: UUID,
    status: PaymentStatus,
    before: Sequence[PaymentStatus],
    problem: str | None,
) -> None:
    """Write where an attempt stands, if it stood where this may follow."""
    await connection.execute(
        """
        UPDATE payment SET status = $3, problem = coalesce($5, problem)
        WHERE business_id = $1 AND payment_id = $2
          AND (status = ANY ($4::text[]) OR (status = $3 AND problem IS DISTINCT FROM $5))
        """,
        business_id,
        payment_id,
        status.value,
        [one.value for one in before],
        problem,
    )


async def set_keep(
    connection: Connection, business_id: UUID, appointment_id: UUID, keep_minor: int
) -> None:
    """Write what the business keeps of a deposit. The appointment is locked."""
    await connection.execute(
        """
        UPDATE appointment SET keep_minor = $3, sequence = sequence + 1
        WHERE business_id = $1 AND appointment_id = $2
        """,
        business_id,
        appointment_id,
        keep_minor,
    )


async def hear(
    connection: Connection, business_id: UUID, provider: str, event_ref: str, now: datetime
) -> bool:
    """Write down that a provider's message was heard; False if it was before."""
    status = await connection.execute(
        """
        INSERT INTO provider_event (business_id, provider, event_ref, received_at)
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
        """,
        business_id,
        provider,
        event_ref,
        now,
    )
    return bool(status == "INSERT 0 1")


async def unfinished(
    connection: Connection, older_than: datetime, limit: int
) -> list[tuple[UUID, UUID]]:
    """Business and appointment of what nobody seems to be at: attempts under way and refunds to be
    made, begun before an instant. Any of them, if there are more than the limit: what can't be
    settled for long must not keep the others from it.
    """
    rows: list[Any] = await connection.fetch(
        """
        SELECT business_id, appointment_id FROM (
            SELECT business_id, appointment_id, created_at FROM payment
            WHERE status IN ('started', 'authorised', 'given_up') AND created_at < $1
            UNION ALL
            SELECT payment.business_id, payment.appointment_id, refund.created_at
            FROM refund JOIN payment ON payment.business_id = refund.business_id
                                    AND payment.payment_id = refund.payment_id
            WHERE refund.status = 'pending' AND refund.created_at < $1
        ) AS unfinished
        GROUP BY business_id, appointment_id
        ORDER BY random()
        LIMIT $2
        """,
        older_than,
        limit,
    )
    return [(row["business_id"], row["appointment_id"]) for row in rows]


async def count(connection: Connection, business_id: UUID) -> int:
    """How many attempts to pay there have been."""
    found: int = await connection.fetchval(
        "SELECT count(*) FROM payment WHERE business_id = $1", business_id
    )
    return found


async def page(connection: Connection, business_id: UUID, after: UUID | None) -> list[Payment]:
    """The next hundred attempts to pay, in the order of their ids."""
    rows = await connection.fetch(
        f"""
        SELECT {_PAYMENT} FROM payment
        WHERE business_id = $1 AND ($2::uuid IS NULL OR payment_id > $2)
        ORDER BY payment_id
        LIMIT 100
        """,
        business_id,
        after,
    )
    return [_payment(row) for row in rows]
