"""Half-open intervals of whole seconds."""

from __future__ import annotations

from collections.abc import Iterable

Interval = tuple[int, int]
"""Half-open [start_s, end_s), since the epoch or since a visit's start."""


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The union of intervals: disjoint, ascending, touching ones joined, empty ones left out."""
    union: list[Interval] = []
    for low, high in sorted(intervals):
        if union and low <= union[-1][1]:
            if high > union[-1][1]:
                union[-1] = (union[-1][0], high)
        elif low < high:
            union.append((low, high))
    return union
