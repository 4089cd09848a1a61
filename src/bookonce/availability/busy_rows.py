"""Claims as availability reads them: kept between requests, and true at each.

What is kept is everything that some resources had claimed as of one snapshot of the database. The
next read names that snapshot to the database, which answers with the resources whose time was
changed by a transaction that the snapshot didn't see, and with their claims as of now. So a read
costs what has changed, not what there is, and never shows what isn't so; docs/decisions/0011 has
the argument.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from bookonce.availability.effort import present
from bookonce.availability.grid import BusyTime
from bookonce.platform.connection import Connection
from bookonce.platform.intervals import Interval, merged
from bookonce.platform.statements import Statement

WEEK_S = 7 * 86_400
INTERVALS_KEPT_MAX = 1_000_000
"""Of all businesses together, at 16 bytes each; a week without claims counts as some."""
KEPT_S_MAX = 300
"""Then everything is read anew: a second guard, for claims deleted by other hands than ours."""
WEEK_COUNTS_AS = 20


def _since(table: str) -> str:
    """Whose rows were written by transactions that a snapshot didn't see and this one does.

    The upper bound leaves out rows that a restored dump brought from another server.
    """
    return f"""
    SELECT resource_id
    FROM {table}
    WHERE business_id = :business_id
      AND xid >= pg_snapshot_xmin(:snapshot::text::pg_snapshot)
      AND xid < pg_snapshot_xmax(pg_current_snapshot())
      AND NOT pg_visible_in_snapshot(xid, :snapshot::text::pg_snapshot)"""


# What a snapshot means ends with the server that gave it: after a crash the numbers of transactions
# that left no trace are given out again. The postmaster may outlive the crash of one of its
# processes, but the server's statistics never do, so the later of both is when it began.
SERVER = "greatest(pg_postmaster_start_time(), pg_stat_get_bgwriter_stat_reset_time())"

# Where no snapshot can be named later (on a standby; where Citus gives each node its own
# transaction numbers) it is null, and nothing is kept.
READ = Statement(f"""
WITH changed AS MATERIALIZED ({_since("claim")}
    UNION{_since("claim_release")}
)
SELECT business.version,
       CASE WHEN NOT pg_is_in_recovery() AND to_regproc('citus_version') IS NULL
            THEN pg_current_snapshot()::text END AS snapshot,
       {SERVER} AS server,
       ARRAY(SELECT resource_id FROM changed) AS changed_ids,
       resource.resource_id, busy.starts_s, busy.ends_s, busy.holds_until
FROM business
LEFT JOIN unnest(:resource_ids::uuid[]) AS resource (resource_id)
    ON resource.resource_id <> ALL (:known_ids::uuid[])
    OR CAST(:server AS timestamptz) IS DISTINCT FROM {SERVER}
    OR resource.resource_id IN (SELECT resource_id FROM changed)
