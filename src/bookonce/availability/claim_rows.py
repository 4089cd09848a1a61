"""Claims: the rows that take somebody's time. Appointments take theirs here, `block_rows` takes the
others, `shift_rows` puts some elsewhere. Here it is said how they are deleted.

A claim is taken with ON CONFLICT DO NOTHING and a row count. A bare INSERT that waits for its
violation deadlocks under hot contention: 126 s instead of 1.8 s for 120 raced slots, measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.availability.demand import Allocation, Demand
from bookonce.availability.rise_rows import GIVEN_BACK, rise
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement, StatementOf

_SIMPLE = """
taken AS (
    INSERT INTO claim (business_id, claim_id, resource_id, during, kind, appointment_id, expires_at)
    SELECT :business_id, :claim_id::uuid, :resource_id::uuid,
           tstzrange(:claim_start::timestamptz, :claim_end::timestamptz), 'appointment',
           :appointment_id, {expires_at}
    FROM {condition}
    ON CONFLICT DO NOTHING
    RETURNING resource_id
)"""

_CHOOSING = """
wanted AS (
    SELECT time.need, need_plan.plan, range_agg(tstzrange(time.low, time.high)) AS times
    FROM unnest(:time_needs::int[], :time_starts::timestamptz[], :time_ends::timestamptz[])
        AS time (need, low, high)
    JOIN unnest(:need_plans::int[]) WITH ORDINALITY AS need_plan (plan, number)
        ON need_plan.number = time.need + 1
    GROUP BY time.need, need_plan.plan
),
candidate AS (
    SELECT need, resource_id, position
    FROM unnest(:candidate_needs::int[], :candidate_ids::uuid[])
        WITH ORDINALITY AS candidate (need, resource_id, position)
),
looked_at AS MATERIALIZED (
    SELECT asked.resource_id, load.claimed, load.day_load, load.around_load
    FROM {condition}
    CROSS JOIN (SELECT DISTINCT resource_id FROM candidate) AS asked
    CROSS JOIN LATERAL (
        SELECT
            range_agg(claim.during) FILTER (
                WHERE claim.during && tstzrange(:needed_start, :needed_end)
            ) AS claimed,
            coalesce(sum(upper(claim.during) - lower(claim.during)) FILTER (
                WHERE claim.kind = 'appointment'
                  AND claim.during && tstzrange(:day_start, :day_end)
            ), '0') AS day_load,
            coalesce(sum(upper(claim.during) - lower(claim.during)) FILTER (
                WHERE claim.kind = 'appointment'
            ), '0') AS around_load
        FROM claim
        WHERE claim.business_id = :business_id
          AND claim.resource_id = asked.resource_id
          AND claim.during && tstzrange(:around_start, :around_end)
          AND (claim.expires_at IS NULL OR claim.expires_at > :now)
    ) AS load
),
free AS (
    SELECT DISTINCT ON (candidate.need)
           candidate.need, wanted.plan, candidate.resource_id, wanted.times
    FROM candidate
    JOIN wanted ON wanted.need = candidate.need
    JOIN looked_at ON looked_at.resource_id = candidate.resource_id
    WHERE NOT coalesce(looked_at.claimed && wanted.times, false)
    ORDER BY candidate.need, looked_at.day_load, looked_at.around_load, candidate.position
),
chosen AS (
    SELECT free.need, free.resource_id, free.times
    FROM free
    WHERE free.plan = (
        SELECT min(complete.plan) FROM (
            SELECT wanted.plan
            FROM wanted LEFT JOIN free ON free.need = wanted.need
            GROUP BY wanted.plan
            HAVING count(*) = count(free.need)
        ) AS complete
    )
),
performing AS (
    SELECT performed.part, chosen.resource_id
    FROM chosen
    JOIN unnest(:performing_needs::int[], :performed_parts::int[]) AS performed (need, part)
        ON performed.need = chosen.need
),
claimable AS (
    SELECT whole.resource_id, whole.during,
           row_number() OVER (ORDER BY whole.resource_id, whole.during) AS number
    FROM (
        SELECT chosen.resource_id, unnest(range_agg(chosen.times)) AS during
        FROM chosen GROUP BY chosen.resource_id
    ) AS whole
),
taken AS (
    INSERT INTO claim (business_id, claim_id, resource_id, during, kind, appointment_id, expires_at)
    SELECT :business_id, (:claim_ids::uuid[])[number], resource_id, during, 'appointment',
           :appointment_id, {expires_at}
    FROM claimable
    ORDER BY number
    ON CONFLICT DO NOTHING
    RETURNING resource_id
)"""


def allocating(*, simple: bool, condition: str, expires_at: str) -> str:
    """The pieces of a WITH query that take the claims of a `Demand`, as of `:now`; `condition` is
    the FROM item that allows it. `expires_at` is null for a claim for good.

    One person for one time is asked without looking. Otherwise `chosen` is whom to ask: for each
    need of the first plan that can be had, the fairest of those who look free: least booked on the
    day, then in the days around it, then in the business's order. Looking decides whom to ask, never
    whether they get it. `claimable` are the claims to take: times of one resource that touch are
    one. `performing` says who performs which part. `taken` are the claims that the guard let in; each waits for rivals that are
    writing the same time. They are asked for in the order of the resources' ids, so that two who
    want the same two things don't wait for each other. Some of them without the others are worth
    nothing: whoever uses the pieces undoes everything then.
    """
    form = _SIMPLE if simple else _CHOOSING
    return form.format(condition=condition, expires_at=expires_at).strip()


def complete(*, simple: bool) -> str:
    """The condition that everything that was asked for was taken."""
    if simple:
        return "EXISTS (SELECT 1 FROM taken)"
    return """EXISTS (SELECT 1 FROM claimable)
        AND (SELECT count(*) FROM taken) = (SELECT count(*) FROM claimable)"""


class PartlyTakenError(Exception):
    """A rival took a part of what was chosen; the transaction must be undone and tried again."""


@dataclass(frozen=True, slots=True)
class _Taking:
    demand: Demand
    now: datetime


_TAKE_SIMPLE = StatementOf(
    f"""
    WITH allowed AS (SELECT 1 AS one),
    {allocating(simple=True, condition="allowed", expires_at="NULL")}
    SELECT {complete(simple=True)} AS is_complete
    """,
    _Taking,
)
_TAKE_CHOOSING = StatementOf(
    f"""
    WITH allowed AS (SELECT 1 AS one),
    {allocating(simple=False, condition="allowed", expires_at="NULL")}
    SELECT {complete(simple=False)} AS is_complete,
           EXISTS (SELECT 1 FROM claimable) AS looked_free,
           EXISTS (SELECT 1 FROM taken) AS is_begun,
           ARRAY(SELECT DISTINCT resource_id FROM taken) AS resource_ids,
           ARRAY(SELECT resource_id FROM performing ORDER BY part) AS performer_ids
    """,
    _Taking,
)


async def take(connection: Connection, demand: Demand, now: datetime) -> Allocation | None:
    """Take the claims of a visit inside a transaction; None if not all it needs is free.

    Raises PartlyTakenError if what looked free was taken meanwhile, in part or whole.
    """
    if demand.is_simple:
        row = await _TAKE_SIMPLE.row(connection, _Taking(demand, now))
        assert row is not None
        return Allocation.simple(demand) if row["is_complete"] else None
    row = await _TAKE_CHOOSING.row(connection, _Taking(demand, now))
    assert row is not None
    if row["is_complete"]:
        return Allocation.of(row["performer_ids"], row["resource_ids"])
    if row["is_begun"] or row["looked_free"]:
        raise PartlyTakenError
    return None


def releasing(condition: str) -> str:
    """The pieces of a WITH query that give claims of a business back, and say whose.

    Every deletion of claims goes by these: what isn't written down, readers don't hear of. Whoever
    uses them returns `GIVEN_BACK`, too, and calls `rise` with it in the same transaction.
    """
    return f"""
released AS (
    DELETE FROM claim WHERE business_id = :business_id AND {condition}
    RETURNING resource_id, during, is_below
),
written_down AS (
    INSERT INTO claim_release (business_id, resource_id)
    SELECT DISTINCT :business_id::uuid, resource_id FROM released
    ON CONFLICT DO NOTHING
)""".strip()


_RELEASE = Statement(f"WITH {releasing('appointment_id = :appointment_id')} SELECT {GIVEN_BACK}")


async def release(connection: Connection, business_id: UUID, appointment_id: UUID) -> None:
    """Give back the time of an appointment, inside a transaction."""
    given_back = await _RELEASE.value(
        connection, business_id=business_id, appointment_id=appointment_id
    )
    await rise(connection, business_id, given_back)
