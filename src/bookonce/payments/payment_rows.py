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
    payment.created_at
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


APPOINTMENT_OF = Statement(
    """
    SELECT appointment_id FROM payment
    WHERE business_id = :business_id AND payment_id = :payment_id
    """
)


async def appointment_of(
    connection: Connection, business_id: UUID, payment_id: UUID
) -> UUID | None:
    """What an attempt is to pay for."""
    appointment_id: UUID | None = await APPOINTMENT_OF.value(
        connection, business_id=business_id, payment_id=payment_id
    )
    return appointment_id


START = Statement(
    """
    INSERT INTO payment (
        business_id, payment_id, appointment_id, number, provider, status, amount_minor,
        currency, created_at
    )
    VALUES (
        :business_id, :payment_id, :appointment_id, :number, :provider, 'started', :amount_minor,
        :currency, :created_at
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
    UPDATE payment SET status = 'cancelled'
    WHERE business_id = :business_id AND payment_id = :payment_id AND status = 'started'
      AND provider_ref IS NULL
    """
)


async def give_up_unnamed(connection: Connection, business_id: UUID, payment_id: UUID) -> bool:
    """End an attempt that the provider may never have heard of: nothing was set aside for it."""
    written = await GIVE_UP_UNNAMED.run(connection, business_id=business_id, payment_id=payment_id)
    return written == 1


GIVE_UP = Statement(
    """
    UPDATE payment SET status = 'given_up'
    WHERE business_id = :business_id AND payment_id = :payment_id AND status = 'started'
    """
)


async def give_up(connection: Connection, business_id: UUID, payment_id: UUID) -> None:
    """From now on nothing can be confirmed by an attempt. The appointment is locked."""
    await GIVE_UP.run(connection, business_id=business_id, payment_id=payment_id)


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


HEAR = Statement(
    """
    INSERT INTO provider_event (business_id, provider, event_ref, received_at)
    VALUES (:business_id, :provider, :event_ref, :now) ON CONFLICT DO NOTHING
    """
)


async def hear(
    connection: Connection, business_id: UUID, provider: str, event_ref: str, now: datetime
) -> bool:
    """Write down that a provider's message was heard; False if it was before."""
    written = await HEAR.run(
        connection, business_id=business_id, provider=provider, event_ref=event_ref, now=now
    )
    return written == 1


UNFINISHED = Statement(
    """
    SELECT business_id, appointment_id FROM (
        SELECT business_id, appointment_id, created_at FROM payment
        WHERE status IN ('started', 'authorised', 'given_up') AND created_at < :older_than
        UNION ALL
        SELECT payment.business_id, payment.appointment_id, refund.created_at
        FROM refund JOIN payment ON payment.business_id = refund.business_id
                                AND payment.payment_id = refund.payment_id
        WHERE refund.status = 'pending' AND refund.created_at < :older_than
    ) AS unfinished
    GROUP BY business_id, appointment_id
    ORDER BY random()
    LIMIT :limit
    """
)


async def unfinished(
    connection: Connection, older_than: datetime, limit: int
) -> list[tuple[UUID, UUID]]:
    """Business and appointment of what nobody seems to be at: attempts under way and refunds to be
    made, begun before an instant. Any of them, if there are more than the limit: what can't be
    settled for long must not keep the others from it.
    """
    rows = await UNFINISHED.rows(connection, older_than=older_than, limit=limit)
    return [(row["business_id"], row["appointment_id"]) for row in rows]


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
