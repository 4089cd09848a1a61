"""Claims: the rows that take somebody's time. This is the only module that inserts them.

A claim is taken with ON CONFLICT DO NOTHING and a row count. A bare INSERT that waits for its
violation deadlocks under hot contention: 126 s instead of 1.8 s for 120 raced slots, measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg import Range

from bookonce.core.hours import Interval
from bookonce.store.database import Connection

FAIRNESS_MARGIN = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Taking:
    """A wish for one performer's time: who may be asked, when, and for which appointment.

    `during_*` includes the buffers. `day_*` is the visit's local day, for fairness.
    """

    business_id: UUID
    performer_ids: Sequence[UUID]
    during_start: datetime
    during_end: datetime
    day_start: datetime
    day_end: datetime
    claim_id: UUID
    appointment_id: UUID

    def parameters(self) -> tuple[Any, ...]:
        """$1 to $10 of every statement made with `taking`."""
        return (
            self.business_id,
            self.performer_ids,
            self.during_start,
            self.during_end,
            self.day_start,
            self.day_end,
            min(self.during_start, self.day_start - FAIRNESS_MARGIN),
            max(self.during_end, self.day_end + FAIRNESS_MARGIN),
            self.claim_id,
            self.appointment_id,
        )


def taking(performers: int, condition: str) -> str:
    """The pieces of a WITH query that take a claim; `condition` is the FROM item that allows it.

    `chosen` is whom to ask. One named person is asked without looking; among several it is the
    fairest of those who look free: least booked on the day, then in the days around it, then in
    the business's order. Looking decides whom to ask, never whether they get it. `taken` is the
    claim, if the guard let it in; it waits for rivals that are writing the same time.
    """
    one = f"chosen AS (SELECT ($2::uuid[])[1] AS resource_id FROM {condition})"
    fairest = f"""
chosen AS (
    SELECT performer.resource_id
    FROM {condition}
    CROSS JOIN unnest($2::uuid[]) WITH ORDINALITY AS performer (resource_id, position)
    CROSS JOIN LATERAL (
        SELECT
            coalesce(bool_or(claim.during && tstzrange($3, $4)), false) AS busy,
            coalesce(sum(upper(claim.during) - lower(claim.during)) FILTER (
                WHERE claim.kind = 'appointment' AND claim.during && tstzrange($5, $6)
            ), '0') AS day_load,
            coalesce(sum(upper(claim.during) - lower(claim.during)) FILTER (
                WHERE claim.kind = 'appointment'
            ), '0') AS around_load
        FROM claim
        WHERE claim.business_id = $1
          AND claim.resource_id = performer.resource_id
          AND claim.during && tstzrange($7, $8)
    ) AS load
    WHERE NOT load.busy
    ORDER BY load.day_load, load.around_load, performer.position
    LIMIT 1
)"""
    # A statement must name all its parameters; the single form has no use for the day.
    unused = ", ($5::timestamptz, $6::timestamptz, $7::timestamptz, $8::timestamptz) AS unused"
    if performers == 1:
        one = one.replace(" AS resource_id", f" AS resource_id{unused}")
    return f"""{one if performers == 1 else fairest},
