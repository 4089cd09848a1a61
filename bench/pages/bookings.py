"""The sections on how many bookings come a second, and on what one costs."""

from __future__ import annotations

import statistics
from pathlib import Path

from bench import cost
from bench.bookings import CONNECTIONS, PRELOADED, ROUNDS, SECONDS, Results, Rounds
from bench.figures import Times, median_and_range, table
from bench.plots import Bar, bars, stacked

GOAL = 0.5


def render(found: Results, folder: Path) -> str:
    """Ratios first."""
    parts = [
        "## Bookings a second",
        f"Bookings over HTTP, on {CONNECTIONS} connections that each wait for their answer, "
        "against pgbench with the same statement, prepared, on as many connections. One database "
        f"that held {PRELOADED:,} appointments at the start and {found.appointments:,} at the end; "
        f"{ROUNDS} rounds of {SECONDS} s each, in turn. Each connection books a person of its own; "
        "each booking is a new client's, with a key. The load generator is a process of its own on "
        "the same processors; its share of one processor is in the table.",
        _ratios(found),
        _figures(found),
    ]
    if found.pgbench is not None:
        bars(
            folder / "bookings.svg",
            "bookings a second, median of the rounds",
            [Bar("pgbench, same statement", found.pgbench.median_per_s, is_ours=False)]
            + [
                Bar(f"over HTTP, {_workers(workers)}", rounds.median_per_s)
                for workers, rounds in found.http.items()
            ],
        )
        parts.insert(3, "![Bookings a second](plots/bookings.svg)")
    return "\n\n".join(parts)


def _workers(workers: int) -> str:
    return f"{workers} worker" + ("s" if workers > 1 else "")


def _ratios(found: Results) -> str:
    if found.pgbench is None:
        return "pgbench was not found, so the ratio was not measured."
    return table(
        ["Bookonce ÷ pgbench", "median of rounds (least to most)"],
        [[_workers(workers), median_and_range(found.ratios(workers))] for workers in found.http],
    )


def _figures(found: Results) -> str:
    def row(name: str, rounds: Rounds, times: Times | None) -> list[str]:
        server = f"{statistics.median(rounds.server_ms):.2f}" if rounds.server_ms else ""
        return [
            name,
            median_and_range(rounds.per_s, ",.0f"),
            f"{times.p50:.1f}" if times else f"{statistics.median(rounds.all_ms):.1f} (mean)",
            f"{times.p99:.1f}" if times else "",
            server,
            f"{statistics.median(rounds.database_ms):.2f}",
            f"{statistics.median(rounds.generator_share):.0%}",
        ]

    rows = [
        row(_workers(workers), rounds, Times(sorted(rounds.all_ms)))
        for workers, rounds in found.http.items()
    ]
    if found.pgbench is not None:
        rows.append(row("pgbench", found.pgbench, None))
    return table(
        [
            "", "bookings a second", "p50, ms", "p99, ms", "server, CPU ms a booking",
            "database, CPU ms a booking", "load generator's share of a processor",
        ],
        rows,
    )  # fmt: skip


def render_cost(found: cost.Results, folder: Path) -> str:
    """What is left when a part is left away, subtracted."""
    parts = found.parts()
    whole = sum(parts.values())
    stacked(folder / "cost.svg", "processor time of a booking, ms", parts)
    return "\n\n".join(
        [
            "## What a booking costs",
            f"Processor time, one worker, {cost.AT_ONCE} bookings at once, medians of "
            f"{cost.ROUNDS} rounds of {cost.BOOKINGS_A_ROUND:,}. The parts are found by leaving "
            "parts away: the whole server over HTTP; the verb called in the same way without HTTP; "
            "the statement with parameters at hand; PostgreSQL's processes are read from /proc.",
            table(
                ["part", "ms", "share"],
                [[name, f"{ms:.2f}", f"{ms / whole:.0%}"] for name, ms in parts.items()]
                + [["together", f"{whole:.2f}", ""]],
            ),
            "![What a booking costs](plots/cost.svg)",
        ]
    )
