"""Which starts are on offer: one pure function, asked when a page is shown and when a booking
is made.

The starts that the step allows are counted, and a set of them is an integer: bit n stands for the
n-th. So "open, and nobody has it, and a chair is free" is three operations on integers, however
many people and days there are. Instants are whole seconds since the epoch.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import compress
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta

from bookonce.business.hours import Hours, open_intervals
from bookonce.business.visits import Visit
from bookonce.platform.intervals import Interval, merged
from bookonce.platform.zones import DAY_S, offset_segments

Start = Annotated[datetime, Meta(tz=True, examples=["2026-12-01T10:00:00+01:00"])]
"""A start as somebody asks for it: with an offset, or it could be any of several instants."""

Bits = int
"""A set of starts of one grid."""

_BIT_VALUES = bytes.maketrans(b"01", b"\x00\x01")
_GRIDS_KEPT = 64
_OPENINGS_KEPT = 4_096
_COLLISIONS_KEPT = 8


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


class Grid:
    """The starts of a window that lie on the step of a zone's wall clock, ascending."""

    __slots__ = ("all", "starts", "window", "zone")

    def __init__(self, zone: ZoneInfo, step_min: int, window: Window) -> None:
        self.zone = zone
        self.window = window
        self.starts = array("q", _on_step(zone, step_min, window))
        self.all: Bits = (1 << len(self.starts)) - 1

    @staticmethod
    @lru_cache(_GRIDS_KEPT)
    def of(zone: ZoneInfo, step_min: int, window: Window) -> Grid:
        """The same as the constructor, kept for when it is asked again."""
        return Grid(zone, step_min, window)

    def between(self, window: Window) -> Bits:
        """The starts within a window."""
        first = bisect_left(self.starts, window.earliest_s)
        end = bisect_right(self.starts, window.latest_s)
        return (1 << end) - (1 << first) if first < end else 0

    def read(self, bits: Bits) -> Iterator[int]:
        """The starts that a set holds, ascending."""
        return compress(self.starts, f"{bits:b}"[::-1].encode().translate(_BIT_VALUES))

    def _ranges(self, ranges: Iterable[tuple[int, int]]) -> Bits:
        """The union of index ranges [first, end), which ascend and don't overlap.

        The sum of 2^end minus the sum of 2^first: where one range ends and the next begins, the
        two cancel.
        """
        firsts = bytearray(len(self.starts) // 8 + 1)
        ends = bytearray(len(self.starts) // 8 + 1)
        for first, end in ranges:
            firsts[first >> 3] |= 1 << (first & 7)
            ends[end >> 3] |= 1 << (end & 7)
        return int.from_bytes(ends, "little") - int.from_bytes(firsts, "little")

    def inside(self, opened: Iterable[Interval], offset_s: int, duration_s: int) -> Bits:
        """The starts of which the time from `offset_s` on, `duration_s` long, lies wholly in one of
        some disjoint ascending intervals.
        """
        found: Bits = 0
        for low, high in opened:
            first = bisect_left(self.starts, low - offset_s)
            end = bisect_right(self.starts, high - offset_s - duration_s)
            if first < end:
                found |= (1 << end) - (1 << first)
        return found

    def colliding(self, taken: Iterable[Interval], part: Interval) -> Bits:
        """The starts whose `part` would overlap one of some disjoint ascending intervals.

        A part [a, b) of a visit that starts at t collides with [low, high) when t + a < high and
        t + b > low.
        """
        part_low, part_high = part
        starts, known_end = self.starts, 0
        ranges = []
        for low, high in taken:
            first = bisect_right(starts, low - part_high, known_end)
            end = bisect_left(starts, high - part_low, first)
            if first < end:
                ranges.append((first, end))
                known_end = end
        return self._ranges(ranges)


def _on_step(zone: ZoneInfo, step_min: int, window: Window) -> Iterator[int]:
    """The instants of a window whose wall-clock minutes since midnight are on the step."""
    step_s = step_min * 60
    for segment in offset_segments(zone, window.earliest_s, window.latest_s + 1):
        wall_s, wall_end_s = segment.start_s + segment.offset_s, segment.end_s + segment.offset_s
        midnight_s = wall_s - wall_s % DAY_S
        while midnight_s < wall_end_s:
            since_s = max(wall_s - midnight_s, 0)
            first_s = midnight_s + -(-since_s // step_s) * step_s
            next_midnight_s = midnight_s + DAY_S
            for start in range(first_s, min(next_midnight_s, wall_end_s), step_s):
                yield start - segment.offset_s
            midnight_s = next_midnight_s


class BusyTime:
    """When somebody or something is taken, for a while: the claims with their buffers, as they
    were read. Never changes; what is worked out from it is kept with it.
    """

    __slots__ = ("_collisions", "ends_s", "starts_s")

    def __init__(self, claims: Iterable[Interval] = ()) -> None:
        taken = merged(claims)
        self.starts_s = array("q", [low for low, _ in taken])
        self.ends_s = array("q", [high for _, high in taken])
        self._collisions: dict[tuple[Grid, Interval], Bits] = {}

    def __len__(self) -> int:
        return len(self.starts_s)

    def colliding(self, grid: Grid, part: Interval) -> Bits:
        """The starts of a grid at which a part of a visit would overlap a claim."""
        if not self.starts_s:
            return 0
        key = (grid, part)
        found = self._collisions.get(key)
        if found is None:
            if len(self._collisions) >= _COLLISIONS_KEPT:
                self._collisions.clear()
            found = grid.colliding(zip(self.starts_s, self.ends_s, strict=True), part)
            self._collisions[key] = found
        return found


@dataclass(frozen=True, slots=True)
class Offer:
    """Who can be booked at which starts of a grid."""

    grid: Grid
    free: Mapping[str, Bits]
    """By performer, in the business's order: the starts at which they can perform all of it."""
    shared: Bits = 0
    """The starts at which all of it can be performed, if not by one person then by several."""

    @property
    def anyone(self) -> Bits:
        """The starts that can be booked."""
        found = self.shared
        for bits in self.free.values():
            found |= bits
        return found

    def __len__(self) -> int:
        return self.anyone.bit_count()

    def starts(self) -> Iterator[int]:
        """The starts that can be booked, ascending."""
        return self.grid.read(self.anyone)

    def by_start(self) -> dict[int, list[str]]:
        """Who can perform all of it, by start, ascending; nobody where it takes several."""
        found: dict[int, list[str]] = {start: [] for start in self.starts()}
        for performer, bits in self.free.items():
            for start in self.grid.read(bits):
                found[start].append(performer)
        return found


def _opened(grid: Grid, hours: tuple[Hours, ...], offset_s: int, duration_s: int) -> Bits:
    found = grid.all
    window = grid.window
    for each in hours:
        opened = open_intervals(
            each,
            grid.zone,
            window.earliest_s + offset_s,
            window.latest_s + offset_s + max(duration_s, 1),
        )
        found &= grid.inside(opened, offset_s, duration_s)
    return found


@lru_cache(_OPENINGS_KEPT)
def opened(grid: Grid, hours: tuple[Hours, ...], offset_s: int, duration_s: int) -> Bits:
    """The starts of a grid of which the time from `offset_s` on, `duration_s` long, is open by all
    of some hours.
    """
    return _opened(grid, hours, offset_s, duration_s)


@dataclass(frozen=True, slots=True)
class PartTimes:
    """What availability must know of one service within a visit that begins `offset_s` before it."""

    offset_s: int
    visit: Visit
    opened: Mapping[str, Bits]
    """The starts that the hours of each performer allow."""
    busy: Mapping[str, Sequence[BusyTime]]
    """The performers' claims, piece by piece."""
    needed: Sequence[Sequence[Sequence[BusyTime]]] = ()
    """For each kind of room or equipment that it needs, the claims of each there is: one must be
    free for all of the part.
    """


def offer(grid: Grid, window: Window, parts: Sequence[PartTimes]) -> Offer:
    """The starts in `window` at which each performer can perform all parts, and those at which the
    parts can be shared among several.
    """
    possible = grid.between(window)
    by_part: list[dict[str, Bits]] = []
    for part in parts:
        for kind in part.needed:
            taken = grid.all
            for resource in kind:
                taken &= _colliding(grid, resource, (part.visit.whole,), part.offset_s)
            possible &= ~taken
        by_part.append(
            {
                performer: bits
                & ~_colliding(grid, part.busy[performer], part.visit.attended, part.offset_s)
                for performer, bits in part.opened.items()
            }
        )
    first, *others = by_part
    free = {performer: bits & possible for performer, bits in first.items()}
    if not others:
        return Offer(grid, free)
    shared = possible
    for each in by_part:
        anyone: Bits = 0
        for bits in each.values():
            anyone |= bits
        shared &= anyone
    for each in others:
        free = {who: bits & each[who] for who, bits in free.items() if who in each}
    return Offer(grid, free, shared)


def _colliding(
    grid: Grid, busy: Sequence[BusyTime], intervals: Sequence[Interval], offset_s: int
) -> Bits:
    """The starts at which any interval of a part would overlap any claim."""
    found: Bits = 0
    for piece in busy:
        for low_s, high_s in intervals:
            found |= piece.colliding(grid, (low_s + offset_s, high_s + offset_s))
    return found


def refusal(
    zone: ZoneInfo,
    step_min: int,
    parts: Sequence[tuple[Sequence[tuple[Hours, ...]], int, Visit]],
    window: Window,
    start: datetime,
) -> str | None:
    """Why nobody's hours and the business's rules allow a start, or None if they do.

    Each part is the hours of those who perform it, each with all the hours that must be open, its
    offset from the start in seconds, and its visit. Says nothing about claims: whether the time is
    taken is the database's to say.
    """
    start_s = math.floor(start.timestamp())
    if start_s < window.earliest_s:
        return "it is in the past or too soon"
    if start_s > window.latest_s:
        return "it is too far ahead"
    grid = Grid(zone, step_min, Window(start_s, start_s))
    if start.microsecond or not grid.starts:
        return f"starts fall on every {step_min} minutes from midnight, local time"
    for performers_hours, offset_s, visit in parts:
        if not any(_opened(grid, each, offset_s, visit.duration_s) for each in performers_hours):
            return "it is outside opening hours"
    return None
