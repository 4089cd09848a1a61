"""Claims: the rows that take somebody's time. This is the only module that inserts them, and that
says how they are deleted.

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

from bookonce.platform.connection import Connection

FAIRNESS_MARGIN = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Need:
    """Any one of some resources, for some times, buffers included. The times don't overlap."""

    candidate_ids: Sequence[UUID]
    times: Sequence[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Taking:
    """A wish for everything that one visit needs, the performer first, all of it or nothing.

    `day_*` is the visit's local day, for fairness. There is a claim id for each time of each need.
    """

    business_id: UUID
    appointment_id: UUID
    needs: Sequence[Need]
    claim_ids: Sequence[UUID]
    day_start: datetime
    day_end: datetime

    @property
    def is_simple(self) -> bool:
        """Whether it is one time of one person: nobody has to be chosen, nothing be complete."""
        return len(self.claim_ids) == 1 and len(self.needs[0].candidate_ids) == 1

    def parameters(self) -> tuple[Any, ...]:
        """$1 to $12 of every statement made with `taking`."""
        candidates = [(n, one) for n, need in enumerate(self.needs) for one in need.candidate_ids]
        times = [(n, low, high) for n, need in enumerate(self.needs) for low, high in need.times]
        return (
            self.business_id,
            self.appointment_id,
            [number for number, _ in candidates],
            [resource_id for _, resource_id in candidates],
            [number for number, _, _ in times],
            [low for _, low, _ in times],
            [high for _, _, high in times],
            self.claim_ids,
            self.day_start,
            self.day_end,
            min(self.day_start - FAIRNESS_MARGIN, *(low for _, low, _ in times)),
            max(self.day_end + FAIRNESS_MARGIN, *(high for _, _, high in times)),
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """Who performs, and which rooms and equipment are taken with them."""

    performer_id: UUID
    other_ids: tuple[UUID, ...] = ()

    @classmethod
    def of(cls, performer_id: UUID, resource_ids: Sequence[UUID]) -> Taken:
        """From everything that was claimed."""
        return cls(performer_id, tuple(one for one in resource_ids if one != performer_id))


# A statement must name all its parameters; the simple form has no use for these.
_SIMPLE = """
chosen AS (
    SELECT 0 AS need, ($4::uuid[])[1] AS resource_id,
           ($3::int[], $5::int[], $9::timestamptz, $10::timestamptz, $11::timestamptz,
            $12::timestamptz) AS unused
    FROM {condition}
),
taken AS (
    INSERT INTO claim (business_id, claim_id, resource_id, during, kind, appointment_id, expires_at)
    SELECT $1, ($8::uuid[])[1], chosen.resource_id,
           tstzrange(($6::timestamptz[])[1], ($7::timestamptz[])[1]), 'appointment', $2,
           {expires_at}
    FROM chosen
    ON CONFLICT DO NOTHING
    RETURNING resource_id
)"""

_CHOOSING = """
wanted AS (
    SELECT need, tstzrange(low, high) AS during
    FROM unnest($5::int[], $6::timestamptz[], $7::timestamptz[]) AS time (need, low, high)
),
chosen AS (
    SELECT DISTINCT ON (candidate.need) candidate.need, candidate.resource_id
    FROM {condition}
    CROSS JOIN unnest($3::int[], $4::uuid[])
        WITH ORDINALITY AS candidate (need, resource_id, position)
    CROSS JOIN LATERAL (
        SELECT range_agg(wanted.during) AS times FROM wanted WHERE wanted.need = candidate.need
    ) AS visit
    CROSS JOIN LATERAL (
        SELECT
            coalesce(bool_or(claim.during && visit.times), false) AS busy,
            coalesce(sum(upper(claim.during) - lower(claim.during)) FILTER (
                WHERE claim.kind = 'appointment' AND claim.during && tstzrange($9, $10)
            ), '0') AS day_load,
            coalesce(sum(upper(claim.during) - lower(claim.during)) FILTER (
                WHERE claim.kind = 'appointment'
            ), '0') AS around_load
        FROM claim
        WHERE claim.business_id = $1
          AND claim.resource_id = candidate.resource_id
          AND claim.during && tstzrange($11, $12)
          AND (claim.expires_at IS NULL OR claim.expires_at > {now})
    ) AS load
    WHERE NOT load.busy
    ORDER BY candidate.need, load.day_load, load.around_load, candidate.position
),
claimable AS (
    SELECT chosen.resource_id, wanted.during,
           row_number() OVER (ORDER BY chosen.resource_id, wanted.during) AS number
    FROM chosen JOIN wanted ON wanted.need = chosen.need
    WHERE (SELECT count(DISTINCT need) FROM wanted) = (SELECT count(*) FROM chosen)
),
taken AS (
    INSERT INTO claim (business_id, claim_id, resource_id, during, kind, appointment_id, expires_at)
    SELECT $1, ($8::uuid[])[number], resource_id, during, 'appointment', $2, {expires_at}
    FROM claimable
    ORDER BY number
    ON CONFLICT DO NOTHING
    RETURNING resource_id
)"""


def taking(*, simple: bool, condition: str, now: str, expires_at: str) -> str:
    """The pieces of a WITH query that take claims; `condition` is the FROM item that allows it,
    `now` and `expires_at` are parameters, such as "$31". `expires_at` is null for a claim for good.

    `chosen` is whom to ask. One person for one time is asked without looking. Otherwise it is, for
    each need, the fairest of those who look free: least booked on the day, then in the days around
    it, then in the business's order. Looking decides whom to ask, never whether they get it.
    `taken` are the claims that the guard let in; each waits for rivals that are writing the same
    time. They are asked for in the order of the resources' ids, so that two who want the same two
    things don't wait for each other. Some of them without the others are worth nothing: whoever
    uses the pieces undoes everything then.
    """
    form = _SIMPLE if simple else _CHOOSING
    return form.format(condition=condition, now=now, expires_at=expires_at).strip()


class PartlyTakenError(Exception):
    """A rival took a part of what was chosen; the transaction must be undone and tried again."""


async def take(connection: Connection, wish: Taking, now: datetime) -> Taken | None:
    """Take the claims of a visit inside a transaction; None if not all it needs is free.

    Raises PartlyTakenError if what looked free was taken meanwhile, in part or whole.
    """
    row = await connection.fetchrow(
        f"""
        WITH allowed AS (SELECT),
        {taking(simple=wish.is_simple, condition="allowed", now="$13", expires_at="NULL")}
        SELECT $13::timestamptz AS now,
               (SELECT array_agg(DISTINCT resource_id) FROM taken) AS resource_ids,
               (SELECT count(*) FROM taken) AS claims,
               (SELECT resource_id FROM chosen WHERE need = 0) AS performer_id,
               (SELECT count(*) FROM chosen) AS chosen
        """,
        *wish.parameters(),
        now,
    )
    assert row is not None
    if row["claims"] == len(wish.claim_ids):
        return Taken.of(row["performer_id"], row["resource_ids"])
    if row["claims"] or (row["chosen"] == len(wish.needs) and not wish.is_simple):
        raise PartlyTakenError
    return None


def releasing(condition: str) -> str:
    """The pieces of a WITH query that give claims of the business $1 back, and say whose.

    Every deletion of claims goes by these: what isn't written down, readers don't hear of.
    """
    return f"""
released AS (
    DELETE FROM claim WHERE business_id = $1 AND {condition} RETURNING resource_id
),
written_down AS (
    INSERT INTO claim_release (business_id, resource_id)
    SELECT DISTINCT $1::uuid, resource_id FROM released
    ON CONFLICT DO NOTHING
)""".strip()


async def release(connection: Connection, business_id: UUID, appointment_id: UUID) -> None:
    """Give back the time of an appointment."""
    await connection.execute(
        f"WITH {releasing('appointment_id = $2')} SELECT", business_id, appointment_id
    )


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
    row = await connection.fetchrow(
        f"""
        WITH {releasing("claim_id = $2 AND appointment_id IS NULL")}
        SELECT FROM released
        """,
        business_id,
        claim_id,
    )
    return row is not None


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
