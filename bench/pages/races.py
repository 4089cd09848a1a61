"""The sections on one time that everybody wants, and on other ways of booking."""

from __future__ import annotations

import statistics
from pathlib import Path

from bench import hot_slot, methods
from bench.figures import median_and_range, table
from bench.plots import Bar, bars


def render_hot_slot(found: hot_slot.Results) -> str:
    """Exactly one, and how the others were refused."""
    exactly_one = all(booked == 1 for booked in found.booked) and not found.overlaps
    return "\n\n".join(
        [
            "## One time, a thousand clients",
            f"{hot_slot.CLIENTS:,} clients, each on a connection of its own, ask one worker for "
            f"one start at once; {hot_slot.ROUNDS} starts, one after the other. Each refusal comes "
            "with up to three other starts.",
            table(
                ["", ""],
                [
                    ["booked, of each start", _each(found.booked)],
                    ["claims that overlap", str(found.overlaps)],
                    ["exactly one each time", "yes" if exactly_one else "**no**"],
                    ["refusals a second", median_and_range(found.refused_per_s, ",.0f")],
                    [
                        "p50 of the answers, ms, the wait in line included",
                        median_and_range([times.p50 for times in found.refusals], ",.0f"),
                    ],
                    ["p99", median_and_range([times.p99 for times in found.refusals], ",.0f")],
                ],
            ),
        ]
    )


def _each(counts: list[int]) -> str:
    least, most = min(counts), max(counts)
    return str(least) if least == most else f"{least} to {most}"


def render_methods(found: list[methods.Method], folder: Path) -> str:
    """Ours against the others, rate and double bookings."""
    ours = found[0]
    bars(
        folder / "methods.svg",
        "answers a second, median of the rounds; double bookings",
        [
            Bar(
                method.name,
                statistics.median(method.answered_per_s),
                note=f"{method.doubles:,} double",
                is_ours=method is ours,
            )
            for method in found
        ],
    )
    return "\n\n".join(
        [
            "## Against other ways of booking",
            "Bookonce's verb, the method that the project grew from (`bench/specimens/seed.py`) "
            "and what that became (`bench/specimens/successor.py`), in one process on the same "
            "schema and driver, without HTTP. "
            f"{methods.RACERS} racers for each time, {methods.VISITS_AT_ONCE} times at once, some "
            "racers a quarter of an hour early or late. Each has a database of its own; that of "
            "the others has no exclusion constraint. They write one row; Bookonce writes five.",
            table(
                [
                    "", "double bookings", "answers a second ÷ Bookonce's", "answers a second",
                    "booked a second", "booked", "refused", "gave up",
                ],
                [_method(method, ours) for method in found],
            ),
            "![Against other ways of booking](plots/methods.svg)",
            "A *double booking* is a pair of claims of one person that overlap. The last row is "
            "the same code as the one before it; only the index by which overlaps are found is a "
            "GiST index in place of a B-tree.",
        ]
    )  # fmt: skip


def _method(method: methods.Method, ours: methods.Method) -> list[str]:
    rate, our_rate = (statistics.median(one.answered_per_s) for one in (method, ours))
    return [
        method.name,
        f"{method.doubles:,}",
        f"{rate / our_rate:.2f}",
        f"{rate:,.0f}",
        f"{method.median_per_s:,.0f}",
        *(f"{method.outcomes[outcome]:,}" for outcome in ("booked", "refused", "gave up")),
    ]
