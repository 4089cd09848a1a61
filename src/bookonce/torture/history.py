"""What was asked of the system, and what it answered: the record that is judged.

A wish is one thing that somebody wants; an attempt is one request for it. Asking again, with the
same key, is another attempt. All attempts for a wish are one operation.

Times are seconds of the monotonic clock since the run began. Instants of the calendar are seconds
since the epoch.
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
    UNKNOWN = "unknown"  # connection cut, no answer in time, 5xx


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
    services: tuple[str, ...] = ()
    """Of a visit: one or more, performed one after the other."""
    start_s: int = 0
    end_s: int = 0
    """Of time to be blocked."""
    staff: str | None = None
    """None or "any": anyone; for a move None is the same person as before, for each service."""
    performers: tuple[str, ...] = ()
    """Of a payment: who is to perform each part."""
    subject_id: UUID | None = None
    """The appointment to change, or the block to give back."""
    token: str = ""
    """The capability that opens the appointment to change."""

    def names(self, performers: Sequence[str]) -> bool:
        """Whether these are whom it asks for, if it names somebody."""
        return self.staff in (None, "any") or set(performers) == {self.staff}

    @property
    def in_words(self) -> str:
        """What is wanted, for people."""
        words = [self.kind.value, "+".join(self.services)]
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
class Part:
    """One service of a visit: who performs it, from when to when, without buffers."""

    service: str
    staff: str
    start_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where an appointment is: its parts in order, and the rooms and equipment that it has."""

    parts: tuple[Part, ...]
    resources: tuple[str, ...] = ()

    @property
    def start_s(self) -> int:
        """When it begins."""
        return self.parts[0].start_s

    @property
    def services(self) -> tuple[str, ...]:
        """What is performed, in order."""
        return tuple(part.service for part in self.parts)

    @property
    def performers(self) -> tuple[str, ...]:
        """Who performs each part, in order."""
        return tuple(part.staff for part in self.parts)

    @property
    def in_words(self) -> str:
        """The same for people."""
        performers = "+".join(dict.fromkeys(self.performers))
        return f"with {performers} at {clock_time(self.start_s)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer says of an appointment, or of blocked time, which has no place."""

    subject_id: UUID
    place: Place | None = None
    status: str = ""
    token: str = ""
    hold_until_s: float = math.inf
    """For a held time: when the hold runs out, in seconds since the run began."""


@dataclass(frozen=True, slots=True)
class Attempt:
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
class Operation:
    """All attempts for one wish as one: what came of it, and between when and when.

    `called_s` is the first call; `returned_s` is when the first answer had come that tells the
    outcome, by which it had happened; infinite if nobody knows.
    """

    wish: Wish
    attempts: tuple[Attempt, ...]
    outcome: Outcome
    called_s: float
    returned_s: float
    code: str = ""
    answer: Answer | None = None

    @classmethod
    def of(cls, attempts: Sequence[Attempt]) -> Operation:
        """From the attempts of one wish."""
        ordered = tuple(sorted(attempts, key=lambda one: one.returned_s))
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
    """Attempts in the order in which they ended."""

    def __init__(self, attempts: Sequence[Attempt] = (), began_s: float = 0.0) -> None:
        self.began_s = began_s
        """When the run began, in seconds since the epoch."""
        self.attempts: list[Attempt] = list(attempts)
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
    ) -> Attempt:
        """Write one attempt down."""
        one = Attempt(
            next(self._numbers), client, wish, called_s, returned_s, outcome, code, answer
        )
        self.attempts.append(one)
        return one

    def operations(self) -> list[Operation]:
        """What came of each wish."""
        by_wish: defaultdict[int, list[Attempt]] = defaultdict(list)
        for one in self.attempts:
            by_wish[one.wish.number].append(one)
        return [Operation.of(attempts) for attempts in by_wish.values()]
