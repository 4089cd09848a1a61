"""Which starts are on offer: one pure function, asked when a page is shown and when a booking
is made.

A set of starts is an integer (`grid.py`). So "open, and nobody has it, and a chair is free" is
three operations on integers, however many people and days there are. Instants are whole seconds
since the epoch.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta

from bookonce.availability.grid import Bits, BusyTime, Grid, Window
from bookonce.business.hours import Hours, open_intervals
from bookonce.business.visits import Visit
from bookonce.platform.intervals import Interval

Start = Annotated[datetime, Meta(tz=True, examples=["2026-12-01T10:00:00+01:00"])]
"""A start as somebody asks for it: with an offset, or it could be any of several instants."""


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

    @property
    def names_count(self) -> int:
        """How many names `by_start` has in all."""
        return sum(bits.bit_count() for bits in self.free.values())

    def first(self, number: int) -> dict[int, list[str]]:
        """The first starts that can be booked with who can perform all of it, at most so many."""
        return {start: self.at(start) for start in self.grid.first(self.anyone, number)}

    def at(self, start_s: int) -> list[str]:
        """Who can perform all of it at a start on offer; nobody where it takes several."""
        return [who for who, bits in self.free.items() if self.grid.holds(bits, start_s)]

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


def opened(grid: Grid, hours: tuple[Hours, ...], offset_s: int, duration_s: int) -> Bits:
    """The starts of a grid of which the time from `offset_s` on, `duration_s` long, is open by all
    of some hours.
    """
    key = (hours, offset_s, duration_s)
    found = grid.known.get(key)
    if found is None:
        found = _opened(grid, hours, offset_s, duration_s)
        grid.keep(key, found)
    return found


@dataclass(frozen=True, slots=True)
class PartTimes:
    """What availability must know of one service within a visit that begins `offset_s` before it."""

    offset_s: int
    visit: Visit
    hours: Mapping[str, tuple[Hours, ...]]
    """Of each performer, all the hours that must be open."""
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
    working = offering(grid, window, parts)
    while True:
        try:
            next(working)
        except StopIteration as end:
            found: Offer = end.value
            return found


def offering(
    grid: Grid, window: Window, parts: Sequence[PartTimes]
) -> Generator[None, None, Offer]:
    """The same as `offer`, in steps: it yields after each person and each room."""
    possible = grid.between(window)
    by_part: list[dict[str, Bits]] = []
    for part in parts:
        for kind in part.needed:
            taken = grid.all
            for resource in kind:
                taken &= _colliding(grid, resource, (part.visit.whole,), part.offset_s)
                yield
            possible &= ~taken
        of_part: dict[str, Bits] = {}
        for performer, hours in part.hours.items():
            bits = opened(grid, hours, part.offset_s, part.visit.duration_s)
            busy = part.busy[performer]
            of_part[performer] = bits & ~_colliding(grid, busy, part.visit.attended, part.offset_s)
            yield
        by_part.append(of_part)
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
        yield
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
