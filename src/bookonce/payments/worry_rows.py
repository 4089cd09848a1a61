"""What an operator has to know of payments: money to look at, and deposits that nobody can pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.payments.open_rows import SURPLUS
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement


@dataclass(frozen=True, slots=True)
class Worry:
    """Money that somebody has to look at: what is wrong, for which appointment, since when; how much
    it is, and who is waiting for it.
    """

    what: str
    business_id: UUID
    appointment_id: UUID
    since: datetime
    problem: str | None
    amount_minor: int
    currency: str
    client_name: str
    client_email: str


WORRIES = Statement(
    f"""
    WITH surplus AS MATERIALIZED ({SURPLUS}),
    worry AS (
        SELECT CASE WHEN refund.status = 'failed' THEN 'the provider refuses to give it back'
                    ELSE 'not given back yet' END AS what,
               refund.business_id, payment.appointment_id, refund.created_at AS since,
               refund.problem, refund.amount_minor
        FROM refund JOIN payment ON payment.business_id = refund.business_id
                                AND payment.payment_id = refund.payment_id
        WHERE refund.status = 'failed'
           OR (refund.status = 'pending' AND refund.created_at < :older_than)
        UNION ALL
        SELECT 'more was taken than is due', surplus.business_id, surplus.appointment_id,
               coalesce(latest.at, surplus.created_at), NULL, surplus.surplus_minor
        FROM surplus CROSS JOIN LATERAL (
            SELECT max(event.at) AS at FROM event
            WHERE event.business_id = surplus.business_id
              AND event.appointment_id = surplus.appointment_id
              AND event.kind IN ('appointment.cancelled', 'appointment.expired',
                                 'refund.requested')
        ) AS latest
        WHERE coalesce(latest.at, surplus.created_at) < :older_than
        UNION ALL
        SELECT 'the bank disputes it: answer at the provider', business_id, appointment_id,
               created_at, problem, amount_minor
        FROM payment WHERE dispute = 'open'
        UNION ALL
        SELECT 'set aside, but not taken yet', business_id, appointment_id, created_at, problem,
               amount_minor
        FROM payment WHERE status = 'authorised' AND created_at < :older_than
        UNION ALL
        SELECT 'confirmed, but the money is gone', payment.business_id, payment.appointment_id,
               payment.created_at, payment.problem, payment.amount_minor
        FROM payment JOIN appointment ON appointment.business_id = payment.business_id
                                     AND appointment.appointment_id = payment.appointment_id
        WHERE payment.status IN ('cancelled', 'declined') AND appointment.status = 'confirmed'
          AND appointment.keep_minor IS NULL
          AND NOT EXISTS (
            SELECT 1 AS one FROM payment AS other
            WHERE other.business_id = payment.business_id
              AND other.appointment_id = payment.appointment_id
              AND other.status IN ('started', 'authorised', 'captured'))
    )
    SELECT worry.what, worry.business_id, worry.appointment_id, worry.since, worry.problem,
           worry.amount_minor, appointment.currency, appointment.client_name, client.email
    FROM worry
    JOIN appointment ON appointment.business_id = worry.business_id
                    AND appointment.appointment_id = worry.appointment_id
    JOIN client ON client.business_id = appointment.business_id
               AND client.client_id = appointment.client_id
    ORDER BY worry.since
    LIMIT :limit
    """
)


async def worries(connection: Connection, older_than: datetime, limit: int) -> list[Worry]:
    """What should have been seen to by an instant and wasn't; oldest first."""
    rows = await WORRIES.rows(connection, older_than=older_than, limit=limit)
    return [Worry(*row.values()) for row in rows]


UNPAYABLE = Statement(
    """
    SELECT current_slug
    FROM business
    JOIN business_version ON business_version.business_id = business.business_id
                         AND business_version.version = business.version
    WHERE document @? '$.service[*].deposit'
      AND coalesce(document #>> '{payments,provider}', 'stripe') <> ALL (:providers::text[])
    ORDER BY current_slug
    LIMIT 10
    """
)


async def unpayable(connection: Connection, providers: Sequence[str]) -> list[str]:
    """The addresses of businesses that ask for deposits by a provider that isn't there."""
    rows = await UNPAYABLE.rows(connection, providers=providers)
    return [row["current_slug"] for row in rows]
