"""The section on visits of several services."""

from __future__ import annotations

import statistics

from bench.figures import median_and_range, table
from bench.visits import BOOKINGS_A_ROUND, CONNECTIONS, KINDS, ROUNDS, STAFF, Results

GOAL = 2


def render(found: Results) -> str:
    """Ratios first."""
    rows = []
    for kind in KINDS:
        rounds = found.rounds[kind.name]
        rows.append(
            [
                kind.name,
                median_and_range(found.ratios(kind)),
                *(
                    f"{statistics.median(values):.2f}"
                    for values in (rounds.answer_ms, rounds.server_ms, rounds.database_ms)
                ),
            ]
        )
    return "\n\n".join(
        [
            "## Visits of several services",
            f"Bookings over HTTP on {CONNECTIONS} connections, one worker, {STAFF} people; "
            f"{ROUNDS} rounds of {BOOKINGS_A_ROUND:,} bookings of each kind, in turn. Nothing is "
            "refused. The ratio is that of processor time, server and database together, to a "
            f"booking of one service of a named person. The goal is less than {GOAL} for three "
            "services.",
            table(
                [
                    "", "÷ the first (least to most)", "p50 of an answer, ms",
                    "server, CPU ms a booking", "database, CPU ms a booking",
                ],
                rows,
            ),
        ]
    )  # fmt: skip
