"""Days and times to choose from: the soonest, a month, two weeks, and one day's by its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

from bookonce.availability.installation import Installation
from bookonce.availability.look import bookable, next_apart, offer, soonest
from bookonce.availability.offers import Offer
from bookonce.availability.selection import Choice, Selection
from bookonce.platform.languages import Language

SOONEST = 3
NOON, EVENING = 12, 17  # hours at which the next part of the day begins
NOON_OF_DAY = clock(NOON)
WEEKS = 2
"""So many are shown where there is no room for a month."""
_WEEK = timedelta(days=7)
_AROUND = WEEKS * _WEEK - timedelta(days=1)
"""So far beyond a month's end the weeks of its last day reach, at most."""


@dataclass(frozen=True, slots=True)
class Time:
    """A start to choose: where it leads, and how it is written here and at the visitor's."""

    url: str
    moment: datetime
    text: str
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of a month; `url` only if it has free times."""

    day: date
    text: str
    url: str = ""
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Month:
    """A month as weeks of seven, the days of other months empty, with its neighbours; weeks that
    are over are left out.
    """

    name: str
    weekdays: list[tuple[int, str, str]]
    weeks: list[list[Cell | None]]
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True)
class Weeks:
    """The two weeks around the chosen day, with those before and after."""

    name: str
    weeks: list[list[Cell | None]]
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True)
class NextFree:
    """The next day with free times after one that has none."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Times:
    """What a visitor chooses a time from."""

    selection: Selection
    soonest: list[tuple[str, Time]]
    """Each with its day."""
    month: Month
    near: Weeks
    day: str
    parts: list[tuple[str, list[Time]]]
    """The chosen day's times by part of day: "morning", "afternoon", "evening"."""
    noon: datetime
    """Of the chosen day."""
    next_free: NextFree | None
    """If the chosen day has no times, and a later one has."""

    @property
    def moments(self) -> list[datetime]:
        """The starts that are shown, the chosen day's first; its noon if there are none."""
        of_day = [each.moment for _, found in self.parts for each in found] or [self.noon]
        return [*of_day, *(each.moment for _, each in self.soonest)]


