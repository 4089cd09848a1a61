"""What the model knows: the rows that are committed, the money, and how far each request is.

All of it is tuples, so that a state can be looked up among those seen. A resource has one time; a
claim on it overlaps every other one.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

RESOURCES = 3
HOLD_LASTS = 1  # ticks of the clock
CLOCK_MAX = 1


Plan = tuple[int, ...]
"""Resources that a visit takes together, ascending: all of them or none."""


def named(plan: Plan) -> str:
    """As traces tell it."""
    return " and ".join(f"r{resource}" for resource in plan)


class Script(NamedTuple):
    """What one client wants. `key` tells keys apart; requests with one key share its number."""

    name: str
    verb: Literal["book", "move", "cancel", "pay", "abandon"]
    key: int
    plans: tuple[Plan, ...] = ()
    """What would do, the preferred one first. One resource is asked without looking; of several
    plans it is the first that looks free. Of a move: where to."""
    appointment: int = -1
    """The one to change, of a move and of a cancellation."""
    has_key: bool = True
    """Whether the key came from outside. If not, refusals are remembered only when repeated."""

    @property
    def is_simple(self) -> bool:
        """Whether it is one resource: nobody has to be chosen, nothing be complete."""
        return len(self.plans) == 1 and len(self.plans[0]) == 1


class Answer(NamedTuple):
    """What a request came to. `justified`: what was in the way did count when it was asked."""

    kind: Literal["booked", "held", "refused", "moved", "gone", "cancelled", "paid", "lost", "unknown"]  # fmt: skip
    appointment: int = -1
    plan: Plan = ()
    justified: bool = True


class Claim(NamedTuple):
    """A resource's time is taken; for good, or until the clock shows `ends`."""

    appointment: int
    ends: int | None = None


class Appointment(NamedTuple):
    """A row that is committed. `key` is the one it was booked under."""

    status: Literal["held", "confirmed", "cancelled", "lost"]
    plan: Plan
    """What it should have claims of."""
    key: int
    sequence: int = 0


class Payment(NamedTuple):
    """What the payment provider has of one appointment."""

    status: Literal["none", "authorised", "captured", "cancelled"] = "none"
    captures: int = 0


class Attempt(NamedTuple):
    """One try of a request, at a server: what it does next, what it has read, and what it has
    written but not committed. Written rows make others wait.
    """

    step: str
    began: str
    """The step that is tried again if this attempt is lost or undone."""
    appointment: int
    key: int
    is_repeated: bool = False
    """Whether an earlier attempt may have done it already."""
    now: int = -1
    """What the clock showed when the request came."""
    chosen: Plan = ()
    read: Appointment | None = None
    asked: int = 0
    """How many of the chosen have been asked."""
    takes: Claim | None = None
    """The claim that is written."""
    taken: Plan = ()
    """The resources that it is written on."""
    releases: Plan = ()
    """The resources whose claims are deleted."""
    locks: bool = False
    """Whether the appointment's row is held, or new."""
    keyed: bool = False
    """Whether the row of the key is written."""
    status: Literal["", "held", "confirmed", "cancelled", "lost"] = ""
    """The appointment's new status."""
    answer: Answer | None = None

    def begins(self, step: str) -> Attempt:
        """With nothing written: a new transaction, or one that was rolled back. What was read is
        kept, and a refusal that is about to be remembered.
        """
        return Attempt(
            step, step, self.appointment, self.key, self.is_repeated, self.now, self.chosen,
            self.read, answer=self.answer if step == "refuse" else None,
        )  # fmt: skip


class Run(NamedTuple):
    """A client's request: its attempt under way; an attempt that was lost sight of, but may go on
    in the database; how often it was sent; and the answer, once there is one.
    """

    attempt: Attempt | None
    lost: Attempt | None = None
    sent: int = 1
    answer: Answer | None = None


class State(NamedTuple):
    """Everything at one moment."""

    clock: int
    faults_left: int
    claims: tuple[tuple[Claim, ...], ...]
    appointments: tuple[Appointment | None, ...]
    keys: tuple[Answer | None, ...]
    payments: tuple[Payment, ...]
    runs: tuple[Run, ...]


def replaced(items: tuple, index: int, item: object) -> tuple:  # type: ignore[type-arg]
    """A tuple with one item in place of another."""
    return (*items[:index], item, *items[index + 1 :])


def is_live(claim: Claim, now: int) -> bool:
    """Whether a claim counts at a moment: a hold that has run out doesn't."""
    return claim.ends is None or claim.ends > now
