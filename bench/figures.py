"""Measured times, and how figures are written down."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """Measured times in milliseconds, ascending."""

    all_ms: list[float]

    @property
    def p50(self) -> float:
        """The median."""
        return statistics.median(self.all_ms)

    @property
    def p99(self) -> float:
        """All but one in a hundred took no longer."""
        return self.all_ms[min(len(self.all_ms) * 99 // 100, len(self.all_ms) - 1)]


def both(times: Times) -> list[str]:
    """p50 and p99 as cells of a table."""
    return [f"{times.p50:,.2f}", f"{times.p99:,.2f}"]


def median_and_range(values: Sequence[float], form: str = ",.2f") -> str:
    """The median of some rounds, and the least and the most."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, figures to the right."""
    marks = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, marks, *rows])
