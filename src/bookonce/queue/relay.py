"""From events to jobs: each event that is to be followed up leads to its jobs, once, and is spread to
those that hear of events without a job.

Events are found without locks, then taken tenant by tenant. A tenant's jobs are put in and its
events settled in one transaction, so a relay may die at any point: either nothing has happened, or
all has. Two relays at once skip what the other has locked. A job's id is made from its event's, so
even an event that was taken twice would lead to one job.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.queue import job_rows, outbox_rows
from bookonce.queue.handlers import Registry
from bookonce.queue.job_rows import Entry, Subject

EVENTS_MAX = 100
"""In one transaction; a tenant with more waits for its next turn, so that others have theirs."""


async def relay(database: Database, registry: Registry[Any]) -> bool:
    """Give every tenant a turn. Whether there may be more to do at once."""
    kinds = registry.kinds()
    if not kinds:
        return False
    more = False
    for business_id in await database.run(outbox_rows.tenants, kinds):
        more |= await database.transaction(relay_some, business_id, registry) == EVENTS_MAX
    return more


async def relay_some(connection: Connection, business_id: UUID, registry: Registry[Any]) -> int:
    """One transaction's work: the number of events that were settled.

    Events of kinds that this process knows nothing about are left to those that do.
    """
    events = await outbox_rows.take(connection, business_id, registry.kinds(), EVENTS_MAX)
    if not events:
        return 0
    await job_rows.put(
        connection,
        [
            Entry(
                job.name,
                Subject(business_id, event.event_id, event.appointment_id),
                job.attempts_max,
            )
            for event in events
            for job in registry.jobs_after(event.kind)
        ],
    )
    for kinds, spreader in registry.spreaders:
        if some := [event.event_id for event in events if event.kind in kinds]:
            await spreader(connection, business_id, some)
    await outbox_rows.settle(connection, business_id, [event.event_id for event in events])
    return len(events)
