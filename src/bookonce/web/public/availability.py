"""Which starts are on offer."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from litestar import get
from litestar.params import Parameter

from bookonce.services.availability import DAYS_MAX, offer
from bookonce.web.dependencies import Here, Slug
from bookonce.web.public.answers import AvailabilityAnswer, Day, Slot
from bookonce.web.public.documented import READING


@get("/availability", responses=READING, summary="When it can be booked")
async def availability(
    slug: Slug,
    installation: Here,
    service: Annotated[str, Parameter(description="key of a service")],
    first: Annotated[date, Parameter(query="from", description="first local date")],
    last: Annotated[
        date, Parameter(query="to", description=f"last local date; {DAYS_MAX} days at most")
    ],
    staff: Annotated[str | None, Parameter(description='key, or "any"')] = None,
    include: Annotated[
        Literal["staff"] | None, Parameter(description="who is free at each start")
    ] = None,
) -> AvailabilityAnswer:
    """Every start that can be booked, by local date, in the business's time zone."""
    directory, found = await offer(
        installation, slug, service, staff, first, last, now=datetime.now(UTC)
    )
    by_day: defaultdict[date, list[Slot]] = defaultdict(list)
    for start_s, free in found.items():
        start = datetime.fromtimestamp(start_s, directory.zone)
        by_day[start.date()].append(Slot(start, free if include else None))
    return AvailabilityAnswer(
        timezone=directory.business.business.timezone,
        days=[
            Day(day.isoformat(), by_day.get(day, []))
            for day in (first + timedelta(days) for days in range((last - first).days + 1))
        ],
    )
