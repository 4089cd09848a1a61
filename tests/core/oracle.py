"""The four rules of "When is a start on offer?", taken literally and slowly.

Nothing here is shared with the code it judges but `zoneinfo`: spans are read from the owner's own
words, and time is walked tick by tick, each tick asked what the clock on the wall shows. A tick is
a minute, or less where a zone's offset isn't whole minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import gcd
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Claim = tuple[datetime, datetime]


@dataclass(frozen=True)
class Situation:
    """One performer, one service, one moment, and the window of starts that is asked about.

    Spans are texts such as "22:00-02:00"; times are aware and in UTC; the window's ends count.
    """

    zone: str
    week: dict[str, list[str]]
    duration_min: int
    now: datetime
    earliest: datetime
    latest: datetime
    dates: dict[date, list[str]] = field(default_factory=dict)
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    claims: list[Claim] = field(default_factory=list)
    step_min: int = 15
    notice_min: int = 0
    horizon_days: int = 1_000


def starts_on_offer(situation: Situation) -> list[datetime]:
    """Every start on offer in the window, in order."""
    duration = timedelta(minutes=situation.duration_min)
    tick = _tick(situation)
    ticks = _ticks(situation.earliest, situation.latest + duration, tick)
    clock = [tick.astimezone(ZoneInfo(situation.zone)) for tick in ticks]
    is_open = [_is_open(situation, wall) for wall in clock]
    ticks_of_visit = duration // tick
    return [
        start
        for index, start in enumerate(ticks)
        if situation.earliest <= start <= situation.latest
        and _is_on_the_step(situation, clock[index])
        and all(is_open[index : index + ticks_of_visit])
        and not _overlaps_a_claim(situation, start)
        and _is_neither_too_soon_nor_too_far(situation, start)
    ]


def _is_on_the_step(situation: Situation, wall: datetime) -> bool:
    """Rule 1: minutes since midnight, as the clock shows them."""
    return wall.second == 0 and (wall.hour * 60 + wall.minute) % situation.step_min == 0


def _is_open(situation: Situation, wall: datetime) -> bool:
    """Rule 2: in a span of this date, or past midnight in one that began the date before."""
    today = wall.date()
    yesterday = today - timedelta(days=1)
    time = f"{wall.hour:02}:{wall.minute:02}"
    for start, end in _spans(situation, today):
        if start <= time and (time < end or end <= start):
            return True
    return any(end <= start and time < end for start, end in _spans(situation, yesterday))


def _spans(situation: Situation, day: date) -> list[tuple[str, str]]:
    """Starts and ends as written; "HH:MM" sorts as the time it stands for."""
    texts = situation.dates.get(day, situation.week.get(WEEKDAYS[day.weekday()], []))
    return [(text[:5], text[6:]) for text in texts]


def _overlaps_a_claim(situation: Situation, start: datetime) -> bool:
    """Rule 3: the visit with its buffers, against claims that have theirs in them already."""
    taken_from = start - timedelta(minutes=situation.buffer_before_min)
    taken_to = start + timedelta(minutes=situation.duration_min + situation.buffer_after_min)
    return any(low < taken_to and taken_from < high for low, high in situation.claims)


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
