"""Attempts to pay for appointments, and what providers have told of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bookonce.payments.states import LIVE, Payment, PaymentStatus
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement

_PAYMENT = """
    payment.payment_id, payment.appointment_id, payment.number, payment.provider,
    payment.provider_ref, payment.status, payment.amount_minor, payment.currency, payment.problem,
    payment.created_at, payment.account, payment.mode
"""


def _payment(row: Row) -> Payment:
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
        account=row["account"],
        mode=row["mode"],
    )


OF_APPOINTMENT = Statement(
    f"""
    SELECT {_PAYMENT} FROM payment
    WHERE business_id = :business_id AND appointment_id = :appointment_id
    ORDER BY number
    """
)


async def of_appointment(
    connection: Connection, business_id: UUID, appointment_id: UUID
) -> list[Payment]:
    """Every attempt to pay for an appointment, in order."""
    rows = await OF_APPOINTMENT.rows(
        connection, business_id=business_id, appointment_id=appointment_id
    )
    return [_payment(row) for row in rows]


START = Statement(
    """
    INSERT INTO payment (
        business_id, payment_id, appointment_id, number, provider, status, amount_minor,
        currency, created_at, account, mode
    )
    VALUES (
        :business_id, :payment_id, :appointment_id, :number, :provider, 'started', :amount_minor,
        :currency, :created_at, :account, :mode
    )
    ON CONFLICT DO NOTHING
    """
)


async def start(connection: Connection, business_id: UUID, payment: Payment) -> bool:
    """Write down an attempt before the provider hears of it; False if another one is under way."""
    written = await START.run(
        connection,
        business_id=business_id,
        payment_id=payment.id,
        appointment_id=payment.appointment_id,
        number=payment.number,
        provider=payment.provider,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        created_at=payment.created_at,
        account=payment.account,
        mode=payment.mode,
    )
    return written == 1


NAME = Statement(
    """
    UPDATE payment SET provider_ref = :provider_ref
    WHERE business_id = :business_id AND payment_id = :payment_id AND status = 'started'
      AND (provider_ref IS NULL OR provider_ref = :provider_ref)
    """
)


async def name(
    connection: Connection, business_id: UUID, payment_id: UUID, provider_ref: str
) -> bool:
    """Write down what the provider calls an attempt; False if it has been given up meanwhile."""
    written = await NAME.run(
        connection, business_id=business_id, payment_id=payment_id, provider_ref=provider_ref
    )
    return written == 1


GIVE_UP_UNNAMED = Statement(
    """
    UPDATE payment SET status = 'cancelled', problem = :problem
    WHERE business_id = :business_id AND payment_id = :payment_id AND status = 'started'
      AND provider_ref IS NULL
    """
)


async def give_up_unnamed(
    connection: Connection, business_id: UUID, payment_id: UUID, problem: str | None = None
) -> bool:
    """End an attempt that the provider may never have heard of: nothing was set aside for it."""
    written = await GIVE_UP_UNNAMED.run(
        connection, business_id=business_id, payment_id=payment_id, problem=problem
    )
    return written == 1


GIVE_UP = Statement(
    """
    UPDATE payment SET status = 'given_up', problem = coalesce(:problem, problem)
    WHERE business_id = :business_id AND payment_id = :payment_id AND status = 'started'
    """
)


async def give_up(
    connection: Connection, business_id: UUID, payment_id: UUID, problem: str | None = None
) -> bool:
    """From now on nothing can be confirmed by an attempt. The appointment is locked."""
    written = await GIVE_UP.run(
        connection, business_id=business_id, payment_id=payment_id, problem=problem
    )
    return written == 1


LOCK = Statement(
    """
    SELECT 1 AS one FROM payment
    WHERE business_id = :business_id AND payment_id = :payment_id FOR NO KEY UPDATE
    """
)


async def lock(connection: Connection, business_id: UUID, payment_id: UUID) -> None:
    """Hold an attempt. Its rivals are others who write down what the provider's books say."""
    await LOCK.row(connection, business_id=business_id, payment_id=payment_id)


SET_LOOKED = Statement(
    """
    UPDATE payment SET dispute = coalesce(:dispute, dispute), look_at = :look_at
    WHERE business_id = :business_id AND payment_id = :payment_id
    """
)


async def set_looked(
    connection: Connection,
    business_id: UUID,
    payment_id: UUID,
    dispute: str | None,
    look_at: datetime,
) -> None:
    """Write whether the payer's bank disputes a payment, and when to look at the books again."""
    await SET_LOOKED.run(
        connection,
        business_id=business_id,
        payment_id=payment_id,
        dispute=dispute,
        look_at=look_at,
    )


IS_LIVE = Statement(
    """
    SELECT status = ANY (:live::text[]) FROM payment
    WHERE business_id = :business_id AND payment_id = :payment_id
    """
)


async def is_live(connection: Connection, business_id: UUID, payment_id: UUID) -> bool:
    """Whether something may be confirmed by an attempt."""
    found: bool = await IS_LIVE.value(
        connection,
        business_id=business_id,
        payment_id=payment_id,
        live=[one.value for one in LIVE],
    )
    return found


SET_STATUS = Statement(
    """
    UPDATE payment SET status = :status, problem = coalesce(:problem, problem)
    WHERE business_id = :business_id AND payment_id = :payment_id
      AND (status = ANY (:before::text[])
           OR (status = :status AND problem IS DISTINCT FROM :problem))
    """
)


async def set_status(
    connection: Connection,
    business_id: UUID,
    payment_id: UUID,
    status: PaymentStatus,
    before: Sequence[PaymentStatus],
    problem: str | None,
) -> None:
    """Write where an attempt stands, if it stood where this may follow."""
    await SET_STATUS.run(
        connection,
        business_id=business_id,
        payment_id=payment_id,
        status=status.value,
        before=[one.value for one in before],
        problem=problem,
    )


SET_KEEP = Statement(
    """
    UPDATE appointment SET keep_minor = :keep_minor, sequence = sequence + 1
    WHERE business_id = :business_id AND appointment_id = :appointment_id
    """
)


async def set_keep(
    connection: Connection, business_id: UUID, appointment_id: UUID, keep_minor: int
) -> None:
    """Write what the business keeps of a deposit. The appointment is locked."""
    await SET_KEEP.run(
        connection, business_id=business_id, appointment_id=appointment_id, keep_minor=keep_minor
    )


COUNT = Statement("SELECT count(*) FROM payment WHERE business_id = :business_id")


async def count(connection: Connection, business_id: UUID) -> int:
    """How many attempts to pay there have been."""
    found: int = await COUNT.value(connection, business_id=business_id)
    return found


PAGE = Statement(
    f"""
    SELECT {_PAYMENT} FROM payment
    WHERE business_id = :business_id AND (:after::uuid IS NULL OR payment_id > :after)
    ORDER BY payment_id
    LIMIT 100
    """
)


async def page(connection: Connection, business_id: UUID, after: UUID | None) -> list[Payment]:
    """The next hundred attempts to pay, in the order of their ids."""
    rows = await PAGE.rows(connection, business_id=business_id, after=after)
    return [_payment(row) for row in rows]
