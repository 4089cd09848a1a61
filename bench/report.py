"""What was measured, as a page: ratios first."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import asyncpg

from bench.availability import (
    DAYS,
    FILLINGS,
    LOOKS,
    ROUNDS,
    ROUNDS_AFTER_A_BOOKING,
    ROUNDS_COLD,
    ROUNDS_PAGE,
    STAFF,
    Results,
    Times,
)


async def machine(url: str) -> str:
    """What it was measured on."""
    connection = await asyncpg.connect(url)
    postgres = (await connection.fetchval("SHOW server_version")).split()[0]
    await connection.close()
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({_processor()}), "
        f"{platform.system()}, Python {platform.python_version()}, PostgreSQL {postgres}, "
        f"asyncpg {version('asyncpg')}, Litestar {version('litestar')}. Server, database and "
        "client share the machine."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def render(machine: str, found: Results) -> str:
    """The whole page."""
    small, alone, million = (filling.name for filling in FILLINGS)

    def ratio(look: str, base: str) -> float:
        return found.looks[million, look].p50 / found.looks[base, look].p50

    lines = [
        "# What was measured",
        "",
        machine,
        "",
        "Made by `make bench`. Ratios carry over to other machines, milliseconds don't.",
        "",
        "## Looking at a month",
        "",
        f"A business with {STAFF} staff is asked for {DAYS} days, from tomorrow on. *Server time* "
        "is what the server tells in `Server-Timing`: from the request's first line to its answer, "
        "database and JSON included. The databases are asked in turn, each by a server of its own.",
        "",
        "### Ratios",
        "",
        _table(
            ["", *list(LOOKS)],
            [
                ["among 1,000,000 appointments ÷ among its own 60,000"]
                + [f"{ratio(look, alone):.2f}" for look in LOOKS],
                ["60,000 among 1,000,000 ÷ 10,000 with nothing else"]
                + [f"{ratio(look, small):.2f}" for look in LOOKS],
                ["the obvious way ÷ Bookonce, without HTTP"]
                + [
                    f"{found.obvious[look].p50 / found.core[look].p50:,.0f}"
                    if look in found.obvious
                    else ""
                    for look in LOOKS
                ],
                ["p99 ÷ p50 (60,000 among 1,000,000)"]
                + [
                    f"{found.looks[million, look].p99 / found.looks[million, look].p50:.1f}"
                    for look in LOOKS
                ],
            ],
        ),
        "",
        f"### Server time, ms ({ROUNDS:,} looks each)",
        "",
        _table(
            [
                "appointments",
                *[f"{look}: p50" for look in LOOKS],
                *[f"{look}: p99" for look in LOOKS],
            ],
            [
                [f"{filling.in_salon:,} of {filling.altogether:,}"]
                + [f"{found.looks[filling.name, look].p50:.2f}" for look in LOOKS]
                + [f"{found.looks[filling.name, look].p99:.2f}" for look in LOOKS]
                for filling in FILLINGS
            ],
        ),
        "",
        "### Other figures, 60,000 of 1,000,000",
        "",
        _table(
            ["", "p50, ms", "p99, ms"],
            [
                [
                    f"server time, anyone, after a booking ({ROUNDS_AFTER_A_BOOKING} looks)",
                    *_both(found.after_a_booking),
                ],
                [
                    f"server time, the booking page's month ({ROUNDS_PAGE} looks)",
                    *_both(found.page),
                ],
                *(
                    [
                        f"the client's wait, {look} ({found.bytes_sent[look]:,} bytes)",
                        *_both(found.clients[million, look]),
                    ]
                    for look in LOOKS
                ),
                *([f"without HTTP, {look}", *_both(times)] for look, times in found.core.items()),
                [
                    f"without HTTP, anyone, the first look of a process ({ROUNDS_COLD} looks)",
                    *_both(found.cold),
                ],
                *(
                    [f"the obvious way without HTTP, {look}", *_both(times)]
                    for look, times in found.obvious.items()
                ),
            ],
        ),
        "",
    ]
    return "\n".join(lines)


def _both(times: Times) -> list[str]:
    return [f"{times.p50:,.2f}", f"{times.p99:,.2f}"]


def _table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, figures to the right."""
    marks = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, marks, *rows])
