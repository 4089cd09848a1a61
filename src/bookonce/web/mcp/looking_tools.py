"""What an agent looks at before anything is booked: what there is, and when."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from bookonce.availability.look import offer, soonest
from bookonce.availability.selection import Choice
from bookonce.web.mcp.tool import Agent, Tool
from bookonce.web.public.answers import BusinessAnswer, ServiceAnswer, StaffAnswer
from bookonce.web.public.catalog import business_answer, service_answers, staff_answers

TIMES_DEFAULT, TIMES_MAX = 10, 50
Services = Annotated[
    tuple[str, ...],
    Meta(min_length=1, description="keys of services, performed one after the other in one visit"),
]
StaffKey = Annotated[str | None, Meta(description='key of a staff member; absent or "any": anyone')]
LocationKey = Annotated[str | None, Meta(description="key; needed where there are several")]


class _Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No arguments."""


class Offered(msgspec.Struct, frozen=True):
    """A business, its services, and who performs them."""

    business: BusinessAnswer
    services: list[ServiceAnswer]
    staff: list[StaffAnswer]


async def _list_services(agent: Agent, _: _Nothing) -> Offered:
    directory = agent.directory
    return Offered(business_answer(directory), service_answers(directory), staff_answers(directory))


class TimesWish(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    rename={"first": "from", "last": "to"},
):
    """Which times are looked for."""

    services: Services
    staff: StaffKey = None
    location: LocationKey = None
    first: Annotated[date | None, Meta(description="first date; absent: from now on")] = None
    last: Annotated[date | None, Meta(description="last date, included; absent: a week")] = None
    limit: Annotated[int, Meta(ge=1, le=TIMES_MAX)] = TIMES_DEFAULT


class FreeTime(msgspec.Struct, frozen=True):
    """A start that can be booked, and the keys of those who are free."""

    start: datetime
    staff: list[str]


class Times(msgspec.Struct, frozen=True):
    """Free times, the earliest first. `more`: there are others on these dates."""

    timezone: str
    times: list[FreeTime]
    more: bool


async def _find_times(agent: Agent, wish: TimesWish) -> Times:
    choice = Choice.of(wish.services, wish.staff, wish.location)
    installation, slug, now = agent.installation, agent.directory.slug, agent.now
    if wish.first is None and wish.last is None:
        selection, starts = await soonest(installation, slug, choice, wish.limit + 1, now=now)
    else:
        first = wish.first or now.astimezone(agent.directory.zone).date()
        last = wish.last or first + timedelta(days=6)
        selection, found = await offer(installation, slug, choice, first, last, now=now)
        starts = found.by_start()
    zone = selection.place.zone
    shown = list(starts.items())[: wish.limit]
    return Times(
        zone.key,
        [FreeTime(datetime.fromtimestamp(start_s, zone), list(free)) for start_s, free in shown],
        len(starts) > len(shown),
    )


TOOLS = (
    Tool(
        "list_services",
        "What can be booked",
        "The business, its services with length and price, and who performs them. Begin here: other "
        "tools take the keys that this one tells.",
        _Nothing,
        _list_services,
    ),
    Tool(
        "find_times",
        "Find free times",
        "Free times for one or several services, the soonest or those on some dates. Only a time "
        "that this tool answered with can be booked; don't make one up.",
        TimesWish,
        _find_times,
    ),
)
