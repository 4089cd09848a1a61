"""From a visit to the claim it needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bookonce.core.availability import Visit
from bookonce.core.business import Directory
from bookonce.core.zones import DAY_S, date_of, offset_s, wall_start_of_day_s
from bookonce.store.claims import Taking


def taking_of(
    directory: Directory,
    visit: Visit,
    performers: Sequence[str],
    start: datetime,
    *,
    claim_id: UUID,
    appointment_id: UUID,
) -> Taking:
    """The time, with its buffers, that a visit needs of one of the performers."""
    start_s = int(start.timestamp())
    claim_start_s, claim_end_s = visit.claimed_s(start_s)
    day = date_of((start_s + offset_s(directory.zone, start_s)) // DAY_S)
    return Taking(
        business_id=directory.business_id,
        performer_ids=[directory.staff_ids[key] for key in performers],
        during_start=_instant(claim_start_s),
        during_end=_instant(claim_end_s),
        day_start=_instant(wall_start_of_day_s(directory.zone, day)),
        day_end=_instant(wall_start_of_day_s(directory.zone, day + timedelta(1))),
        claim_id=claim_id,
        appointment_id=appointment_id,
    )


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
