"""Which starts are on offer: one pure function, asked when a page is shown and when a booking
is made.

Instants are whole seconds since the epoch. `busy` are a performer's claims with their own
buffers, half-open.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta

from bookonce.core.hours import Hours, Interval, merged, open_intervals
from bookonce.core.zones import DAY_S, offset_s, offset_segments

Start = Annotated[datetime, Meta(tz=True, examples=["2026-12-01T10:00:00+01:00"])]
"""A start as somebody asks for it: with an offset, or it could be any of several instants."""


@dataclass(frozen=True, slots=True)
class Visit:
    """How long a service takes somebody, and the buffers kept free around it. Minutes."""

    duration_min: int
    buffer_before_min: int = 0
    buffer_after_min: int = 0

    @property
    def duration_s(self) -> int:
        """The client's part, in seconds."""
        return self.duration_min * 60

    def claimed_s(self, start_s: int) -> Interval:
        """The time the visit takes from its performer, buffers included."""
        return (
            start_s - self.buffer_before_min * 60,
            start_s + (self.duration_min + self.buffer_after_min) * 60,
        )


@dataclass(frozen=True, slots=True)
class Window:
    """The earliest and latest start that may be considered, both included. Seconds."""

    earliest_s: int
    latest_s: int

    @classmethod
    def bookable(cls, now: datetime, notice_min: int, horizon_days: int) -> Window:
        """From `notice_min` to `horizon_days` × 24 hours after `now`, an aware datetime."""
        now_s = now.timestamp()
        return cls(math.ceil(now_s + notice_min * 60), math.floor(now_s + horizon_days * DAY_S))

    def within(self, other: Window) -> Window:
        """The part of this window that lies in another; empty if latest < earliest."""
        return Window(max(self.earliest_s, other.earliest_s), min(self.latest_s, other.latest_s))


def offered_starts(
    zone: ZoneInfo,
    step_min: int,
    hours: Hours,
    visit: Visit,
    busy: Iterable[Interval],
    window: Window,
) -> list[int]:
    """The starts in `window` at which this performer can be booked, ascending.

    A start is on the step of the wall clock, the whole visit lies in open hours, and the visit
    with its buffers overlaps nothing in `busy`.
    """
    if window.earliest_s > window.latest_s:
        return []
    opened = open_intervals(hours, zone, window.earliest_s, window.latest_s + visit.duration_s)
    allowed = [
        (low, min(high - visit.duration_s, window.latest_s))
        for low, high in opened
        if high - low >= visit.duration_s
    ]
    free = _without_busy(allowed, busy, visit)
    return list(_on_step(free, zone, step_min))


def _without_busy(
    allowed: Iterable[Interval], busy: Iterable[Interval], visit: Visit
) -> Iterator[Interval]:
    """Cut from closed intervals of starts those that would overlap a claim.

    A start t collides with a claim [low, high) when t - before < high and t + duration + after >
    low, so a claim removes the open interval between; what stays is closed again.
    """
    before_s, claim_end_s = -visit.claimed_s(0)[0], visit.claimed_s(0)[1]
    blocked = [(low - claim_end_s, high + before_s) for low, high in merged(busy)]
    index = 0
    for low, high in allowed:
        while index < len(blocked) and blocked[index][1] <= low:
            index += 1
        position = index
        while low <= high and position < len(blocked) and blocked[position][0] < high:
            removed_low, removed_high = blocked[position]
            if low <= removed_low:
                yield low, removed_low
            low = max(low, removed_high)
            position += 1
        if low <= high:
            yield low, high


def _on_step(intervals: Iterable[Interval], zone: ZoneInfo, step_min: int) -> Iterator[int]:
    """The instants of closed intervals whose wall-clock minutes since midnight are on the step."""
    step_s = step_min * 60
    for low, high in intervals:
        for segment in offset_segments(zone, low, high + 1):
            wall_s, wall_end_s = (
                segment.start_s + segment.offset_s,
                segment.end_s + segment.offset_s,
            )
            midnight_s = wall_s - wall_s % DAY_S
            while midnight_s < wall_end_s:
                since_s = max(wall_s - midnight_s, 0)
                first_s = midnight_s + -(-since_s // step_s) * step_s
                next_midnight_s = midnight_s + DAY_S
                for start in range(first_s, min(next_midnight_s, wall_end_s), step_s):
                    yield start - segment.offset_s
                midnight_s = next_midnight_s


def refusal(
    zone: ZoneInfo,
    step_min: int,
    performers_hours: Sequence[Hours],
    visit: Visit,
    window: Window,
    start: datetime,
) -> str | None:
    """Why nobody's hours and the business's rules allow a start, or None if they do.

    Says nothing about claims: whether somebody has the time is the database's to say.
    """
    start_s = math.floor(start.timestamp())
    moment = Window(start_s, start_s)
    if not start.microsecond and any(
        offered_starts(zone, step_min, hours, visit, (), moment.within(window))
        for hours in performers_hours
    ):
        return None
    if start_s < window.earliest_s:
        return "it is in the past or too soon"
    if start_s > window.latest_s:
        return "it is too far ahead"
    wall_s = start_s + offset_s(zone, start_s)
    if start.microsecond or (wall_s % DAY_S) % (step_min * 60):
        return f"starts fall on every {step_min} minutes from midnight, local time"
    return "it is outside opening hours"
