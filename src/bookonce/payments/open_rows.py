"""Whose money somebody has to look after: what is under way, to be given back, or too much."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

SURPLUS = """
    SELECT payment.business_id, payment.appointment_id, payment.payment_id, payment.currency,
           payment.created_at, had.minor - held_back.minor - due.minor AS surplus_minor
    FROM appointment
    JOIN payment ON payment.business_id = appointment.business_id
                AND payment.appointment_id = appointment.appointment_id
                AND payment.status = 'captured'
    CROSS JOIN LATERAL (
        SELECT coalesce(appointment.keep_minor,
                        CASE WHEN appointment.status IN ('held', 'expired', 'cancelled') THEN 0
                             ELSE appointment.deposit_minor END) AS minor
    ) AS due
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(CASE ledger_entry.kind WHEN 'captured' THEN ledger_entry.amount_minor
                                                   ELSE -ledger_entry.amount_minor END), 0)
                   ::bigint AS minor
        FROM ledger_entry
        WHERE ledger_entry.business_id = payment.business_id
          AND ledger_entry.payment_id = payment.payment_id
          AND ledger_entry.kind IN ('captured', 'refunded', 'disputed')
    ) AS had
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(refund.amount_minor), 0)::bigint AS minor
        FROM refund
        WHERE refund.business_id = payment.business_id AND refund.payment_id = payment.payment_id
          AND refund.status IN ('pending', 'failed')
    ) AS held_back
    WHERE appointment.deposit_minor IS NOT NULL
      AND (appointment.keep_minor IS NOT NULL
           OR appointment.status IN ('held', 'expired', 'cancelled'))
      AND had.minor - held_back.minor > due.minor
"""
"""Payments of which more was captured than the business is due, and no refund is planned for it: by
our own rows alone, whatever became of the job that was to see to it."""

UNFINISHED = Statement(
    f"""
    SELECT business_id, appointment_id FROM (
        SELECT business_id, appointment_id FROM payment
        WHERE status IN ('started', 'authorised', 'given_up') AND created_at < :older_than
        UNION ALL
        SELECT payment.business_id, payment.appointment_id
        FROM refund JOIN payment ON payment.business_id = refund.business_id
                                AND payment.payment_id = refund.payment_id
        WHERE refund.status IN ('pending', 'failed') AND refund.created_at < :older_than
          AND refund.try_at <= :now
        UNION ALL
        SELECT business_id, appointment_id FROM ({SURPLUS}) AS surplus
    ) AS unfinished
    GROUP BY business_id, appointment_id
    ORDER BY random()
    LIMIT :limit
    """
)


async def unfinished(
    connection: Connection, older_than: datetime, now: datetime, limit: int
) -> list[tuple[UUID, UUID]]:
    """Business and appointment of what nobody seems to be at: attempts under way and refunds to be
    made, begun before an instant, and payments of which too much was kept. Any of them, if there
    are more than the limit: what can't be settled for long must not keep the others from it.
    """
    rows = await UNFINISHED.rows(connection, older_than=older_than, now=now, limit=limit)
    return [(row["business_id"], row["appointment_id"]) for row in rows]


TO_LOOK_AT = Statement(
    """
    SELECT business_id, appointment_id FROM payment
    WHERE status = 'captured' AND created_at > :younger_than
      AND (look_at IS NULL OR look_at <= :now) AND provider <> ALL (:without_books::text[])
    ORDER BY look_at NULLS FIRST
    LIMIT :limit
    """
)


async def to_look_at(
    connection: Connection,
    younger_than: datetime,
    now: datetime,
    without_books: Sequence[str],
    limit: int,
) -> list[tuple[UUID, UUID]]:
    """Business and appointment of captured payments whose provider's books haven't been looked at
    for long: no message tells of what was done there, if none is sent.
    """
    rows = await TO_LOOK_AT.rows(
        connection,
        younger_than=younger_than,
        now=now,
        without_books=without_books,
        limit=limit,
    )
    return [(row["business_id"], row["appointment_id"]) for row in rows]


LOOK_LATER = Statement(
    """
    UPDATE payment SET look_at = :look_at
    WHERE business_id = :business_id AND appointment_id = :appointment_id AND status = 'captured'
    """
)


async def look_later(
    connection: Connection, business_id: UUID, appointment_id: UUID, look_at: datetime
) -> None:
    """Put off what can't be looked at now, so that it keeps no other from being looked at."""
    await LOOK_LATER.run(
        connection, business_id=business_id, appointment_id=appointment_id, look_at=look_at
    )
