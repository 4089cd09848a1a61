"""The next visit of a client: after as long as they usually wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.desk import rebook_rows

WEEKS_UNLESS_KNOWN = 4
WEEKS_MAX = 52
STARTS_READ = 8


async def usual_weeks(installation: Installation, business_id: UUID, client_id: UUID | None) -> int:
    """After how many weeks a client usually comes again; four for one of whom nothing is known."""
    if client_id is None:
        return WEEKS_UNLESS_KNOWN
    starts = await installation.database.run(
        rebook_rows.starts, business_id, client_id, STARTS_READ
    )
    return weeks_between(starts)


def weeks_between(starts: Sequence[datetime]) -> int:
    """The usual distance of visits in whole weeks, the last one first. Visits within three days are
    one.
    """
    gaps_weeks = [
        (later - earlier) / timedelta(weeks=1)
        for later, earlier in pairwise(starts)
        if later - earlier > timedelta(days=3)
    ]
    if not gaps_weeks:
        return WEEKS_UNLESS_KNOWN
    return min(WEEKS_MAX, max(1, round(median(gaps_weeks))))
