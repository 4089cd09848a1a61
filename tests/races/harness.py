"""What every race shares: a start line, and a judge that doesn't use the constraint."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")

OVERLAPS = """
SELECT a.claim_id, b.claim_id
FROM claim AS a
JOIN claim AS b ON a.business_id = b.business_id AND a.resource_id = b.resource_id
               AND a.claim_id < b.claim_id
               AND lower(a.during) < upper(b.during) AND lower(b.during) < upper(a.during)
"""

DISAGREEMENTS = {
    "a confirmed appointment without the claims of its performer and time": """
        SELECT appointment_id
        FROM appointment JOIN service USING (business_id, service_id)
        CROSS JOIN LATERAL (
            SELECT count(*) AS claims,
                   coalesce(bool_and(
                       lower(claim.during) <= appointment.starts_at
                       AND upper(claim.during) >= appointment.ends_at), false) AS cover_it,
                   coalesce(bool_and(
                       claim.during && tstzrange(appointment.starts_at, appointment.ends_at)
                   ), false) AS touch_it
            FROM claim
            WHERE claim.business_id = appointment.business_id
              AND claim.appointment_id = appointment.appointment_id
              AND claim.resource_id = appointment.resource_id
        ) AS performer
        WHERE status = 'confirmed' AND NOT CASE
            WHEN service.phases = '[]' THEN performer.claims = 1 AND performer.cover_it
            ELSE performer.touch_it END
    """,
    "a confirmed appointment without one of each kind that it needs, for all of its time": """
        SELECT appointment_id
        FROM appointment JOIN service USING (business_id, service_id)
        WHERE status = 'confirmed' AND ARRAY(SELECT unnest(needs) ORDER BY 1) <> ARRAY(
            SELECT resource.kind
            FROM claim JOIN resource USING (business_id, resource_id)
            WHERE claim.business_id = appointment.business_id
              AND claim.appointment_id = appointment.appointment_id
              AND resource.kind <> 'staff'
              AND lower(claim.during) <= appointment.starts_at
              AND upper(claim.during) >= appointment.ends_at
            ORDER BY 1)
    """,
    "a claim of an appointment that isn't confirmed": """
        SELECT claim_id FROM claim JOIN appointment USING (business_id, appointment_id)
        WHERE appointment.status <> 'confirmed'
    """,
    "an appointment without exactly one event of its booking": """
        SELECT appointment_id FROM appointment
        WHERE 1 <> (SELECT count(*) FROM event
                    WHERE event.business_id = appointment.business_id
                      AND event.appointment_id = appointment.appointment_id
                      AND event.kind = 'appointment.booked')
    """,
    "a cancelled appointment without exactly one event of its cancellation": """
        SELECT appointment_id FROM appointment
        WHERE (status = 'cancelled')::int <> (
            SELECT count(*) FROM event
            WHERE event.business_id = appointment.business_id
              AND event.appointment_id = appointment.appointment_id
              AND event.kind = 'appointment.cancelled')
    """,
    "a sequence that isn't the number of changes": """
        SELECT appointment_id FROM appointment
        WHERE sequence <> (SELECT count(*) FROM event
                           WHERE event.business_id = appointment.business_id
                             AND event.appointment_id = appointment.appointment_id
                             AND event.kind <> 'appointment.booked')
    """,
    "a client without an appointment": """
        SELECT client_id FROM client
        WHERE NOT EXISTS (SELECT FROM appointment USING_CLIENT)
    """.replace(
        "USING_CLIENT",
        "WHERE appointment.business_id = client.business_id"
        " AND appointment.client_id = client.client_id",
    ),
}


async def at_once(runners: Sequence[Callable[[], Awaitable[T]]]) -> list[T | BaseException]:
    """Start everybody at the same moment; answers and refusals in the order of the runners."""
    line = asyncio.Event()

    async def run(runner: Callable[[], Awaitable[T]]) -> T:
        await line.wait()
        return await runner()

    tasks = [asyncio.create_task(run(runner)) for runner in runners]
    await asyncio.sleep(0)
    line.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def overlaps(url: str) -> list[Any]:
    """Pairs of claims that take one resource twice, found by comparing, not by the constraint."""
    return await _rows(url, OVERLAPS)


async def assert_sound(url: str) -> None:
    """Nobody is in two places, and appointments, claims and events agree."""
    assert await overlaps(url) == []
    for what, query in DISAGREEMENTS.items():
        assert await _rows(url, query) == [], what


async def count(url: str, table: str) -> int:
    """Rows of a table."""
    return int((await _rows(url, f"SELECT count(*) FROM {table}"))[0][0])


async def _rows(url: str, query: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()
