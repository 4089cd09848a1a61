"""Refunds: what is to be given back, written down before the provider hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.payments.states import RefundStatus
from bookonce.platform.connection import Connection


@dataclass(frozen=True, slots=True)
class Refund:
    """Something to be given back, or given back."""

    id: UUID
    amount_minor: int
    status: RefundStatus


async def of_payment(connection: Connection, business_id: UUID, payment_id: UUID) -> list[Refund]:
    """What is to be given back of an attempt, and what has been."""
    rows = await connection.fetch(
        """
        SELECT refund_id, amount_minor, status FROM refund
        WHERE business_id = $1 AND payment_id = $2 ORDER BY created_at, refund_id
        """,
        business_id,
        payment_id,
    )
    return [
        Refund(row["refund_id"], row["amount_minor"], RefundStatus(row["status"])) for row in rows
    ]


async def plan(
    connection: Connection,
    business_id: UUID,
    payment_id: UUID,
    refund_id: UUID,
    amount_minor: int,
    now: datetime,
) -> None:
    """Write down what is to be given back, before the provider hears of it."""
    await connection.execute(
        """
        INSERT INTO refund (business_id, refund_id, payment_id, amount_minor, status, created_at)
        VALUES ($1, $2, $3, $4, 'pending', $5)
        ON CONFLICT DO NOTHING
        """,
        business_id,
        refund_id,
        payment_id,
        amount_minor,
        now,
    )


async def set_status(
    connection: Connection,
    business_id: UUID,
    refund_id: UUID,
    status: RefundStatus,
    problem: str | None = None,
) -> None:
    """Write what became of giving something back; done is done."""
    await connection.execute(
        """
        UPDATE refund SET status = $3, problem = $4
        WHERE business_id = $1 AND refund_id = $2 AND status <> 'done'
        """,
        business_id,
        refund_id,
        status.value,
        problem,
    )
