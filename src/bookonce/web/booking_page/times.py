"""Days and times to choose from: the soonest, a month, and one day's by its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

from bookonce.availability.installation import Installation
from bookonce.availability.look import bookable, offer, soonest
from bookonce.availability.offers import Offer
from bookonce.availability.selection import Choice, Selection
from bookonce.platform.languages import Language

SOONEST = 3
SOONEST_LOOKED_AT = 40
"""Among so many of the next starts are those that are told as the soonest."""
NOON, EVENING = 12, 17  # hours at which the next part of the day begins
NOON_OF_DAY = clock(NOON)


@dataclass(frozen=True, slots=True)
class Time:
    """A start to choose: where it leads, and how it is written here and at the visitor's."""

    url: str
    moment: datetime
    text: str
    day: str
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
class Times:
    """What a visitor chooses a time from."""

    selection: Selection
    soonest: list[Time]
    month: Month
    day: str
    parts: list[tuple[str, list[Time]]]
    """The chosen day's times by part of day: "morning", "afternoon", "evening"."""
    noon: datetime
    """Of the chosen day."""

    @property
    def moments(self) -> list[datetime]:
        """The starts that are shown, the chosen day's first; its noon if there are none."""
        of_day = [each.moment for _, found in self.parts for each in found] or [self.noon]
        return [*of_day, *(each.moment for each in self.soonest)]


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
    selection, first = await soonest(installation, slug, choice, SOONEST_LOOKED_AT, now=now)
    zone = selection.place.zone
    limits = bookable(selection.directory, now)
    earliest, latest = (
        datetime.fromtimestamp(limit, zone).date() for limit in (limits.earliest_s, limits.latest_s)
    )
    soonest_day = datetime.fromtimestamp(next(iter(first)), zone).date() if first else earliest
    shown = min(max(chosen or soonest_day, earliest), latest)
    month_first = shown.replace(day=1)
    month_last = (month_first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    _, offered = await offer(installation, slug, choice, month_first, month_last, now=now)
    by_day = _by_day(offered, zone)

    def time(start: datetime) -> Time:
        theirs = ""
        if visitor_zone and clocks_differ(zone, visitor_zone, start):
            theirs = language.clock(start.astimezone(visitor_zone), start.date())
        there = url(start.date().isoformat(), start.isoformat())
        return Time(there, start, language.time(start), language.day(start.date()), theirs)

    def neighbour(day: date, allowed: bool) -> str:
        return url(day.isoformat(), None) if allowed else ""

    return Times(
        selection,
        [time(start) for start in _spread([datetime.fromtimestamp(each, zone) for each in first])],
        Month(
            language.month(month_first),
            language.weekdays(),
            _weeks(
                month_first, month_last, language, by_day, shown, url, now.astimezone(zone).date()
            ),
            neighbour(
                max(month_first - timedelta(days=1), earliest).replace(day=1),
                month_first > earliest,
            ),
            neighbour(month_last + timedelta(days=1), month_last < latest),
        ),
        language.long_day(shown),
        _parts(map(time, by_day.get(shown, []))),
        datetime.combine(shown, NOON_OF_DAY, zone),
    )


def _spread(starts: list[datetime]) -> list[datetime]:
    """The soonest starts of different days or parts of a day; the next ones if there are too few."""
    firsts: dict[tuple[date, str], datetime] = {}
    for start in starts:
        firsts.setdefault((start.date(), _part_of_day(start)), start)
    chosen = list(firsts.values())[:SOONEST]
    others = [start for start in starts if start not in chosen]
    return sorted([*chosen, *others[: SOONEST - len(chosen)]])


def clocks_differ(one: ZoneInfo, other: ZoneInfo, moment: datetime) -> bool:
    """Whether clocks of two zones show different times at a moment."""
    return moment.astimezone(one).utcoffset() != moment.astimezone(other).utcoffset()


def _by_day(offered: Offer, zone: ZoneInfo) -> dict[date, list[datetime]]:
    found: dict[date, list[datetime]] = {}
    for start_s in offered.starts():
        start = datetime.fromtimestamp(start_s, zone)
        found.setdefault(start.date(), []).append(start)
    return found


def _weeks(
    first: date,
    last: date,
    language: Language,
    by_day: dict[date, list[datetime]],
    shown: date,
    url: Callable[[str, str | None], str],
    today: date,
) -> list[list[Cell | None]]:
    lead = (first.weekday() - language.weekdays()[0][0]) % 7
    cells: list[Cell | None] = [None] * lead
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        free = url(day.isoformat(), None) if day in by_day else ""
        cells.append(Cell(day, language.day(day), free, day == shown and bool(free)))
    cells += [None] * (-len(cells) % 7)
    weeks = [cells[start : start + 7] for start in range(0, len(cells), 7)]
    return [week for week in weeks if any(cell and cell.day >= today for cell in week)]


def _parts(found: Iterable[Time]) -> list[tuple[str, list[Time]]]:
    parts: dict[str, list[Time]] = {"morning": [], "afternoon": [], "evening": []}
    for each in found:
        parts[_part_of_day(each.moment)].append(each)
    return [(name, times) for name, times in parts.items() if times]


def _part_of_day(moment: datetime) -> str:
    hour = moment.hour
    return "morning" if hour < NOON else "afternoon" if hour < EVENING else "evening"
