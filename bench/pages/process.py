"""The section on one server process."""

from __future__ import annotations

from pathlib import Path

from bench.figures import table
from bench.plots import line
from bench.process import REQUESTS, STARTS, STEP, Results, medians


def render(found: Results, folder: Path) -> str:
    """Starts, and memory."""
    line(
        folder / "memory.svg",
        "resident memory of a worker, MiB, by requests answered",
        {"worker": found.memory_mb},
    )
    return "\n\n".join(
        [
            "## Starting, and staying small",
            f"From the command to the first good answer of `/readyz`, medians of {STARTS}:",
            table(
                ["`bookonce serve`", "ms"],
                [[name, f"{ms:,.0f}"] for name, ms in medians(found).items()],
            ),
            f"Memory of one worker over {REQUESTS:,} requests, half of them looks at a day, a "
            f"quarter bookings, a quarter refusals; after each {STEP:,} all is cancelled, so that "
            "there is as much to know as before:",
            table(
                ["", ""],
                [
                    [f"after {REQUESTS:,} requests ÷ after {STEP:,}", f"{found.growth:.2f}"],
                    [f"after {REQUESTS:,} ÷ after {REQUESTS // 2:,}", f"{found.late_growth:.2f}"],
                    ["before the first", f"{found.memory_mb[0][1]:.0f} MiB"],
                    ["after the last", f"{found.memory_mb[-1][1]:.0f} MiB"],
                ],
            ),
            "![Memory of a worker](plots/memory.svg)",
        ]
    )
