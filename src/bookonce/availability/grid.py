"""The starts that a business's step allows, and sets of them.

The starts of a window are counted, and a set of them is an integer: bit n stands for the n-th. What
was worked out on a grid is kept with it, and all that is kept is bounded by bytes.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import compress, islice
from typing import Any
from zoneinfo import ZoneInfo

from bookonce.platform.intervals import Interval, merged
from bookonce.platform.zones import DAY_S, offset_segments

Bits = int
"""A set of starts of one grid."""

_BIT_VALUES = bytes.maketrans(b"01", b"\x00\x01")
GRIDS_BYTES_MAX = 64 * 1024 * 1024
_ENTRY_BYTES = 400
"""What a result takes besides its bits: its key, what the key refers to, its place."""


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

    __slots__ = ("_grids", "all", "kept_bytes", "known", "starts", "window", "zone")

    def __init__(
        self, zone: ZoneInfo, step_min: int, window: Window, grids: Grids | None = None
    ) -> None:
        self.zone = zone
        self.window = window
        self.starts = _on_step(zone, step_min, window)
        self.all: Bits = (1 << len(self.starts)) - 1
        self.known: dict[Any, Bits] = {}
        """What was worked out, if the grid is one that is kept."""
        self.kept_bytes = _ENTRY_BYTES + len(self.starts) * self.starts.itemsize + _bytes(self.all)
        self._grids = grids

    def keep(self, key: Any, found: Bits, key_bytes: int = 0) -> None:
        """Keep a result, if the grid itself is kept."""
        if self._grids is not None:
            self.known[key] = found
            self._grids.grown(self, _ENTRY_BYTES + _bytes(found) + key_bytes)

    def forget(self) -> None:
        """Keep nothing from now on."""
        self._grids = None
        self.known = {}

    def between(self, window: Window) -> Bits:
        """The starts within a window."""
        first = bisect_left(self.starts, window.earliest_s)
        end = bisect_right(self.starts, window.latest_s)
        return (1 << end) - (1 << first) if first < end else 0

    def read(self, bits: Bits) -> Iterator[int]:
        """The starts that a set holds, ascending."""
        return compress(self.starts, f"{bits:b}"[::-1].encode().translate(_BIT_VALUES))

    def first(self, bits: Bits, number: int) -> list[int]:
        """The first starts that a set holds, at most so many, ascending."""
        return list(islice(self.read(bits), number))

    def holds(self, bits: Bits, start_s: int) -> bool:
        """Whether a set holds a start of this grid."""
        return bool(bits >> bisect_left(self.starts, start_s) & 1)

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
        starts, end = self.starts, 0
        ranges = []
        for low, high in opened:
            first = bisect_left(starts, low - offset_s, end)
            end = bisect_right(starts, high - offset_s - duration_s, first)
            if first < end:
                ranges.append((first, end))
        return self._ranges(ranges)

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


def _on_step(zone: ZoneInfo, step_min: int, window: Window) -> array[int]:
    """The instants of a window whose wall-clock minutes since midnight are on the step."""
    step_s = step_min * 60
    found = array("q")
    for segment in offset_segments(zone, window.earliest_s, window.latest_s + 1):
        wall_s, wall_end_s = segment.start_s + segment.offset_s, segment.end_s + segment.offset_s
        midnight_s = wall_s - wall_s % DAY_S
        while midnight_s < wall_end_s:
            since_s = max(wall_s - midnight_s, 0)
            first_s = midnight_s + -(-since_s // step_s) * step_s
            next_midnight_s = midnight_s + DAY_S
            end_s = min(next_midnight_s, wall_end_s)
            offset_s = segment.offset_s
            found.extend(range(first_s - offset_s, end_s - offset_s, step_s))
            midnight_s = next_midnight_s
    return found


class BusyTime:
    """When somebody or something is taken, for a while: the claims with their buffers, as they
    were read. Never changes; what is worked out from it is kept with the grid.
    """

    __slots__ = ("ends_s", "starts_s")

    def __init__(self, claims: Iterable[Interval] = ()) -> None:
        taken = merged(claims)
        self.starts_s = array("q", [low for low, _ in taken])
        self.ends_s = array("q", [high for _, high in taken])

    def __len__(self) -> int:
        return len(self.starts_s)

    def colliding(self, grid: Grid, part: Interval) -> Bits:
        """The starts of a grid at which a part of a visit would overlap a claim."""
        if not self.starts_s:
            return 0
        key = (self, part)
        found = grid.known.get(key)
        if found is None:
            found = grid.colliding(zip(self.starts_s, self.ends_s, strict=True), part)
            grid.keep(key, found, len(self) * 2 * self.starts_s.itemsize)
        return found


def _bytes(bits: Bits) -> int:
    return 28 + bits.bit_length() // 7


class Grids:
    """The grids that a process has at hand, with all that was worked out on them.

    Those that were not asked for longest go, so that all together stay within their bytes.
    """

    def __init__(self, bytes_max: int = GRIDS_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._grids: OrderedDict[tuple[ZoneInfo, int, Window], Grid] = OrderedDict()
        self.kept_bytes = 0

    def of(self, zone: ZoneInfo, step_min: int, window: Window) -> Grid:
        """The grid of a window: the one at hand, or a new one."""
        key = (zone, step_min, window)
        grid = self._grids.get(key)
        if grid is None:
            grid = self._grids[key] = Grid(zone, step_min, window, self)
            self.kept_bytes += grid.kept_bytes
            self._shrink()
        else:
            self._grids.move_to_end(key)
        return grid

    def grown(self, grid: Grid, by_bytes: int) -> None:
        """A grid at hand has kept more."""
        grid.kept_bytes += by_bytes
        self.kept_bytes += by_bytes
        self._shrink()

    def _shrink(self) -> None:
        while self.kept_bytes > self._bytes_max:
            _, grid = self._grids.popitem(last=False)
            self.kept_bytes -= grid.kept_bytes
            grid.forget()
