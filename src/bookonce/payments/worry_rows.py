"""What an operator has to know of payments: money to look at, and deposits that nobody can pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection


@dataclass(frozen=True, slots=True)
class Worry:
    """Money that somebody has to look at: what is wrong, for which appointment, since when."""

    what: str
    business_id: UUID
    appointment_id: UUID
    since: datetime
    problem: str | None


async def worries(connection: Connection, older_than: datetime, limit: int) -> list[Worry]:
    """What should have been seen to by an instant and wasn't; oldest first."""
    rows = await connection.fetch(
        """
        SELECT * FROM (
            SELECT CASE refund.status WHEN 'failed' THEN 'the provider refuses to give it back'
                                      ELSE 'not given back yet' END AS what,
                   refund.business_id, payment.appointment_id, refund.created_at AS since,
                   refund.problem
            FROM refund JOIN payment ON payment.business_id = refund.business_id
                                    AND payment.payment_id = refund.payment_id
            WHERE refund.status = 'failed' OR (refund.status = 'pending' AND refund.created_at < $1)
            UNION ALL
            SELECT 'set aside, but not taken yet', business_id, appointment_id, created_at, problem
            FROM payment WHERE status = 'authorised' AND created_at < $1
            UNION ALL
            SELECT 'confirmed, but the money is gone', payment.business_id, payment.appointment_id,
                   payment.created_at, payment.problem
            FROM payment JOIN appointment ON appointment.business_id = payment.business_id
                                         AND appointment.appointment_id = payment.appointment_id
            WHERE payment.status IN ('cancelled', 'declined') AND appointment.status = 'confirmed'
              AND appointment.keep_minor IS NULL
              AND NOT EXISTS (
                SELECT FROM payment AS other
                WHERE other.business_id = payment.business_id
                  AND other.appointment_id = payment.appointment_id
                  AND other.status IN ('started', 'authorised', 'captured'))
        ) AS worry
        ORDER BY since
        LIMIT $2
        """,
        older_than,
        limit,
    )
    return [Worry(*row.values()) for row in rows]


async def unpayable(connection: Connection, providers: Sequence[str]) -> list[str]:
    """The addresses of businesses that ask for deposits by a provider that isn't there."""
    rows = await connection.fetch(
        """
        SELECT current_slug
        FROM business
        JOIN business_version ON business_version.business_id = business.business_id
                             AND business_version.version = business.version
        WHERE document @? '$.service[*].deposit'
          AND coalesce(document #>> '{payments,provider}', 'stripe') <> ALL ($1::text[])
        ORDER BY current_slug
        LIMIT 10
        """,
        providers,
    )
    return [row["current_slug"] for row in rows]
