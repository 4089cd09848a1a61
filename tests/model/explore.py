"""Every state that a protocol can reach, breadth first, so that what breaks is shown shortest."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)

NEVER_ENDS = "from here on nothing can come to an end"


@dataclass(frozen=True, slots=True)
class Violation(Generic[S]):
    """What is broken, and the shortest way to it: each step with the state it led to."""

    what: str
    steps: tuple[tuple[str, S], ...]

    def __str__(self) -> str:
        lines = [f"{number:3}. {label}" for number, (label, _) in enumerate(self.steps, 1)]
        return "\n".join([*lines, f"  => {self.what}"])


@dataclass(frozen=True, slots=True)
class Explored(Generic[S]):
    """How much was looked at, how many states were an end, and what was broken, if anything."""

    states: int
    transitions: int
    ends: int
    violation: Violation[S] | None = None


def explore(
    first: S,
    steps_from: Callable[[S], list[tuple[str, S]]],
    broken_in: Callable[[S], str | None],
    broken_at_end: Callable[[S], str | None],
) -> Explored[S]:
    """Visit every reachable state once. Stops at the first that is broken.

    A state without steps is an end and is held to more. In the end every state must have a way to
    some end: what waits for itself, or tries again for ever, is broken too.
    """
    number_of = {first: 0}
    reached_by: list[tuple[int, str]] = [(0, "")]
    queue = deque([first])
    sources, afters, ends = array("L"), array("L"), array("L")

    def explored(what: str | None = None, number: int = 0) -> Explored[S]:
        violation = None if what is None else _trace(what, number, list(number_of), reached_by)
        return Explored(len(number_of), len(afters), len(ends), violation)

    while queue:
        state = queue.popleft()
        number = number_of[state]
        if what := broken_in(state):
            return explored(what, number)
        steps = steps_from(state)
        if not steps:
            if what := broken_at_end(state):
                return explored(what, number)
            ends.append(number)
        for label, after in steps:
            unseen = len(number_of)
            reached = number_of.setdefault(after, unseen)
            if reached == unseen:
                reached_by.append((number, label))
                queue.append(after)
            sources.append(number)
            afters.append(reached)
    stuck = _without_a_way(len(number_of), sources, afters, ends)
    return explored() if stuck is None else explored(NEVER_ENDS, stuck)


def _without_a_way(
    states: int, sources: Sequence[int], afters: Sequence[int], ends: Sequence[int]
) -> int | None:
    """The first state from which no end can be reached."""
    can_end = bytearray(states)
    for end in ends:
        can_end[end] = True
    found_more = True
    while found_more:  # few rounds: steps mostly lead from lower numbers to higher ones
        found_more = False
        for before, after in zip(reversed(sources), reversed(afters), strict=True):
            if can_end[after] and not can_end[before]:
                can_end[before] = found_more = True
    stuck = can_end.find(False)
    return None if stuck < 0 else stuck


def _trace(
    what: str, number: int, states: Sequence[S], reached_by: Sequence[tuple[int, str]]
) -> Violation[S]:
    steps = []
    while number:
        origin, label = reached_by[number]
        steps.append((label, states[number]))
        number = origin
    return Violation(what, tuple(reversed(steps)))