taken AS (
    INSERT INTO claim (business_id, claim_id, resource_id, during, kind, appointment_id)
    SELECT $1, $9, chosen.resource_id, tstzrange($3, $4), 'appointment', $10
    FROM chosen
    ON CONFLICT DO NOTHING
    RETURNING resource_id
)"""


async def take(connection: Connection, wish: Taking) -> tuple[UUID | None, bool]:
    """Take one claim inside a transaction: who gives their time, and whether to ask again.

    Asking again makes sense when the one who looked free was taken meanwhile and others are left.
    """
    row = await connection.fetchrow(
        f"""
        WITH allowed AS (SELECT),
        {taking(len(wish.performer_ids), "allowed")}
        SELECT (SELECT resource_id FROM taken) AS resource_id,
               EXISTS (SELECT FROM chosen) AS asked
        """,
        *wish.parameters(),
    )
    assert row is not None
    lost_race = row["resource_id"] is None and row["asked"] and len(wish.performer_ids) > 1
    return row["resource_id"], lost_race


async def release(connection: Connection, business_id: UUID, appointment_id: UUID) -> None:
    """Give back the time of an appointment."""
    await connection.execute(
        "DELETE FROM claim WHERE business_id = $1 AND appointment_id = $2",
        business_id,
        appointment_id,
    )


async def busy(
    connection: Connection,
    business_id: UUID,
    resource_ids: Sequence[UUID],
    start: datetime,
    end: datetime,
    released: UUID | None = None,
) -> tuple[int | None, dict[UUID, list[Interval]]]:
    """The claims of resources that touch a time, in seconds, and the business's version.

    One statement, so both are of one moment; one index scan a resource. The claims of the
    appointment `released` are read as given back.
    """
    rows = await connection.fetch(
        """
        SELECT business.version, resource_id, busy.starts_s, busy.ends_s
        FROM business
        LEFT JOIN unnest($2::uuid[]) AS resource (resource_id) ON true
        CROSS JOIN LATERAL (
            SELECT array_agg(floor(extract(epoch FROM lower(claim.during)))::bigint) AS starts_s,
                   array_agg(ceil(extract(epoch FROM upper(claim.during)))::bigint) AS ends_s
            FROM claim
            WHERE claim.business_id = $1
              AND claim.resource_id = resource.resource_id
              AND claim.during && tstzrange($3, $4)
              AND ($5::uuid IS NULL OR claim.appointment_id IS DISTINCT FROM $5)
        ) AS busy
        WHERE business.business_id = $1
        """,
        business_id,
        resource_ids,
        start,
        end,
        released,
    )
    version = rows[0]["version"] if rows else None
    return version, {
        row["resource_id"]: list(zip(row["starts_s"] or (), row["ends_s"] or (), strict=True))
        for row in rows
    }


async def block(
    connection: Connection,
    business_id: UUID,
    claim_id: UUID,
    resource_id: UUID,
    during: Range[datetime],
    kind: str,
    reason: str | None,
) -> bool:
    """Take time without an appointment; False if a claim is in the way."""
    status = await connection.execute(
        """
        INSERT INTO claim (business_id, claim_id, resource_id, during, kind, reason)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING
        """,
        business_id,
        claim_id,
        resource_id,
        during,
        kind,
        reason,
    )
    return bool(status == "INSERT 0 1")


async def exists(connection: Connection, business_id: UUID, claim_id: UUID) -> bool:
    """Whether a claim is there."""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM claim WHERE business_id = $1 AND claim_id = $2)",
            business_id,
            claim_id,
        )
    )


async def remove(connection: Connection, business_id: UUID, claim_id: UUID) -> bool:
    """Give back blocked time; False if there is no such block."""
    status = await connection.execute(
        """
        DELETE FROM claim
        WHERE business_id = $1 AND claim_id = $2 AND appointment_id IS NULL
        """,
        business_id,
        claim_id,
    )
    return bool(status == "DELETE 1")


async def in_the_way(
    connection: Connection, business_id: UUID, resource_id: UUID, during: Range[datetime]
) -> list[dict[str, Any]]:
    """The claims that overlap a time, with the appointment's particulars where there is one."""
    rows = await connection.fetch(
        """
        SELECT claim.kind, claim.reason, lower(claim.during) AS start, upper(claim.during) AS "end",
               claim.appointment_id, appointment.client_name, service.name AS service
        FROM claim
        LEFT JOIN appointment ON appointment.business_id = claim.business_id
                             AND appointment.appointment_id = claim.appointment_id
        LEFT JOIN service ON service.business_id = appointment.business_id
                         AND service.service_id = appointment.service_id
        WHERE claim.business_id = $1 AND claim.resource_id = $2 AND claim.during && $3
        ORDER BY lower(claim.during)
        """,
        business_id,
        resource_id,
        during,
    )
    return [dict(row) for row in rows]


async def time_off(connection: Connection, business_id: UUID) -> list[asyncpg.Record]:
    """Every absence of the business's staff: claim_id, resource_id, during, reason."""
    return await connection.fetch(
        """
        SELECT claim_id, resource_id, during, reason
        FROM claim
        WHERE business_id = $1 AND kind = 'time_off'
        ORDER BY resource_id, lower(during)
        """,
        business_id,
    )
