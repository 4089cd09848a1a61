"""Refunds: what is to be given back, written down before the provider hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.payments.states import REFUND_TRANSITIONS, RefundStatus
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement


@dataclass(frozen=True, slots=True)
class Refund:
    """Something to be given back, or given back. `tries` is how often it failed, those before it
    included; `try_at` when the provider may be asked next, None if that is up to a person.
    """

    id: UUID
    amount_minor: int
    status: RefundStatus
    tries: int = 0
    try_at: datetime | None = None
    problem: str | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether the provider may be asked now."""
        return self.try_at is not None and self.try_at <= now

    def is_claimed(self, now: datetime) -> bool:
        """Whether somebody is asking the provider just now, or has died over it."""
        is_put_off = self.try_at is not None and self.try_at > now
        return self.status is RefundStatus.PENDING and is_put_off


OF_PAYMENT = Statement(
    """
    SELECT refund_id, amount_minor, status, tries, try_at, problem FROM refund
    WHERE business_id = :business_id AND payment_id = :payment_id ORDER BY created_at, refund_id
    """
)


async def of_payment(connection: Connection, business_id: UUID, payment_id: UUID) -> list[Refund]:
    """What is to be given back of an attempt, and what has been."""
    rows = await OF_PAYMENT.rows(connection, business_id=business_id, payment_id=payment_id)
    return [
        Refund(
            row["refund_id"],
            row["amount_minor"],
            RefundStatus(row["status"]),
            row["tries"],
            row["try_at"],
            row["problem"],
        )
        for row in rows
    ]


PLAN = Statement(
    """
    INSERT INTO refund (
        business_id, refund_id, payment_id, amount_minor, status, created_at, tries, try_at
    )
    VALUES (
        :business_id, :refund_id, :payment_id, :amount_minor, 'pending', :now, :tries, :try_at
    )
    ON CONFLICT DO NOTHING
    """
)


async def plan(
    connection: Connection, business_id: UUID, payment_id: UUID, refund: Refund, now: datetime
) -> None:
    """Write down what is to be given back, before the provider hears of it."""
    await PLAN.run(
        connection,
        business_id=business_id,
        refund_id=refund.id,
        payment_id=payment_id,
        amount_minor=refund.amount_minor,
        now=now,
        tries=refund.tries,
        try_at=refund.try_at,
    )


CLAIM = Statement(
    """
    UPDATE refund SET try_at = :until
    WHERE business_id = :business_id AND refund_id = ANY (:refund_ids) AND status = 'pending'
    """
)


async def claim(
    connection: Connection, business_id: UUID, refund_ids: Sequence[UUID], until: datetime
) -> None:
    """Keep others from asking the provider for these until then. The appointment is locked, and
    nobody else's claim was seen under the lock.
    """
    await CLAIM.run(connection, business_id=business_id, refund_ids=refund_ids, until=until)


SET_STATUS = Statement(
    """
    UPDATE refund SET status = :status, problem = :problem, try_at = :try_at,
        tries = tries + CASE WHEN :status = 'failed' THEN 1 ELSE 0 END
    WHERE business_id = :business_id AND refund_id = :refund_id AND status = ANY (:before::text[])
    """
)


async def set_status(
    connection: Connection,
    business_id: UUID,
    refund_id: UUID,
    status: RefundStatus,
    problem: str | None = None,
    try_at: datetime | None = None,
) -> bool:
    """Write what became of giving something back, if that may follow; whether it was news."""
    before = [one.value for one, after in REFUND_TRANSITIONS.items() if status in after]
    written = await SET_STATUS.run(
        connection,
        business_id=business_id,
        refund_id=refund_id,
        status=status.value,
        problem=problem,
        try_at=try_at,
        before=before,
    )
    return written == 1


TRY_NOW = Statement(
    """
    UPDATE refund SET try_at = :now
    WHERE business_id = :business_id AND refund_id = :refund_id AND status = 'failed'
    """
)


async def try_now(
    connection: Connection, business_id: UUID, refund_id: UUID, now: datetime
) -> bool:
    """Have one that failed asked for again; False if it didn't fail."""
    written = await TRY_NOW.run(connection, business_id=business_id, refund_id=refund_id, now=now)
    return written == 1


REQUEST = Statement(
    """
    INSERT INTO refund_request (business_id, appointment_id, key, amount_minor, keep_minor, at)
    VALUES (:business_id, :appointment_id, :key, :amount_minor, :keep_minor, :now)
    """
)


async def remember_request(
    connection: Connection,
    business_id: UUID,
    appointment_id: UUID,
    key: str,
    amount_minor: int | None,
    keep_minor: int,
    now: datetime,
) -> None:
    """Write down what a refund by hand was called. The appointment is locked."""
    await REQUEST.run(
        connection,
        business_id=business_id,
        appointment_id=appointment_id,
        key=key,
        amount_minor=amount_minor,
        keep_minor=keep_minor,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Request:
    """A refund that was asked for by hand, and what the business kept then."""

    amount_minor: int | None
    keep_minor: int
    at: datetime


REQUESTED = Statement(
    """
    SELECT amount_minor, keep_minor, at FROM refund_request
    WHERE business_id = :business_id AND appointment_id = :appointment_id AND key = :key
    """
)


async def requested(
    connection: Connection, business_id: UUID, appointment_id: UUID, key: str
) -> Request | None:
    """The refund by hand that was called so, if one was."""
    row = await REQUESTED.row(
        connection, business_id=business_id, appointment_id=appointment_id, key=key
    )
    return Request(row["amount_minor"], row["keep_minor"], row["at"]) if row else None