async def times(
    installation: Installation,
    slug: str,
    choice: Choice,
    chosen: date | None,
    url: Callable[[str, str | None], str],
    language: Language,
    visitor_zone: ZoneInfo | None,
    *,
    now: datetime,
) -> Times:
    """Times on offer around a chosen date, absent that around the soonest.

    `url` makes an address from a date and a start. Raises NotFoundError and ValidationError.
    """
    selection, first = await _soonest(installation, slug, choice, now)
    zone = selection.place.zone
    limits = bookable(selection.directory, now)
    today = now.astimezone(zone).date()
    earliest, latest = (
        datetime.fromtimestamp(limit, zone).date() for limit in (limits.earliest_s, limits.latest_s)
    )
    shown = min(max(chosen or (first[0].date() if first else earliest), earliest), latest)
    month_first = shown.replace(day=1)
    month_last = (month_first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    _, offered = await offer(
        installation, slug, choice, month_first - _WEEK, month_last + _AROUND, now=now
    )
    by_day = _by_day(offered, zone)

    def time(start: datetime) -> Time:
        theirs = ""
        if visitor_zone and clocks_differ(zone, visitor_zone, start):
            theirs = language.clock(start.astimezone(visitor_zone), start.date())
        there = url(start.date().isoformat(), start.isoformat())
        return Time(there, start, language.time(start), theirs)

    def cell(day: date) -> Cell:
        free = url(day.isoformat(), None) if day in by_day else ""
        return Cell(day, language.day(day), free, day == shown and bool(free))

    def day_url(day: date, is_allowed: bool) -> str:
        return url(day.isoformat(), None) if is_allowed else ""

    next_free = None
    if first and shown not in by_day:
        next_free = await _next_free(installation, slug, choice, shown, by_day, now)
    first_weekday = language.weekdays()[0][0]
    near_first = max(_week_of(shown, first_weekday), _week_of(today, first_weekday))
    near_end = near_first + WEEKS * _WEEK
    return Times(
        selection,
        [(language.short_day(start.date()), time(start)) for start in first],
        Month(
            language.month(month_first),
            language.weekdays(),
            _month_weeks(month_first, month_last, first_weekday, cell, today),
            day_url(
                max(month_first - timedelta(days=1), earliest).replace(day=1),
                month_first > earliest,
            ),
            day_url(month_last + timedelta(days=1), month_last < latest),
        ),
        Weeks(
            language.dates(near_first, near_end - timedelta(days=1)),
            _near_weeks(near_first, cell),
            day_url(max(near_first - WEEKS * _WEEK, earliest), near_first > earliest),
            day_url(near_end, near_end <= latest),
        ),
        language.long_day(shown),
        _parts(map(time, by_day.get(shown, []))),
        datetime.combine(shown, NOON_OF_DAY, zone),
        NextFree(day_url(next_free, True), language.day(next_free)) if next_free else None,
    )


async def _soonest(
    installation: Installation, slug: str, choice: Choice, now: datetime
) -> tuple[Selection, list[datetime]]:
    """The next starts of different days or parts of a day; if there are too few of these, others
    beside them.
    """
    selection, apart = await next_apart(installation, slug, choice, SOONEST, _end_of_part, now=now)
    if 0 < len(apart) < SOONEST:
        _, others = await soonest(installation, slug, choice, SOONEST, now=now)
        apart = sorted(
            {*apart, *[each for each in others if each not in apart][: SOONEST - len(apart)]}
        )
    return selection, [datetime.fromtimestamp(each, selection.place.zone) for each in apart]


def _end_of_part(zone: ZoneInfo, start_s: int) -> int:
    """When the part of the day that a start lies in is over."""
    start = datetime.fromtimestamp(start_s, zone)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    ends = {"morning": midnight.replace(hour=NOON), "afternoon": midnight.replace(hour=EVENING)}
    end = ends.get(_part_of_day(start), midnight + timedelta(days=1))
    return int(end.timestamp())


async def _next_free(
    installation: Installation,
    slug: str,
    choice: Choice,
    shown: date,
    by_day: dict[date, list[datetime]],
    now: datetime,
) -> date | None:
    """The next day after the one that is shown that has free times; `by_day` are those at hand."""
    later = [day for day in by_day if day > shown]
    if later:
        return min(later)
    selection, found = await next_apart(
        installation, slug, choice, 1, _end_of_part, now=now, since=shown
    )
    return datetime.fromtimestamp(found[0], selection.place.zone).date() if found else None


def clocks_differ(one: ZoneInfo, other: ZoneInfo, moment: datetime) -> bool:
    """Whether clocks of two zones show different times at a moment."""
    return moment.astimezone(one).utcoffset() != moment.astimezone(other).utcoffset()


def _by_day(offered: Offer, zone: ZoneInfo) -> dict[date, list[datetime]]:
    found: dict[date, list[datetime]] = {}
    for start_s in offered.starts():
        start = datetime.fromtimestamp(start_s, zone)
        found.setdefault(start.date(), []).append(start)
    return found


def _week_of(day: date, first_weekday: int) -> date:
    """The first day of its week."""
    return day - timedelta(days=(day.weekday() - first_weekday) % 7)


def _month_weeks(
    first: date, last: date, first_weekday: int, cell: Callable[[date], Cell], today: date
) -> list[list[Cell | None]]:
    cells: list[Cell | None] = [None] * (first - _week_of(first, first_weekday)).days
    cells += [cell(first + timedelta(days=number)) for number in range((last - first).days + 1)]
    cells += [None] * (-len(cells) % 7)
    weeks = [cells[start : start + 7] for start in range(0, len(cells), 7)]
    return [week for week in weeks if any(each and each.day >= today for each in week)]


def _near_weeks(first: date, cell: Callable[[date], Cell]) -> list[list[Cell | None]]:
    return [
        [cell(first + timedelta(days=7 * week + number)) for number in range(7)]
        for week in range(WEEKS)
    ]


def _parts(found: Iterable[Time]) -> list[tuple[str, list[Time]]]:
    parts: dict[str, list[Time]] = {"morning": [], "afternoon": [], "evening": []}
    for each in found:
        parts[_part_of_day(each.moment)].append(each)
    return [(name, times) for name, times in parts.items() if times]


def _part_of_day(moment: datetime) -> str:
    hour = moment.hour
    return "morning" if hour < NOON else "afternoon" if hour < EVENING else "evening"
