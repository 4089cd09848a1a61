"""Plots as SVG, made by the server: shapes only, their words stand in the table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 120
BARS_MAX = 62
"""More days than that are drawn week by week."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in the units of the plot, the origin at the top left."""

    x: float
    y: float
    width: float
    height: float


def bars(values: Sequence[int]) -> list[Bar]:
    """A bar for each value, the highest as high as the plot; what is not zero can be seen."""
    top = max(values, default=0)
    if not top:
        return []
    step = WIDTH / len(values)
    found = []
    for number, value in enumerate(values):
        height = max(1.5, HEIGHT * value / top) if value else 0
        found.append(
            Bar(
                round(number * step + step * 0.1, 2),
                round(HEIGHT - height, 2),
                round(step * 0.8, 2),
                round(height, 2),
            )
        )
    return found


def in_steps(values: Sequence[int]) -> list[int]:
    """Day by day, or week by week if there are too many days."""
    if len(values) <= BARS_MAX:
        return list(values)
    return [sum(values[at : at + 7]) for at in range(0, len(values), 7)]
