"""The section on large installations."""

from __future__ import annotations

from pathlib import Path

from bench.figures import both, table
from bench.growth import IN_SALON, ROUNDS, STAFF, Size
from bench.plots import line

FLAT = 1.2


def render(found: list[Size], folder: Path) -> str:
    """Ratios to the smallest."""
    small = found[0]
    line(
        folder / "growth.svg",
        f"median cost ÷ that at {small.appointments:,} appointments",
        {
            "booking": [(one.appointments, one.booking.p50 / small.booking.p50) for one in found],
            "look": [(one.appointments, one.look.p50 / small.look.p50) for one in found],
        },
        is_logarithmic=True,
    )
    return "\n\n".join(
        [
            "## Growth",
            f"One business of {STAFF} staff and {IN_SALON:,} appointments, in installations of "
            "growing size that are otherwise businesses like it; all on one PostgreSQL with 256 MB "
            f"of buffers, asked in turn, {ROUNDS:,} times each, a look at a day and a booking of "
            "something that it showed. Server time; the goal is to stay within "
            f"{FLAT}. Made by `make bench-growth`.",
            table(
                [
                    "appointments", "booking ÷", "look ÷", "booking p50, ms", "p99, ms",
                    "look p50, ms", "p99, ms", "filled in, s", "on disk, GB",
                ],
                [
                    [
                        f"{one.appointments:,}",
                        f"{one.booking.p50 / small.booking.p50:.2f}",
                        f"{one.look.p50 / small.look.p50:.2f}",
                        *both(one.booking), *both(one.look),
                        f"{one.filled_s:,.0f}", f"{one.gigabytes:,.2f}",
                    ]
                    for one in found
                ],
            ),
            "![Growth](plots/growth.svg)",
        ]
    )  # fmt: skip
