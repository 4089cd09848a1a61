"""The four rules of "When is a start on offer?", taken literally and slowly.

Nothing here is shared with the code it judges but `zoneinfo`: spans are read from the owner's own
words, and time is walked tick by tick, each tick asked what the clock on the wall shows. A tick is
a minute, or less where a zone's offset isn't whole minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import product
from math import gcd
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Claim = tuple[datetime, datetime]


Week = dict[str, list[str]]
Dates = dict[date, list[str]]


@dataclass(frozen=True)
class Performer:
    """Somebody's hours, as texts such as "22:00-02:00", and what they have claimed already."""

    week: Week
    dates: Dates = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """One service of a visit. `able`: the numbers of those who perform it; `kinds`: the rooms and
    devices that it needs one of. None: all there are.
    """

    duration_min: int
    phases: list[tuple[int, bool]] = field(default_factory=list)
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    able: list[int] | None = None
    kinds: list[str] | None = None


@dataclass(frozen=True)
class Situation:
    """One service, those who perform it, one moment, and the window of starts that is asked about.

    Times are aware and in UTC; the window's ends count. `phases` are minutes, and whether the
    performer is there. `rooms` has, by kind, the claims of each room or device there is. `more`:
    services that follow in the same visit, without a gap.
    """

    zone: str
    performers: list[Performer]
    duration_min: int
    now: datetime
    earliest: datetime
    latest: datetime
    place_week: Week | None = None
    place_dates: Dates = field(default_factory=dict)
    phases: list[tuple[int, bool]] = field(default_factory=list)
    rooms: dict[str, list[list[Claim]]] = field(default_factory=dict)
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    step_min: int = 15
    notice_min: int = 0
    horizon_days: int = 1_000
    able: list[int] | None = None
    kinds: list[str] | None = None
    more: list[Part] = field(default_factory=list)

    @property
    def parts(self) -> list[Part]:
        """All services of the visit, in order."""
        first = Part(
            self.duration_min,
            self.phases,
            self.buffer_before_min,
            self.buffer_after_min,
            self.able,
            self.kinds,
        )
        return [first, *self.more]


def starts_on_offer(situation: Situation) -> dict[datetime, list[int]]:
    """Every start on offer in the window, in order, and the numbers of those who are free for all
    of it: nobody, where it takes several people. Every way to share the parts out is tried.
    """
    parts = situation.parts
    duration = timedelta(minutes=sum(part.duration_min for part in parts))
    tick = _tick(situation)
    ticks = _ticks(situation.earliest, situation.latest + duration, tick)
    clock = [tick.astimezone(ZoneInfo(situation.zone)) for tick in ticks]
    ticks_of_visit = duration // tick
    place_is_open = [
        situation.place_week is None or _is_open(situation.place_week, situation.place_dates, wall)
        for wall in clock
    ]
    works = [
        [_is_open(performer.week, performer.dates, wall) for wall in clock]
        for performer in situation.performers
    ]
    found: dict[datetime, list[int]] = {}
    for index, start in enumerate(ticks):
        if (
            situation.earliest <= start <= situation.latest
            and _is_on_the_step(situation, clock[index])
            and _is_neither_too_soon_nor_too_far(situation, start)
            and all(place_is_open[index : index + ticks_of_visit])
        ):
            free: list[set[int]] = []
            at, tick_number = start, index
            for part in parts:
                length = timedelta(minutes=part.duration_min)
                end = tick_number + length // tick
                free.append(
                    {
                        number
                        for number, performer in enumerate(situation.performers)
                        if _has_rooms_for(part, situation, at)
                        and (part.able is None or number in part.able)
                        and all(works[number][tick_number:end])
                        and not any(
                            _overlaps(piece, performer.claims) for piece in _attended(part, at)
                        )
                    }
                )
                at, tick_number = at + length, end
            ways = list(product(*free))
            if ways:
                found[start] = sorted({way[0] for way in ways if len(set(way)) == 1})
    return found


def _has_rooms_for(part: Part, situation: Situation, start: datetime) -> bool:
    """Whether of each kind that a part needs one is free for all of it."""
    return all(
        any(not _overlaps(_whole(part, start), claims) for claims in situation.rooms[kind])
        for kind in (situation.rooms if part.kinds is None else part.kinds)
    )


def _is_on_the_step(situation: Situation, wall: datetime) -> bool:
    """Rule 1: minutes since midnight, as the clock shows them."""
    return wall.second == 0 and (wall.hour * 60 + wall.minute) % situation.step_min == 0


def _is_open(week: Week, dates: Dates, wall: datetime) -> bool:
    """Rule 2: in a span of this date, or past midnight in one that began the date before."""
    today = wall.date()
    yesterday = today - timedelta(days=1)
    time = f"{wall.hour:02}:{wall.minute:02}"
    for start, end in _spans(week, dates, today):
        if start <= time and (time < end or end <= start):
            return True
    return any(end <= start and time < end for start, end in _spans(week, dates, yesterday))


def _spans(week: Week, dates: Dates, day: date) -> list[tuple[str, str]]:
    """Starts and ends as written; "HH:MM" sorts as the time it stands for."""
    texts = dates.get(day, week.get(WEEKDAYS[day.weekday()], []))
    return [(text[:5], text[6:]) for text in texts]


def _whole(part: Part, start: datetime) -> Claim:
    """Rule 3 for rooms and equipment: theirs is the whole service with its buffers."""
    return (
        start - timedelta(minutes=part.buffer_before_min),
        start + timedelta(minutes=part.duration_min + part.buffer_after_min),
    )


def _attended(part: Part, start: datetime) -> list[Claim]:
    """Rule 3 for performers: theirs are the buffers and the phases that they are there for."""
    first, end = _whole(part, start)
    pieces = [(first, start)]
    at = start
    for minutes, with_staff in part.phases or [(part.duration_min, True)]:
        if with_staff:
            pieces.append((at, at + timedelta(minutes=minutes)))
        at += timedelta(minutes=minutes)
    return [(low, high) for low, high in [*pieces, (at, end)] if low < high]


def _overlaps(piece: Claim, claims: list[Claim]) -> bool:
    """Rule 3: against claims that have their own buffers in them already."""
    return any(low < piece[1] and piece[0] < high for low, high in claims)


def _is_neither_too_soon_nor_too_far(situation: Situation, start: datetime) -> bool:
    """Rule 4: both limits count as in time."""
    return (
        situation.now + timedelta(minutes=situation.notice_min)
        <= start
        <= situation.now + timedelta(hours=24 * situation.horizon_days)
    )


def _tick(situation: Situation) -> timedelta:
    """A minute, unless the zone's offset has seconds: then what divides both."""
    seconds = 60
    for moment in (situation.earliest, situation.latest):
        offset = moment.astimezone(ZoneInfo(situation.zone)).utcoffset()
        assert offset is not None
        seconds = gcd(seconds, int(offset.total_seconds()))
    return timedelta(seconds=seconds)


def _ticks(first: datetime, last: datetime, tick: timedelta) -> list[datetime]:
    """Whole ticks of UTC from the one at or before `first` to `last`."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    start = epoch + (first - epoch) // tick * tick
    return [start + index * tick for index in range((last - start) // tick + 1)]
