"""The model, run: `python -m tests.model` prints how much there is to see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from tests.model import judge
from tests.model.explore import Explored, explore
from tests.model.scripts import Three, every_three, payers, visits
from tests.model.state import State
from tests.model.steps import STEPS
from tests.model.turn import Step
from tests.model.world import first_state, steps_from


@dataclass(frozen=True, slots=True)
class Group:
    """Choices of three clients, and how many faults may strike in each."""

    name: str
    threes: list[Three]
    faults: int


def _with(payers_are: Iterable[int]) -> list[Three]:
    return [three for three in every_three() if payers(three) in payers_are]


WITHOUT_MONEY = Group("bookings, moves and cancellations; one fault", _with({0}), 1)
VISITS = Group("visits that take two resources; no fault", visits(), 0)
WITH_MONEY = Group("one or two of them hold a time; no fault", _with({1, 2}), 0)
ALL_WITH_MONEY = Group("all of them hold a time; no fault", _with({3}), 0)
VISITS_AND_FAULT = Group("visits that take two resources; one fault", visits(), 1)
MONEY_AND_FAULT = Group("one of them holds a time; one fault", _with({1}), 1)


def explore_three(
    three: Three, faults: int, protocol: Mapping[str, Step] = STEPS
) -> Explored[State]:
    """All that can happen to three clients."""
    return explore(
        first_state(three, faults),
        partial(steps_from, scripts=three, protocol=protocol),
        partial(judge.broken_in, scripts=three),
        partial(judge.broken_at_end, scripts=three),
    )


def explore_group(group: Group) -> Explored[State]:
    """All that can happen to each choice of three, added up; stops at what is broken."""
    states = transitions = ends = 0
    for three in group.threes:
        found = explore_three(three, group.faults)
        states, transitions, ends = (
            states + found.states,
            transitions + found.transitions,
            ends + found.ends,
        )
        if found.violation:
            return Explored(states, transitions, ends, found.violation)
    return Explored(states, transitions, ends)


def row(group: Group, found: Explored[State]) -> str:
    """A row of the table in docs/model.md."""
    return (
        f"| {group.name} | {len(group.threes):,} | {found.states:,} | {found.transitions:,} "
        f"| {found.ends:,} |"
    )
