"""What can be booked instead of a time that somebody has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.availability.look import days, free
from bookonce.availability.selection import Selection
from bookonce.business.document import ANYONE
from bookonce.platform.errors import BookingConflictError
from bookonce.platform.zones import DAY_S, date_of, offset_s

ALTERNATIVES_MAX = 3
ALTERNATIVE_DAYS = 7


async def conflict(
    installation: Installation,
    selection: Selection,
    start: datetime,
    *,
    now: datetime,
    released: UUID | None = None,
    present: datetime | None = None,
) -> BookingConflictError:
    """The refusal of a time that is taken, with up to three starts to book instead.

    Those of the same local day come first, then those of the next seven; within a day the ones
    nearest to the wanted time of day. `released` is the appointment whose time a move gives back,
    `present` when it begins: that is no other time.
    """
    zone = selection.place.zone
    wanted_s = int(start.timestamp())
    wanted_wall_s = wanted_s + offset_s(zone, wanted_s)
    day = date_of(wanted_wall_s // DAY_S)

    def distance(start_s: int) -> tuple[int, int, int]:
        wall_s = start_s + offset_s(zone, start_s)
        return wall_s // DAY_S, abs(wall_s % DAY_S - wanted_wall_s % DAY_S), start_s

    not_other = {wanted_s} | ({int(present.timestamp())} if present else set())
    found: list[tuple[datetime, str]] = []
    for first, last in ((day, day), (day + timedelta(1), day + timedelta(ALTERNATIVE_DAYS))):
        window = days(zone, first, last)
        _, offer = await free(installation, selection, window, now=now, released=released)
        nearest = sorted((one for one in offer.starts() if one not in not_other), key=distance)
        found += [
            (datetime.fromtimestamp(start_s, UTC), next(iter(offer.at(start_s)), ANYONE))
            for start_s in nearest[: ALTERNATIVES_MAX - len(found)]
        ]
        if len(found) == ALTERNATIVES_MAX:
            break
    return BookingConflictError("Somebody has this time already.", zone=zone, alternatives=found)
