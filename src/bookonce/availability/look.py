"""Look: which starts are on offer now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bookonce.availability import offers
from bookonce.availability.busy_rows import Read
from bookonce.availability.effort import DEAR_FROM, present
from bookonce.availability.grid import Grid, Window
from bookonce.availability.installation import Installation
from bookonce.availability.offers import Offer, PartTimes
from bookonce.availability.rules import NONE_BROKEN, Broken, Rule
from bookonce.availability.selection import Choice, Selection, select
from bookonce.business.directory import Directory
from bookonce.business.document import Service
from bookonce.business.visits import Visit
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.zones import (
    DAY_S,
    FIRST_YEAR,
    LAST_YEAR,
    date_of,
    day_number,
    wall_start_of_day_s,
)

DAYS_MAX = 62
NEAR_S = 14 * DAY_S
FAR_STARTS = 40_000
"""So many later starts are looked at together."""
_FIRST_DAY, _LAST_DAY = day_number(date(FIRST_YEAR, 1, 1)), day_number(date(LAST_YEAR, 12, 31))


async def offer(
    installation: Installation,
    slug: str,
    choice: Choice,
    first: date,
    last: date,
    *,
    now: datetime,
    zone: ZoneInfo | None = None,
) -> tuple[Selection, Offer]:
    """The starts on offer on the dates `first` to `last`, both included.

    The dates are those of `zone`, absent that of the location; it changes what is asked for, never
    what is on offer. `now` is aware. Raises NotFoundError, and ValidationError when the dates are
    in the wrong order or too many.
    """
    if last < first:
        raise ValidationError([FieldError("to", "must not be before from")])
    if (last - first).days >= DAYS_MAX:
        raise ValidationError([FieldError("to", f"at most {DAYS_MAX} days at a time")])

    def windows(selection: Selection) -> list[Window]:
        return [days(zone or selection.place.zone, first, last)]

    selection, offers = await _within(installation, slug, choice, windows, now=now)
    return selection, offers[0]


async def soonest(
    installation: Installation, slug: str, choice: Choice, limit: int, *, now: datetime
) -> tuple[Selection, dict[int, list[str]]]:
    """The next `limit` starts on offer with who is free, however far ahead within the horizon.

    Looks at the near days first, and only if they have too few at later ones. Raises
    NotFoundError, and ValidationError when a location has to be named.
    """

    def windows(selection: Selection) -> list[Window]:
        return _ahead(selection, now)

    def enough(offers: Sequence[Offer]) -> bool:
        return sum(map(len, offers)) >= limit

    selection, offers = await _within(installation, slug, choice, windows, now=now, enough=enough)
    found: dict[int, list[str]] = {}
    for each in offers:
        found |= each.first(limit - len(found))
    return selection, found


async def next_apart(
    installation: Installation,
    slug: str,
    choice: Choice,
    limit: int,
    after: Callable[[ZoneInfo, int], int],
    *,
    now: datetime,
    since: date | None = None,
) -> tuple[Selection, list[int]]:
    """The next starts on offer that lie apart, at most `limit`, ascending, in seconds.

    `after` tells from the location's zone and a start the instant from which on another one counts
    as apart from it. `since` is the date there that they begin on, absent today. Raises as `soonest`.
    """

    def windows(selection: Selection) -> list[Window]:
        return _ahead(selection, now, since)

    def apart(selection: Selection, offers: Iterable[Offer]) -> list[int]:
        found: list[int] = []
        next_s = 0
        for start_s in (start_s for each in offers for start_s in each.starts()):
            if start_s >= next_s and len(found) < limit:
                found.append(start_s)
                next_s = after(selection.place.zone, start_s)
        return found

    _, judged = await installation.judge(slug, lambda directory: select(directory, choice))
    selection, offers = await _within(
        installation, slug, choice, windows, now=now,
        enough=lambda offers: len(apart(judged, offers)) >= limit,
    )  # fmt: skip
    return selection, apart(selection, offers)


async def next_of_each(
    installation: Installation, slug: str, choice: Choice, *, now: datetime
) -> dict[str, datetime]:
    """The next start of each who can perform all of it, by the location's clock. Those who have none
    within what is cheap to look at are left out. Raises as `soonest`.
    """

    def windows(selection: Selection) -> list[Window]:
        cheap = [each for each in _ahead(selection, now) if _work(selection, each) < DEAR_FROM]
        return cheap or [Window(1, 0)]

    def firsts(offers: Iterable[Offer]) -> dict[str, int]:
        found: dict[str, int] = {}
        for each in offers:
            for who, bits in each.free.items():
                if bits and who not in found:
                    found[who] = each.grid.starts[(bits & -bits).bit_length() - 1]
        return found

    def enough(offers: Sequence[Offer]) -> bool:
        return len(firsts(offers)) == len(offers[0].free)

    selection, offers = await _within(installation, slug, choice, windows, now=now, enough=enough)
    zone = selection.place.zone
    return {who: datetime.fromtimestamp(at_s, zone) for who, at_s in firsts(offers).items()}


def _ahead(selection: Selection, now: datetime, since: date | None = None) -> list[Window]:
    """Where the next starts are looked for: the near days, then later ones up to the horizon."""
    whole = _whole_days(bookable(selection.directory, now))
    if since is not None:
        earliest_s = max(whole.earliest_s, wall_start_of_day_s(selection.place.zone, since))
        whole = replace(whole, earliest_s=earliest_s)
    edge_s = whole.earliest_s + NEAR_S
    far_s = max(NEAR_S, FAR_STARTS * 60 * selection.directory.policy.slot_step_min)
    far_s -= far_s % DAY_S
    return [
        Window(whole.earliest_s, edge_s),
        *(
            Window(first_s, min(first_s + far_s - 1, whole.latest_s))
            for first_s in range(edge_s + 1, whole.latest_s + 1, far_s)
        ),
    ]


async def _within(
    installation: Installation,
    slug: str,
    choice: Choice,
    windows: Callable[[Selection], list[Window]],
    *,
    now: datetime,
    enough: Callable[[Sequence[Offer]], bool] = lambda _offers: False,
) -> tuple[Selection, list[Offer]]:
    """What is on offer in windows of time, one after the other until there is enough.

    Each is one query; all are judged by one version of the business.
    """
    _, selection = await installation.judge(slug, lambda directory: select(directory, choice))
    while True:
        offers: list[Offer] = []
        version: int | None = None
        for window in windows(selection):
            version, more = await free(installation, selection, window, now=now)
            offers.append(more)
            if version != selection.directory.version or enough(offers):
                break
        if version == selection.directory.version:
            return selection, offers
        selection = select(await installation.current(slug), choice)


def bookable(directory: Directory, now: datetime, broken: Broken = NONE_BROKEN) -> Window:
    """The business's notice and horizon, from now, but for those that are `broken`; nothing while it
    is closed.
    """
    if directory.is_closed:
        now_s = int(now.timestamp())
        return Window(now_s + 1, now_s)
    limits = Window.bookable(now, directory.policy.notice_min, directory.policy.horizon_days)
    if Rule.NOTICE in broken:
        limits = replace(limits, earliest_s=_FIRST_DAY * DAY_S)
    if Rule.HORIZON in broken:
        limits = replace(limits, latest_s=_LAST_DAY * DAY_S)
    return limits


def days(zone: ZoneInfo, first: date, last: date) -> Window:
    """A zone's dates, both included, as a window of instants."""
    first_day = max(day_number(first), _FIRST_DAY)
    last_day = min(day_number(last), _LAST_DAY)
    if first_day > last_day:
        return Window(1, 0)
    return Window(
        wall_start_of_day_s(zone, date_of(first_day)),
        wall_start_of_day_s(zone, date_of(last_day + 1)) - 1,
    )


