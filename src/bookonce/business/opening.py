"""When a place is open, as people ask it: today, in a usual week, and which days are not usual.

The hours of a location are what its business says. Without any it is open whenever somebody works
there. Minutes are those of the place's clock, since midnight; past 1440 means the next day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from bookonce.business.directory import Place
from bookonce.business.hours import DAY_MIN, Hours, Span
from bookonce.platform.intervals import Interval, merged
from bookonce.platform.zones import day_number

Ways = tuple[tuple[Hours, ...], ...]
UNUSUAL_DAYS = 28
WEEK = 7


@dataclass(frozen=True, slots=True)
class Opening:
    """When a place is open; each way to be open is hours of which all must be."""

    ways: Ways

    @classmethod
    def of(cls, place: Place) -> Opening:
        """By what the location says, or by who works there."""
        own = place.own_hours
        return cls(((own,),) if own is not None else tuple(place.hours.values()))

    def on(self, day: date) -> tuple[Interval, ...]:
        """The spans that begin on a date."""
        return _on(self.ways, day_number(day))

    def usually(self) -> tuple[tuple[Interval, ...], ...]:
        """The spans of the seven weekdays, Monday first, whatever single dates say."""
        return _usually(self.ways)

    def unusual(self, first: date) -> list[tuple[date, tuple[Interval, ...]]]:
        """The dates from `first` on that are closed or open against the rule of the week."""
        usually = self.usually()
        days = (first + timedelta(days=number) for number in range(UNUSUAL_DAYS))
        found = ((day, self.on(day)) for day in days)
        return [(day, spans) for day, spans in found if bool(spans) != bool(usually[day.weekday()])]

    def now(self, wall: datetime) -> State:
        """Whether it is open at a time of the place's clock, and what comes next."""
        today = wall.date()
        minute = wall.hour * 60 + wall.minute
        for day, shift in ((today - timedelta(days=1), DAY_MIN), (today, 0)):
            for start_min, end_min in self.on(day):
                if start_min <= minute + shift < end_min:
                    return State(True, _at(day, end_min))
        for number in range(UNUSUAL_DAYS):
            day = today + timedelta(days=number)
            for start_min, _ in self.on(day):
                if number or start_min > minute:
                    return State(False, _at(day, start_min))
        return State(False, None)


@dataclass(frozen=True, slots=True)
class State:
    """Open or not, and when that ends by the place's clock; None if nobody can tell."""

    is_open: bool
    until: datetime | None


# Each page with the hours asks for a month of days; hours are told apart by identity, so what comes
# of them is kept for as long as a business stays as it is.
@lru_cache(4_096)
def _on(ways: Ways, number: int) -> tuple[Interval, ...]:
    return _union([hours.spans_on(number) for hours in way] for way in ways)


@lru_cache(512)
def _usually(ways: Ways) -> tuple[tuple[Interval, ...], ...]:
    return tuple(
        _union([hours.weekly[weekday] for hours in way] for way in ways) for weekday in range(WEEK)
    )


def _at(day: date, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day) + timedelta(minutes=minute)


def _union(ways: Iterable[Sequence[tuple[Span, ...]]]) -> tuple[Interval, ...]:
    different = set(map(tuple, ways))  # most of those who work somewhere have the same hours
    return tuple(merged([span for way in different for span in _common(way)]))


def _common(all_of: Sequence[Sequence[Span]]) -> list[Interval]:
    """The minutes that lie in a span of each."""
    found = [(span.start_min, span.end_min) for span in all_of[0]]
    for others in all_of[1:]:
        found = [
            (max(start, other.start_min), min(end, other.end_min))
            for start, end in found
            for other in others
            if max(start, other.start_min) < min(end, other.end_min)
        ]
    return found
