"""What reports count: visits by the day on which they begin. Amounts in minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement


@dataclass(frozen=True, slots=True)
class Totals:
    """A period in figures. `visits` were not cancelled or missed; `lead_h`: hours between the booking
    and the start, of half of them at most; None: there was none.
    """

    visits: int = 0
    cancelled: int = 0
    missed: int = 0
    lead_h: float | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a period: of a service, a person or a source, by key."""

    key: str
    visits: int
    minutes: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """A date by the business's clock."""

    day: date
    visits: int
    amount_minor: int


# Deposits that ran out and times that were only held are no visits.
_TOTALS = Statement(
    """
    SELECT count(*) FILTER (WHERE status IN ('confirmed', 'completed')) AS visits,
           count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
           count(*) FILTER (WHERE status = 'no_show') AS missed,
           percentile_cont(0.5) WITHIN GROUP (
               ORDER BY greatest(0, extract(epoch FROM starts_at - created_at)) / 3600
           ) FILTER (WHERE status IN ('confirmed', 'completed')) AS lead_h
    FROM appointment
    WHERE business_id = :business_id AND starts_at >= :first AND starts_at < :end
    """
)
_AMOUNTS = Statement(
    """
    SELECT currency, sum(price_minor)::bigint AS amount_minor FROM appointment
    WHERE business_id = :business_id AND starts_at >= :first AND starts_at < :end
      AND status IN ('confirmed', 'completed') AND price_minor IS NOT NULL
    GROUP BY currency ORDER BY currency
    """
)
_BY_DAY = Statement(
    """
    SELECT (starts_at AT TIME ZONE :zone)::date AS day, count(*) AS visits,
           coalesce(sum(price_minor) FILTER (WHERE currency = :currency), 0)::bigint AS amount_minor
    FROM appointment
    WHERE business_id = :business_id AND starts_at >= :first AND starts_at < :end
      AND status IN ('confirmed', 'completed')
    GROUP BY 1 ORDER BY 1
    """
)
_PARTS = """
    SELECT {key} AS key, count(DISTINCT appointment.appointment_id) AS visits,
           (sum(extract(epoch FROM part.ends_at - part.starts_at)) / 60)::bigint AS minutes,
           coalesce(sum(part.price_minor) FILTER (WHERE appointment.currency = :currency), 0)::bigint
               AS amount_minor
    FROM appointment
    JOIN appointment_part AS part ON part.business_id = :business_id
                                 AND part.appointment_id = appointment.appointment_id
    {join}
    WHERE appointment.business_id = :business_id
      AND appointment.starts_at >= :first AND appointment.starts_at < :end
      AND appointment.status IN ('confirmed', 'completed')
    GROUP BY 1 ORDER BY 2 DESC, 1
"""
_BY_SERVICE = Statement(
    _PARTS.format(
        key="service.key",
        join="""JOIN service ON service.business_id = :business_id
                 AND service.service_id = part.service_id""",
    )
)
_BY_STAFF = Statement(
    _PARTS.format(
        key="resource.key",
        join="""JOIN resource ON resource.business_id = :business_id
                 AND resource.resource_id = part.resource_id""",
    )
)
# Who wrote the first event of an appointment has booked it.
_BY_SOURCE = Statement(
    """
    SELECT coalesce(first.kind, 'system') AS key, count(*) AS visits, 0::bigint AS minutes,
           coalesce(sum(appointment.price_minor) FILTER (WHERE currency = :currency), 0)::bigint
               AS amount_minor
    FROM appointment
    LEFT JOIN LATERAL (
        SELECT event.actor ->> 'kind' AS kind FROM event
        WHERE event.business_id = :business_id
          AND event.appointment_id = appointment.appointment_id
        ORDER BY event.at, event.event_id LIMIT 1
    ) AS first ON true
    WHERE appointment.business_id = :business_id
      AND appointment.starts_at >= :first AND appointment.starts_at < :end
      AND appointment.status IN ('confirmed', 'completed')
    GROUP BY 1 ORDER BY 2 DESC, 1
    """
)


async def totals(
    connection: Connection, business_id: UUID, first: datetime, end: datetime
) -> Totals:
    """A period's figures."""
    row = await _TOTALS.row(connection, business_id=business_id, first=first, end=end)
    assert row is not None
    return Totals(row["visits"], row["cancelled"], row["missed"], row["lead_h"])


async def amounts(
    connection: Connection, business_id: UUID, first: datetime, end: datetime
) -> dict[str, int]:
    """The prices of a period's visits, by currency."""
    rows = await _AMOUNTS.rows(connection, business_id=business_id, first=first, end=end)
    return {row["currency"]: row["amount_minor"] for row in rows}


async def by_day(
    connection: Connection,
    business_id: UUID,
    first: datetime,
    end: datetime,
    zone: str,
    currency: str,
) -> list[DayCount]:
    """The dates on which there were visits."""
    rows = await _BY_DAY.rows(
        connection, business_id=business_id, first=first, end=end, zone=zone, currency=currency
    )
    return [DayCount(row["day"], row["visits"], row["amount_minor"]) for row in rows]


async def shares(
    connection: Connection, business_id: UUID, first: datetime, end: datetime, currency: str
) -> tuple[Sequence[Share], Sequence[Share], Sequence[Share]]:
    """A period by service, by person and by source."""
    found = []
    for statement in (_BY_SERVICE, _BY_STAFF, _BY_SOURCE):
        rows = await statement.rows(
            connection, business_id=business_id, first=first, end=end, currency=currency
        )
        found.append(
            [Share(row["key"], row["visits"], row["minutes"], row["amount_minor"]) for row in rows]
        )
    return found[0], found[1], found[2]
