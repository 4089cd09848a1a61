"""Claims as availability reads them: kept between requests, and true at each.

What is kept is everything that some resources had claimed as of one snapshot of the database. The
next read names that snapshot to the database, which answers with the resources whose time was
changed by a transaction that the snapshot didn't see, and with their claims as of now. So a read
costs what has changed, not what there is, and never shows what isn't so; docs/decisions/0011 has
the argument.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from bookonce.core.availability import BusyTime
from bookonce.store.database import Connection

INTERVALS_KEPT_MAX = 2_000_000  # 16 bytes each
BUSINESSES_KEPT_MAX = 1_000
KEPT_S_MAX = 300
"""Then everything is read anew: a second guard, for claims deleted by other hands than ours."""
RANGE_DAYS_MAX = 400


def _since(table: str) -> str:
    """Whose rows were written by transactions that a snapshot ($4) didn't see and this one does.

    The upper bound leaves out rows that a restored dump brought from another server.
    """
    return f"""
    SELECT resource_id
    FROM {table}
    WHERE business_id = $1
      AND xid >= pg_snapshot_xmin($4::text::pg_snapshot)
      AND xid < pg_snapshot_xmax(pg_current_snapshot())
      AND NOT pg_visible_in_snapshot(xid, $4::text::pg_snapshot)"""


# Where no snapshot can be named later (on a standby; where Citus gives each node its own
# transaction numbers) it is null, and nothing is kept.
READ = f"""
WITH changed AS MATERIALIZED ({_since("claim")}
    UNION{_since("claim_release")}
)
SELECT business.version,
       CASE WHEN NOT pg_is_in_recovery() AND to_regproc('citus_version') IS NULL
            THEN pg_current_snapshot()::text END AS snapshot,
       pg_postmaster_start_time() AS server,
       ARRAY(SELECT resource_id FROM changed) AS changed_ids,
       resource.resource_id, busy.starts_s, busy.ends_s
FROM business
LEFT JOIN unnest($2::uuid[]) AS resource (resource_id)
    ON resource.resource_id <> ALL ($3::uuid[])
    OR $5 IS DISTINCT FROM pg_postmaster_start_time()
    OR resource.resource_id IN (SELECT resource_id FROM changed)
CROSS JOIN LATERAL (
    SELECT array_agg(floor(extract(epoch FROM lower(claim.during)))::bigint) AS starts_s,
           array_agg(ceil(extract(epoch FROM upper(claim.during)))::bigint) AS ends_s
    FROM claim
    WHERE claim.business_id = $1
      AND claim.resource_id = resource.resource_id
      AND claim.during && tstzrange($6, $7)
      AND ($8::uuid IS NULL OR claim.appointment_id IS DISTINCT FROM $8)
) AS busy
WHERE business.business_id = $1
"""


@dataclass(frozen=True, slots=True)
class Read:
    """What a read found: the business's version, None if there is no such business, and claims."""

    version: int | None
    busy: Mapping[UUID, BusyTime]


@dataclass(frozen=True, slots=True)
class _Known:
    """All claims of some resources that touch [start, end), as of one snapshot of one server."""

    start: datetime
    end: datetime
    snapshot: str
    server: datetime
    read_s: float
    busy: dict[UUID, BusyTime]

    @property
    def intervals(self) -> int:
        return sum(map(len, self.busy.values()))


class BusyTimes:
    """The claims at hand, for one process."""

    def __init__(self) -> None:
        self._known: OrderedDict[UUID, _Known] = OrderedDict()
        self._intervals = 0

    async def read(
        self,
        connection: Connection,
        business_id: UUID,
        resource_ids: Sequence[UUID],
        start: datetime,
        end: datetime,
        released: UUID | None = None,
    ) -> Read:
        """When resources are taken between two times, by one statement as of one moment.

        The claims of the appointment `released` are read as given back.
        """
        known = None if released else self._usable(business_id)
        if known is not None and not (known.start <= start and end <= known.end):
            hull = min(known.start, start), max(known.end, end)
            if hull[1] - hull[0] <= timedelta(days=RANGE_DAYS_MAX):
                start, end = hull
            known = None
        if known is not None:
            start, end = known.start, known.end
        rows = await connection.fetch(
            READ,
            business_id,
            resource_ids,
            list(known.busy) if known else [],
            known.snapshot if known else None,
            known.server if known else None,
            start,
            end,
            released,
        )
        if not rows:
            self._forget(business_id)
            return Read(None, {})
        busy = self._still_true(known, rows[0])
        for row in rows:
            if row["resource_id"] is not None:
                busy[row["resource_id"]] = BusyTime(
                    zip(row["starts_s"] or (), row["ends_s"] or (), strict=True)
                )
        if released is None:
            read_s = known.read_s if known else time.monotonic()
            self._keep(business_id, start, end, rows[0], busy, read_s)
        return Read(rows[0]["version"], busy)

    def _usable(self, business_id: UUID) -> _Known | None:
        known = self._known.get(business_id)
        if known is None or time.monotonic() - known.read_s > KEPT_S_MAX:
            return None
        return known

    @staticmethod
    def _still_true(known: _Known | None, row: asyncpg.Record) -> dict[UUID, BusyTime]:
        """What was known and hasn't changed since."""
        if known is None or row["server"] != known.server:
            return {}
        changed = set(row["changed_ids"])
        return {one: busy for one, busy in known.busy.items() if one not in changed}

    def _keep(
        self,
        business_id: UUID,
        start: datetime,
        end: datetime,
        row: asyncpg.Record,
        busy: dict[UUID, BusyTime],
        read_s: float,
    ) -> None:
        self._forget(business_id)
        if row["snapshot"] is None:
            return
        kept = _Known(start, end, row["snapshot"], row["server"], read_s, busy)
        self._known[business_id] = kept
        self._intervals += kept.intervals
        while self._intervals > INTERVALS_KEPT_MAX or len(self._known) > BUSINESSES_KEPT_MAX:
            self._forget(next(iter(self._known)))

    def _forget(self, business_id: UUID) -> None:
        if known := self._known.pop(business_id, None):
            self._intervals -= known.intervals
