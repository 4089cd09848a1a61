"""Plots as SVG: legible on light and dark pages, and the same bytes for the same figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

INK = "#7d8590"  # more than 3:1 against white and against #0d1117
OURS, OTHERS = "#3b82c4", "#a8793a"
PARTS = ("#3b82c4", "#5a9e6f", "#a8793a", "#8a6bb1")
WIDTH_IN = 7.5

_STYLE: Any = {
    "svg.hashsalt": "bookonce",  # ids of elements, else random
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure with its name, and something to say beside it."""

    name: str
    value: float
    note: str = ""
    is_ours: bool = True


@contextmanager
def _figure(path: Path, title: str, height_in: float) -> Iterator[Any]:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
        axes = figure.subplots()
        axes.set_title(title, loc="left", fontsize=11)
        yield axes
        path.parent.mkdir(exist_ok=True)
        figure.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})
    # Without spaces at the ends of lines, which matplotlib leaves and editors take away.
    lines = path.read_text().splitlines()
    path.write_text("\n".join(one.rstrip() for one in lines) + "\n")


def bars(path: Path, title: str, values: Sequence[Bar]) -> None:
    """Horizontal bars, the first on top, each with its figure."""
    with _figure(path, title, 0.8 + 0.45 * len(values)) as axes:
        drawn = axes.barh(
            [bar.name for bar in values],
            [bar.value for bar in values],
            color=[OURS if bar.is_ours else OTHERS for bar in values],
        )
        labels = [f"{bar.value:,.0f}" + (f"; {bar.note}" if bar.note else "") for bar in values]
        axes.bar_label(drawn, labels, padding=4)
        axes.margins(x=0.3)
        axes.invert_yaxis()


def stacked(path: Path, title: str, parts: Mapping[str, float]) -> None:
    """One bar of several parts, with the name of each beneath."""
    with _figure(path, title, 1.7) as axes:
        left = 0.0
        for (name, value), colour in zip(parts.items(), PARTS, strict=False):
            axes.barh([""], [value], left=left, color=colour, label=f"{name}: {value:.2f}")
            left += value
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.3), ncols=2, frameon=False)


def line(
    path: Path,
    title: str,
    series: Mapping[str, Sequence[tuple[int, float]]],
    *,
    is_logarithmic: bool = False,
) -> None:
    """Figures over a growing number, from zero up."""
    with _figure(path, title, 2.8) as axes:
        for (name, points), colour in zip(series.items(), PARTS, strict=False):
            axes.plot(*zip(*points, strict=True), marker="o", color=colour, label=name)
        if is_logarithmic:
            axes.set_xscale("log")
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(0, 1.15 * max(value for points in series.values() for _, value in points))
        axes.xaxis.set_major_formatter(lambda number, _: f"{number:,.0f}")
        if len(series) > 1:
            axes.legend(frameon=False, loc="lower right")