def _whole_days(window: Window) -> Window:
    """A window with all of its first and last day, UTC."""
    return Window(
        window.earliest_s - window.earliest_s % DAY_S,
        window.latest_s - window.latest_s % DAY_S + DAY_S,
    )


async def free(
    installation: Installation,
    selection: Selection,
    window: Window,
    *,
    now: datetime,
    released: UUID | None = None,
    broken: Broken = NONE_BROKEN,
) -> tuple[int | None, Offer]:
    """Who is free when, and the version of the business that the claims were read with.

    The window is cut to what can be booked now. The claims of the appointment `released` are read
    as given back. The rules that are `broken` count for nothing, but for the step.
    """
    directory, place = selection.directory, selection.place
    limits = bookable(directory, now, broken)
    # Whole days, so that what is read and worked out for one moment serves the next.
    window = window.within(_whole_days(limits))
    effort = present()
    work = _work(selection, window)
    effort.spend(work, "to")
    async with installation.lanes.for_(work).taken(effort.client):
        first_s, end_s = selection.offset_range_s()
        found = await installation.database.run(
            installation.busy.read,
            directory.business_id,
            selection.resource_ids(),
            window.earliest_s + first_s,
            max(window.latest_s, window.earliest_s) + end_s,
            now,
            released,
        )
        if found.version is None:
            return None, Offer(Grid(place.zone, 1, Window(1, 0)), {})
        grid = installation.grids.of(place.zone, directory.policy.slot_step_min, window)
        working = offers.offering(grid, limits, _parts(selection, found, broken))
        while True:
            try:
                next(working)
            except StopIteration as end:
                return found.version, end.value
            await effort.breathe()


def _work(selection: Selection, window: Window) -> int:
    """How much there is to work out: starts times people and rooms."""
    starts = max(0, window.latest_s - window.earliest_s) // (
        60 * selection.directory.policy.slot_step_min
    )
    whose = sum(
        len(part.performers) + sum(map(len, selection.needed_ids(part))) for part in selection.parts
    )
    return starts * whose


def _parts(selection: Selection, found: Read, broken: Broken) -> list[PartTimes]:
    directory, place = selection.directory, selection.place

    def visit(service: Service) -> Visit:
        return (service.without_buffers() if Rule.BUFFER in broken else service).visit

    return [
        PartTimes(
            part.offset_s,
            visit(part.service),
            {key: () if Rule.HOURS in broken else place.hours[key] for key in part.performers},
            {key: found.busy[directory.staff_ids[key]] for key in part.performers},
            [[found.busy[one] for one in kind] for kind in selection.needed_ids(part)],
        )
        for part in selection.parts
    ]
