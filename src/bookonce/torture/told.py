"""What everybody heard last, asked of the rows once nothing is left to be told.

The servers have no mail server, so each message is kept as what would have been sent. All staff
members of the torture's businesses have a mail address.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

import asyncpg

from bookonce.events.followers import is_followed
from bookonce.messages.kinds import CAUSES
from bookonce.platform.retry import DATABASE_ERRORS
from bookonce.torture.waiting import TooLongError

AT_REST_WITHIN_S = 300
"""A worker that was killed keeps what it was at until its leases run out."""

INTERVAL_S = 0.5

_LEFT = """
SELECT kind AS what, count(*) FROM event WHERE is_unrelayed AND kind = ANY ($1) GROUP BY kind
UNION ALL
SELECT 'jobs that tell, ' || status, count(*) FROM job
WHERE name = 'tell' AND status IN ('waiting', 'running') GROUP BY status
UNION ALL
SELECT 'messages ' || status, count(*) FROM message
WHERE status = 'sending' OR (status = 'waiting' AND next_at <= now()) GROUP BY status
"""
# What failed under the faults rests for longer each time; the faults are over.
_NOW = "UPDATE job SET run_at = now() WHERE name = 'tell' AND status = 'waiting' AND run_at > now()"

# What each recipient heard last of each appointment, by mail.
_LAST = """(
    SELECT DISTINCT ON (message.business_id, message.appointment_id, recipient, who)
           message.business_id, message.appointment_id, recipient, who,
           told_status, told_start, told_end, told_staff
    FROM message JOIN appointment AS its USING (business_id, appointment_id)
    WHERE way = 'mail' AND told_sequence IS NOT NULL AND recipient IN ('client', 'staff')
      AND message.status IN ('sent', 'unknown', 'not_sent')
      AND (message.client_id IS NULL OR message.client_id = its.client_id)
    ORDER BY message.business_id, message.appointment_id, recipient, who, told_sequence DESC
) AS last"""
_PERFORMERS = """CROSS JOIN LATERAL (
    SELECT array_agg(resource.key ORDER BY part.number) AS keys
    FROM appointment_part AS part JOIN resource USING (business_id, resource_id)
    WHERE part.business_id = appointment.business_id
      AND part.appointment_id = appointment.appointment_id
) AS performers"""

UNTOLD = {
    "a confirmed appointment whose client, or one who performs it, heard otherwise last": f"""
        SELECT appointment.appointment_id
        FROM appointment {_PERFORMERS}
        CROSS JOIN LATERAL (
            SELECT 'client' AS recipient, '' AS who WHERE client_id IS NOT NULL
            UNION SELECT 'staff', unnest(performers.keys)
        ) AS concerned
        LEFT JOIN {_LAST} USING (business_id, appointment_id, recipient, who)
        WHERE appointment.status = 'confirmed'
          AND (told_status, told_start, told_end, told_staff) IS DISTINCT FROM
              ('confirmed', starts_at, ends_at, performers.keys)
    """,
    "an appointment that somebody takes for theirs, and isn't": f"""
        SELECT appointment.appointment_id
        FROM appointment {_PERFORMERS}
        JOIN {_LAST} USING (business_id, appointment_id)
        WHERE told_status = 'confirmed' AND (
            appointment.status = 'cancelled'
            OR (appointment.status = 'confirmed' AND recipient = 'staff'
                AND NOT who = ANY (performers.keys)))
    """,
}


async def at_rest(url: str) -> None:
    """Wait until nothing is left to be told. Raises TooLongError, with what is left."""
    kinds = [kind for kind in CAUSES if is_followed(kind)]
    deadline = time.monotonic() + AT_REST_WITHIN_S
    left = ["the database"]
    while left:
        if time.monotonic() > deadline:
            raise TooLongError(f"not all was told after {AT_REST_WITHIN_S} s: {', '.join(left)}")
        await asyncio.sleep(INTERVAL_S)
        with contextlib.suppress(*DATABASE_ERRORS):  # it is just being recovered
            left = await _left(url, kinds)


async def _left(url: str, kinds: list[str]) -> list[str]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute(_NOW)
        found = await connection.fetch(_LEFT, kinds)
    finally:
        await connection.close()
    return [f"{row['count']} {row['what']}" for row in found]
