"""One attempt's turn: what its next step sees of the others, and what it makes of the state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.model.state import Answer, Attempt, Claim, Plan, Script, State, is_live, replaced


class Waits(NamedTuple):
    """A step that can't be done before other attempts end: (run, whether it is its lost one)."""

    for_whom: tuple[tuple[int, bool], ...]


Next = list[tuple[str, State]] | Waits
Step = Callable[["Turn"], Next]


class Turn(NamedTuple):
    """A state, and who takes a step: a run's attempt, or the one it has lost sight of."""

    state: State
    script: Script
    run: int
    is_lost: bool
    attempt: Attempt

    def goes_on(self, label: str, attempt: Attempt | None, **changes: Any) -> Next:
        """The step is done. A lost attempt has nobody to answer and ends there."""
        if self.is_lost and attempt is not None and attempt.step == "answer":
            attempt = None
        run = self.state.runs[self.run]
        run = run._replace(lost=attempt) if self.is_lost else run._replace(attempt=attempt)
        runs = replaced(self.state.runs, self.run, run)
        return [(self.named(label), self.state._replace(runs=runs, **changes))]

    def begins_again(self, label: str, step: str) -> Next:
        """Rolled back and tried again at `step`; a lost attempt has nobody who would try again."""
        return self.goes_on(label, None if self.is_lost else self.attempt.begins(step))

    def answers(self, label: str, answer: Answer) -> Next:
        """Nothing is written; the answer is on its way."""
        after = self.attempt.begins(self.attempt.began)
        return self.goes_on(label, after._replace(step="answer", answer=answer))

    def named(self, label: str) -> str:
        """A step as traces tell it."""
        lost = ", the lost attempt" if self.is_lost else ""
        return f"client {self.run + 1} ({self.script.name}){lost}: {label}"

    def rivals(self, is_rival: Callable[[Attempt], bool]) -> Waits | None:
        """Those whose uncommitted rows are in the way; None if there are none."""
        found = tuple(
            (number, is_lost)
            for number, run in enumerate(self.state.runs)
            for attempt, is_lost in ((run.attempt, False), (run.lost, True))
            if attempt is not None
            and (number, is_lost) != (self.run, self.is_lost)
            and is_rival(attempt)
        )
        return Waits(found) if found else None

    def rivals_for_time(self, resource: int) -> Waits | None:
        """Those who are writing or deleting a claim on a resource."""
        return self.rivals(lambda other: resource in other.taken or resource in other.releases)

    def rivals_for_key(self) -> Waits | None:
        """Those who are writing the row of the same key."""
        return self.rivals(lambda other: other.keyed and other.key == self.attempt.key)

    def rivals_for_appointment(self) -> Waits | None:
        """Those who hold the row of the same appointment."""
        return self.rivals(
            lambda other: other.locks and other.appointment == self.attempt.appointment
        )

    def in_the_way(self, resource: int) -> list[Claim]:
        """The committed claims that keep this request from a resource; one that it has deleted
        doesn't.
        """
        own = self.attempt.appointment if resource in self.attempt.releases else None
        return [
            one
            for one in self.state.claims[resource]
            if is_live(one, self.attempt.now) and one.appointment != own
        ]

    def is_free(self, plan: Plan) -> bool:
        """Whether all of a plan looks free."""
        return not any(self.in_the_way(resource) for resource in plan)

    def refusal(self) -> Answer:
        """The answer, with a note for the judge: whether something of each plan was really taken."""
        justified = all(
            any(
                is_live(claim, self.attempt.now) for one in plan for claim in self.state.claims[one]
            )
            for plan in self.script.plans
        )
        return Answer("refused", justified=justified)
