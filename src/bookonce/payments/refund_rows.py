"""Refunds: what is to be given back, written down before the provider hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.payments.states import RefundStatus
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement


@dataclass(frozen=True, slots=True)
class Refund:
    """Something to be given back, or given back."""

    id: UUID
    amount_minor: int
    status: RefundStatus


OF_PAYMENT = Statement(
    """
    SELECT refund_id, amount_minor, status FROM refund
    WHERE business_id = :business_id AND payment_id = :payment_id ORDER BY created_at, refund_id
    """
)


async def of_payment(connection: Connection, business_id: UUID, payment_id: UUID) -> list[Refund]:
    """What is to be given back of an attempt, and what has been."""
    rows = await OF_PAYMENT.rows(connection, business_id=business_id, payment_id=payment_id)
    return [
        Refund(row["refund_id"], row["amount_minor"], RefundStatus(row["status"])) for row in rows
    ]


PLAN = Statement(
    """
    INSERT INTO refund (business_id, refund_id, payment_id, amount_minor, status, created_at)
    VALUES (:business_id, :refund_id, :payment_id, :amount_minor, 'pending', :now)
    ON CONFLICT DO NOTHING
    """
)


async def plan(
    connection: Connection,
    business_id: UUID,
    payment_id: UUID,
    refund_id: UUID,
    amount_minor: int,
    now: datetime,
) -> None:
    """Write down what is to be given back, before the provider hears of it."""
    await PLAN.run(
        connection,
        business_id=business_id,
        refund_id=refund_id,
        payment_id=payment_id,
        amount_minor=amount_minor,
        now=now,
    )


SET_STATUS = Statement(
    """
    UPDATE refund SET status = :status, problem = :problem
    WHERE business_id = :business_id AND refund_id = :refund_id AND status <> 'done'
    """
)


async def set_status(
    connection: Connection,
    business_id: UUID,
    refund_id: UUID,
    status: RefundStatus,
    problem: str | None = None,
) -> None:
    """Write what became of giving something back; done is done."""
    await SET_STATUS.run(
        connection,
        business_id=business_id,
        refund_id=refund_id,
        status=status.value,
        problem=problem,
    )
