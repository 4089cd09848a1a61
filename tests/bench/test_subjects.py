"""Each subject of `python -m bench` runs to its end, with small numbers; the figures mean nothing."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.progress import Progress

from bench import __main__ as bench
from bench import availability, bookings, cost, growth, hot_slot, methods, process, visits
from bench.scratch import scratch

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(600)]

SMALL: list[tuple[Any, dict[str, Any]]] = [
    (bookings, {"ROUNDS": 1, "SECONDS": 1, "PRELOADED": 200, "VISITS_A_ROUND": 1_500}),
    (cost, {"ROUNDS": 1, "BOOKINGS_A_ROUND": 50, "PRELOADED": 200}),
    (visits, {"ROUNDS": 1, "BOOKINGS_A_ROUND": 50, "PRELOADED": 200}),
    (hot_slot, {"CLIENTS": 20, "ROUNDS": 2}),
    (methods, {"ROUNDS": 1, "VISITS_A_ROUND": 3}),
    (growth, {"ROUNDS": 3, "IN_SALON": 200, "measure": partial(growth.measure, sizes=(200, 400))}),
    (process, {"STARTS": 1, "REQUESTS": 400, "STEP": 200}),
    (
        availability,
        {
            "ROUNDS": 2, "ROUNDS_AFTER_A_BOOKING": 2, "ROUNDS_COLD": 1, "ROUNDS_PAGE": 2,
            "ROUNDS_OBVIOUS": 1, "OTHERS_APPOINTMENTS": 300,
            "FILLINGS": [
                availability.Filling(name, 600, altogether)
                for name, altogether in (("small", 600), ("alone", 600), ("million", 900))
            ],
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize("name", bench.SUBJECTS)
def test_a_subject_is_measured_and_told(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for module, numbers in SMALL:
        for constant, value in numbers.items():
            monkeypatch.setattr(module, constant, value)
    monkeypatch.setattr(bench, "PLOTS", tmp_path)
    with scratch() as place, Progress(disable=True) as progress:
        text = asyncio.run(bench._section(bench.SUBJECTS[name], place, progress))
    assert text.startswith("## ")
    assert text.count("|") > 10
