"""Taking away what nobody needs any more, once a day.

`claim_release` is what a reader of availability asks for whose time was given back since the
snapshot it knows (docs/decisions/0011). A row may go once every snapshot that a reader may still
name has seen its transaction end. Readers name none older than `KEPT_S_MAX`; a transaction, though,
may have begun long ago and have ended just now. So each purge marks which transactions have ended,
and goes by the marks of the day before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from bookonce.platform.database import Database
from bookonce.queue import purge_rows as store
from bookonce.queue.handlers import Context
from bookonce.queue.job_rows import Subject
from bookonce.queue.purge_rows import ROWS_MAX, WALKS, Walk

RELEASES_KEPT = timedelta(days=1)
DONE_JOBS_KEPT = timedelta(days=7)
TENANTS_MAX = 100

log = structlog.get_logger()


async def purge(context: Context[Any], _: Subject) -> None:
    """Delete what is too old, in short transactions; a purge that is cut off is done anew."""
    database, gone = context.database, Counter[str]()
    ended_xid = await database.run(store.ended_by, RELEASES_KEPT)
    last = UUID(int=0)
    while tenants := await _tenants(database, last):
        for business_id in tenants:
            for walk in WALKS:
                gone[walk.table] += await _walk(database, walk, business_id)
            if ended_xid is not None:
                gone["claim_release"] += await _releases(database, business_id, ended_xid)
        last = tenants[-1]
    gone["job"] = await _queue(database)
    await database.run(store.mark)
    log.info("purged", **gone)


async def _tenants(database: Database, last: UUID) -> list[UUID]:
    return await database.run(store.tenants, last, TENANTS_MAX)


async def _walk(database: Database, walk: Walk, business_id: UUID) -> int:
    gone = 0
    after: Sequence[Any] | None = walk.start
    while after is not None:
        some, after = await database.run(store.step, walk, business_id, after)
        gone += some
    return gone


async def _releases(database: Database, business_id: UUID, ended_xid: str) -> int:
    gone = 0
    while (went := await database.run(store.releases, business_id, ended_xid)) > 0:
        gone += went
        if went < ROWS_MAX:
            break
    return gone


async def _queue(database: Database) -> int:
    gone = went = await database.run(store.queue, DONE_JOBS_KEPT)
    while went == ROWS_MAX:
        went = await database.run(store.queue, DONE_JOBS_KEPT)
        gone += went
    return gone
