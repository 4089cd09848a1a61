"""The section on looking at the calendar."""

from __future__ import annotations

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
)
from bench.figures import both, table

SMALL, ALONE, MILLION = (filling.name for filling in FILLINGS)


def render(found: Results) -> str:
    """The whole section."""
    return "\n\n".join(
        [
            "## Looking at a month",
            f"A business with {STAFF} staff is asked for {DAYS} days, from tomorrow on. *Server "
            "time* is what the server tells in `Server-Timing`: from the request's first line to "
            "its answer, database and JSON included. The databases are asked in turn, each by a "
            "server of its own.",
            "### Ratios",
            _ratios(found),
            f"### Server time, ms ({ROUNDS:,} looks each)",
            _server_times(found),
            "### Other figures, 60,000 of 1,000,000",
            _others(found),
        ]
    )


def _ratios(found: Results) -> str:
    def ratio(look: str, base: str) -> float:
        return found.looks[MILLION, look].p50 / found.looks[base, look].p50

    def obvious(look: str) -> str:
        if look not in found.obvious:
            return ""
        return f"{found.obvious[look].p50 / found.core[look].p50:,.0f}"

    def tail(look: str) -> str:
        return f"{found.looks[MILLION, look].p99 / found.looks[MILLION, look].p50:.1f}"

    return table(
        ["", *LOOKS],
        [
            ["among 1,000,000 appointments ÷ among its own 60,000"]
            + [f"{ratio(look, ALONE):.2f}" for look in LOOKS],
            ["60,000 among 1,000,000 ÷ 10,000 with nothing else"]
            + [f"{ratio(look, SMALL):.2f}" for look in LOOKS],
            ["the obvious way ÷ Bookonce, without HTTP"] + [obvious(look) for look in LOOKS],
            ["p99 ÷ p50 (60,000 among 1,000,000)"] + [tail(look) for look in LOOKS],
        ],
    )


def _server_times(found: Results) -> str:
    return table(
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
    )


def _others(found: Results) -> str:
    rows = [
        [
            f"server time, anyone, after a booking ({ROUNDS_AFTER_A_BOOKING} looks)",
            *both(found.after_a_booking),
        ],
        [f"server time, the booking page's month ({ROUNDS_PAGE} looks)", *both(found.page)],
    ]
    rows += [
        [
            f"the client's wait, {look} ({found.bytes_sent[look]:,} bytes)",
            *both(found.clients[MILLION, look]),
        ]
        for look in LOOKS
    ]
    rows += [[f"without HTTP, {look}", *both(times)] for look, times in found.core.items()]
    rows.append(
        [
            f"without HTTP, anyone, the first look of a process ({ROUNDS_COLD} looks)",
            *both(found.cold),
        ]
    )
    rows += [
        [f"the obvious way without HTTP, {look}", *both(times)]
        for look, times in found.obvious.items()
    ]
    return table(["", "p50, ms", "p99, ms"], rows)
