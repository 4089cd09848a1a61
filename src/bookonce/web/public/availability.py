"""Which starts are on offer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from litestar import Router, get
from litestar.params import Parameter

from bookonce.availability.effort import present
from bookonce.availability.look import DAYS_MAX, offer, soonest
from bookonce.availability.offers import Offer
from bookonce.availability.selection import Choice, Selection
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.zones import is_zone
from bookonce.web.dependencies import Here, Slug
from bookonce.web.public.answers import AvailabilityAnswer, Day, Slot, SoonestAnswer
from bookonce.web.public.documented import READING

SOONEST_DEFAULT, SOONEST_MAX = 3, 50
ANSWER_MAX = 50_000
"""Starts and names in one answer: two megabytes."""

ServiceKey = Annotated[str, Parameter(description="key of a service, or several with commas")]
StaffKey = Annotated[str | None, Parameter(description='key, or "any"')]
LocationKey = Annotated[str | None, Parameter(description="key; needed where there are several")]
Include = Annotated[Literal["staff"] | None, Parameter(description="who is free at each start")]
DisplayZone = Annotated[
    str | None,
    Parameter(
        query="tz",
        description="show dates and times in this zone instead of the location's",
    ),
]


@get("/", responses=READING, summary="When it can be booked")
async def availability(
    slug: Slug,
    installation: Here,
    service: ServiceKey,
    first: Annotated[date, Parameter(query="from", description="first date")],
    last: Annotated[date, Parameter(query="to", description=f"last date; {DAYS_MAX} days at most")],
    staff: StaffKey = None,
    location: LocationKey = None,
    include: Include = None,
    tz: DisplayZone = None,
) -> AvailabilityAnswer:
    """Every start that can be booked, by date."""
    shown = _zone(tz)
    choice = Choice.of(service, staff, location)
    selection, found = await offer(
        installation, slug, choice, first, last, now=datetime.now(UTC), zone=shown
    )
    zone = shown or selection.place.zone
    by_day = await _by_day(found, zone, with_names=include is not None)
    return AvailabilityAnswer(
        timezone=zone.key,
        days=[
            Day(day.isoformat(), by_day.get(day, []))
            for day in (first + timedelta(days) for days in range((last - first).days + 1))
        ],
        location=_named(selection),
    )


@get("/next", responses=READING, summary="When it can be booked soonest")
async def next_available(
    slug: Slug,
    installation: Here,
    service: ServiceKey,
    staff: StaffKey = None,
    location: LocationKey = None,
    limit: Annotated[int, Parameter(ge=1, le=SOONEST_MAX)] = SOONEST_DEFAULT,
    include: Include = None,
    tz: DisplayZone = None,
) -> SoonestAnswer:
    """The next starts that can be booked, however far ahead the business takes bookings."""
    shown = _zone(tz)
    choice = Choice.of(service, staff, location)
    selection, found = await soonest(installation, slug, choice, limit, now=datetime.now(UTC))
    zone = shown or selection.place.zone
    return SoonestAnswer(
        timezone=zone.key,
        slots=[
            Slot(datetime.fromtimestamp(start_s, zone), free if include else None)
            for start_s, free in found.items()
        ],
        location=_named(selection),
    )


async def _by_day(found: Offer, zone: ZoneInfo, *, with_names: bool) -> Mapping[date, list[Slot]]:
    """The slots by their dates. Raises ValidationError if they are too many for one answer."""
    starts, names = len(found), found.names_count if with_names else 0
    if starts + names > ANSWER_MAX:
        narrower = "ask for fewer days, or for one person (staff)"
        if with_names:
            narrower += ", or leave include out"
        told = f"{starts} starts with {names} names" if with_names else f"{starts} starts"
        raise ValidationError([FieldError("to", f"{told} are more than {ANSWER_MAX}; {narrower}")])
    effort = present()
    by_day: defaultdict[date, list[Slot]] = defaultdict(list)
    free = found.by_start() if with_names else dict.fromkeys(found.starts())
    for start_s, names_then in free.items():
        start = datetime.fromtimestamp(start_s, zone)
        by_day[start.date()].append(Slot(start, names_then))
        await effort.breathe()
    return by_day


def _named(selection: Selection) -> str | None:
    """The location's key, where locations are told apart."""
    return selection.place.key if selection.directory.lists_locations else None


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    if not is_zone(name):
        raise ValidationError([FieldError("tz", f"no such IANA time zone: {name!r}")])
    return ZoneInfo(name)


router = Router("/availability", route_handlers=[availability, next_available])
