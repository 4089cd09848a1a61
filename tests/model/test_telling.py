"""Everybody hears what is so in the end, in every order of changes, jobs, workers and their deaths."""

from __future__ import annotations

from functools import partial
from itertools import combinations_with_replacement

import pytest

from tests.model.explore import Explored, explore
from tests.model.telling import (
    ADA,
    BOB,
    CLIENT,
    Protocol,
    State,
    broken_at_end,
    first,
    stays_whole,
    steps_from,
)

VERBS = ("cancel", "hand on", "move", "pay", "reopen", "undo")


def explored(
    whom: int,
    verbs: tuple[str, ...],
    faults: int,
    *,
    is_held: bool,
    protocol: Protocol | None = None,
) -> Explored[State]:
    return explore(
        first(whom, verbs, faults, is_held=is_held),
        partial(steps_from, protocol=protocol or Protocol()),
        stays_whole,
        broken_at_end,
    )


@pytest.mark.parametrize("is_held", [False, True], ids=["booked", "held"])
@pytest.mark.parametrize(("changes", "faults"), [(2, 1), (3, 0)])
@pytest.mark.parametrize("whom", [CLIENT, ADA, BOB], ids=["client", "ada", "bob"])
def test_at_rest_everybody_knows_what_is_so(
    whom: int, changes: int, faults: int, is_held: bool
) -> None:
    for verbs in combinations_with_replacement(VERBS, changes):
        found = explored(whom, verbs, faults, is_held=is_held)
        assert found.violation is None, f"{verbs}\n{found.violation}"


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("is_held", [False, True], ids=["booked", "held"])
@pytest.mark.parametrize("whom", [CLIENT, ADA, BOB], ids=["client", "ada", "bob"])
def test_at_rest_everybody_knows_what_is_so_after_three_changes_and_a_fault(
    whom: int, is_held: bool
) -> None:
    for verbs in combinations_with_replacement(VERBS, 3):
        found = explored(whom, verbs, 1, is_held=is_held)
        assert found.violation is None, f"{verbs}\n{found.violation}"


@pytest.mark.parametrize(
    ("wrong", "verbs", "faults", "what"),
    [
        (Protocol(tells_undo=False), ("move", "undo"), 1,
         "the client doesn't know the appointment as it is"),
        (Protocol(minds_maybe=False), ("move", "undo"), 2,
         "the client doesn't know the appointment as it is"),
        (Protocol(one_at_a_time=False), ("cancel", "reopen"), 0,
         "the client doesn't know the appointment as it is"),
        (Protocol(reads_late=False), ("move", "undo"), 0,
         "the client doesn't know the appointment as it is"),
    ],
    ids=["an undo is told to nobody", "what may have arrived counts as not told",
         "two at a time to one recipient", "read when it is made"],
)  # fmt: skip
def test_what_is_wrong_is_caught(
    wrong: Protocol, verbs: tuple[str, ...], faults: int, what: str
) -> None:
    assert explored(CLIENT, verbs, faults, is_held=False).violation is None
    found = explored(CLIENT, verbs, faults, is_held=False, protocol=wrong)
    assert found.violation is not None
    assert found.violation.what == what
    print(f"\n{found.violation}")
