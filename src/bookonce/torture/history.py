"""What was asked of the system, and what it answered: the record that is judged.

A wish is one thing that somebody wants; asking again for it, with the same key, is another
operation for the same wish. Times are seconds of the monotonic clock since the run began. Instants
of the calendar are seconds since the epoch.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What can be asked for."""

    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"
    BLOCK = "block"
    UNBLOCK = "unblock"
    PAY = "pay"


class Outcome(StrEnum):
    """What whoever asked knows afterwards."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # line cut, no answer in time, 5xx


def clock_time(instant_s: int) -> str:
    """An instant for people, UTC."""
    return datetime.fromtimestamp(instant_s, UTC).strftime("%Y-%m-%d %H:%MZ")


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing wanted. `number` is its own; it also stands in the notes of what is booked and the
    reason of what is blocked, so that rows can be led back to whoever wanted them.
    """

    number: int
    kind: Kind
    slug: str
    key: str | None = None
    """The idempotency key, if it is asked with one."""
    service: str = ""
    start_s: int = 0
    end_s: int = 0
    """Of time to be blocked."""
    staff: str | None = None
    """None or "any": anyone; for a move None is the same person as before."""
    subject_id: UUID | None = None
    """The appointment to change, or the block to give back."""
    token: str = ""
    """The capability that opens the appointment to change."""

    @property
    def in_words(self) -> str:
        """What is wanted, for people."""
        words = [self.kind.value, self.service]
        if self.subject_id:
            words.append(f"of {self.subject_id}")
        if self.start_s:
            words.append(f"at {clock_time(self.start_s)} with {self.staff or 'whoever it is'}")
        return " ".join(word for word in words if word) + f" of {self.slug}"

    @property
    def label(self) -> str:
        """What stands in the database beside what came of it."""
        return f"wish {self.number}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer says of an appointment, or of blocked time."""

    subject_id: UUID
    service: str = ""
    staff: str = ""
    start_s: int = 0
    resources: tuple[str, ...] = ()
    status: str = ""
    token: str = ""
    hold_until_s: float = math.inf
    """For a held time: when the hold runs out, in seconds since the run began."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One asking: who, for what, from when to when, and what came of it."""

    number: int
    client: str
    wish: Wish
    called_s: float
    returned_s: float
    outcome: Outcome
    code: str
    """The answer's status or error code; for an unknown outcome, what happened instead."""
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """All operations for one wish as one: what came of it, and between when and when.

    `called_s` is the first call; `returned_s` is when the first answer had come that tells the
    outcome, by which it had happened; infinite if nobody knows.
    """

    wish: Wish
    operations: tuple[Operation, ...]
    outcome: Outcome
    called_s: float
    returned_s: float
    code: str = ""
    answer: Answer | None = None

    @classmethod
    def of(cls, operations: Sequence[Operation]) -> Deed:
        """From the operations of one wish."""
        ordered = tuple(sorted(operations, key=lambda one: one.returned_s))
        called_s = min(one.called_s for one in ordered)
        for outcome in (Outcome.DONE, Outcome.REFUSED):
            for one in ordered:
                if one.outcome is outcome:
                    return cls(
                        one.wish, ordered, outcome, called_s, one.returned_s, one.code, one.answer
                    )
        return cls(ordered[0].wish, ordered, Outcome.UNKNOWN, called_s, math.inf, ordered[-1].code)

    def may_have(self) -> bool:
        """Whether it may have changed something."""
        return self.outcome is not Outcome.REFUSED


class History:
    """Operations in the order in which they ended."""

    def __init__(self, operations: Sequence[Operation] = (), began_s: float = 0.0) -> None:
        self.began_s = began_s
        """When the run began, in seconds since the epoch."""
        self.operations: list[Operation] = list(operations)
        self._numbers = itertools.count(1)
        self._wishes = itertools.count(1)

    def new_wish_number(self) -> int:
        """A number that no other wish of this run has."""
        return next(self._wishes)

    def record(
        self,
        client: str,
        wish: Wish,
        called_s: float,
        returned_s: float,
        outcome: Outcome,
        code: str,
        answer: Answer | None = None,
    ) -> Operation:
        """Write one operation down."""
        one = Operation(
            next(self._numbers), client, wish, called_s, returned_s, outcome, code, answer
        )
        self.operations.append(one)
        return one

    def deeds(self) -> list[Deed]:
        """What came of each wish."""
        by_wish: defaultdict[int, list[Operation]] = defaultdict(list)
        for one in self.operations:
            by_wish[one.wish.number].append(one)
        return [Deed.of(operations) for operations in by_wish.values()]
