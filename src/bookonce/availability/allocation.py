"""From a visit to the claims it needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from bookonce.availability.claim_rows import Need, Taking
from bookonce.availability.installation import new_id
from bookonce.availability.look import Asked
from bookonce.platform.intervals import Interval
from bookonce.platform.zones import DAY_S, date_of, offset_s, wall_start_of_day_s


def taking_of(asked: Asked, start: datetime, appointment_id: UUID) -> Taking:
    """The time, with its buffers, that a visit takes of one of the performers, and of one of each
    kind of room and equipment that it needs.
    """
    start_s = int(start.timestamp())
    visit, place = asked.service.visit, asked.place
    day = date_of((start_s + offset_s(place.zone, start_s)) // DAY_S)

    def instants(part: Interval) -> tuple[datetime, datetime]:
        return _instant(start_s + part[0]), _instant(start_s + part[1])

    needs = [
        Need(asked.performer_ids, [instants(part) for part in visit.attended]),
        *(Need(ids, [instants(visit.whole)]) for ids in asked.needed_ids),
    ]
    return Taking(
        business_id=asked.directory.business_id,
        appointment_id=appointment_id,
        needs=needs,
        claim_ids=[new_id() for need in needs for _ in need.times],
        day_start=_instant(wall_start_of_day_s(place.zone, day)),
        day_end=_instant(wall_start_of_day_s(place.zone, day + timedelta(1))),
    )


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