CROSS JOIN LATERAL (
    SELECT array_agg(floor(date_part('epoch', lower(claim.during)))::bigint) AS starts_s,
           array_agg(ceil(date_part('epoch', upper(claim.during)))::bigint) AS ends_s,
           min(claim.expires_at) AS holds_until
    FROM claim
    WHERE claim.business_id = :business_id
      AND claim.resource_id = resource.resource_id
      AND claim.during && tstzrange(:first, :end)
      AND (:released::uuid IS NULL OR claim.appointment_id IS DISTINCT FROM :released)
      AND (claim.expires_at IS NULL OR claim.expires_at > :now)
) AS busy
WHERE business.business_id = :business_id
""")


@dataclass(frozen=True, slots=True)
class Read:
    """What a read found: the business's version, None if there is no such business, and when each
    resource is taken, week by week.
    """

    version: int | None
    busy: Mapping[UUID, Sequence[BusyTime]]


Weeks = dict[int, BusyTime]
"""All claims that touch a week, by its number since the epoch."""


@dataclass(frozen=True, slots=True)
class _Known:
    """Claims of some resources in some weeks, as of one snapshot of one server."""

    snapshot: str | None
    server: datetime
    read_s: float
    busy: dict[UUID, Weeks]
    holds_until: dict[UUID, datetime]
    """Of those with a hold among their claims: until when what is known of them is true at most."""
    size: int

    def at(self, now: datetime) -> _Known:
        """What of it is still known now: a hold that has run out is no claim any more."""
        over = {one for one, until in self.holds_until.items() if until <= now}
        if not over:
            return self
        return replace(
            self,
            busy={one: weeks for one, weeks in self.busy.items() if one not in over},
            holds_until={one: until for one, until in self.holds_until.items() if one not in over},
        )


class BusyTimes:
    """The claims at hand, for one process."""

    def __init__(self) -> None:
        self._known: OrderedDict[UUID, _Known] = OrderedDict()
        self._size = 0

    async def read(
        self,
        connection: Connection,
        business_id: UUID,
        resource_ids: Sequence[UUID],
        start_s: int,
        end_s: int,
        now: datetime,
        released: UUID | None = None,
    ) -> Read:
        """When resources are taken from `start_s` to `end_s`, by one statement as of one moment.

        Seconds since the epoch. Holds that have run out by `now` take nothing. The claims of the
        appointment `released` are read as given back.
        """
        effort = present()
        weeks_needed = range(start_s // WEEK_S, -(-end_s // WEEK_S))
        known = None if released else self._usable(business_id, now)
        rows = await READ.rows(
            connection,
            business_id=business_id,
            resource_ids=resource_ids,
            known_ids=[
                one for one, weeks in known.busy.items() if all(w in weeks for w in weeks_needed)
            ]
            if known
            else [],
            snapshot=known.snapshot if known else None,
            server=known.server if known else None,
            first=datetime.fromtimestamp(weeks_needed.start * WEEK_S, UTC),
            end=datetime.fromtimestamp(weeks_needed.stop * WEEK_S, UTC),
            released=released,
            now=now,
        )
        if not rows:
            self._forget(business_id)
            return Read(None, {})
        loaded = {}
        for row in rows:
            if row["resource_id"] is not None:
                taken = zip(row["starts_s"] or (), row["ends_s"] or (), strict=True)
                loaded[row["resource_id"]] = _by_week(taken, weeks_needed)
                await effort.breathe()
        now_known = _updated(known, rows, loaded)
        if released is None:
            self._keep(business_id, now_known)
        return Read(
            rows[0]["version"],
            {one: [now_known.busy[one][week] for week in weeks_needed] for one in resource_ids},
        )

    def _usable(self, business_id: UUID, now: datetime) -> _Known | None:
        known = self._known.get(business_id)
        if known is None or time.monotonic() - known.read_s > KEPT_S_MAX:
            return None
        return known.at(now)

    def _keep(self, business_id: UUID, known: _Known) -> None:
        self._forget(business_id)
        if known.snapshot is None:
            return
        self._known[business_id] = known
        self._size += known.size
        while self._size > INTERVALS_KEPT_MAX:
            self._forget(next(iter(self._known)))

    def _forget(self, business_id: UUID) -> None:
        if known := self._known.pop(business_id, None):
            self._size -= known.size


def _updated(
    known: _Known | None, rows: Sequence[asyncpg.Record], loaded: Mapping[UUID, Weeks]
) -> _Known:
    """What is known after a read: what hasn't changed since, and what was read."""
    snapshot, server, changed = (rows[0][name] for name in ("snapshot", "server", "changed_ids"))
    if known is not None and known.server != server:
        known = None
    if known is not None and not changed and not loaded:
        return replace(known, snapshot=snapshot)
    kept = {one: weeks for one, weeks in known.busy.items() if one not in changed} if known else {}
    busy = kept | {one: kept.get(one, {}) | weeks for one, weeks in loaded.items()}
    holds_until = {
        one: until
        for one, until in (known.holds_until if known else {}).items()
        if one not in changed
    }
    for row in rows:
        if row["holds_until"] is not None:
            until = holds_until.get(row["resource_id"], row["holds_until"])
            holds_until[row["resource_id"]] = min(until, row["holds_until"])
    size = sum(WEEK_COUNTS_AS + len(each) for weeks in busy.values() for each in weeks.values())
    read_s = known.read_s if known else time.monotonic()
    return _Known(snapshot, server, read_s, busy, holds_until, size)


def _by_week(claims: Iterable[Interval], weeks_needed: range) -> Weeks:
    """Claims by the weeks that they touch; one that touches two is in both."""
    taken = merged(claims)
    starts = [start for start, _ in taken]
    ends = [end for _, end in taken]
    return {
        week: BusyTime(
            taken[bisect_right(ends, week * WEEK_S) : bisect_left(starts, (week + 1) * WEEK_S)]
        )
        for week in weeks_needed
    }
