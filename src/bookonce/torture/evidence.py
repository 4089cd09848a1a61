"""What the checks are given, and what they find."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from bookonce.torture.history import History, Kind, Operation, Outcome
from bookonce.torture.rows import Rows
from bookonce.torture.salon import Salon


@dataclass(frozen=True, slots=True)
class Offence:
    """One thing that must not be, in words, and the numbers of the attempts concerned."""

    what: str
    attempts: tuple[int, ...] = ()

    @classmethod
    def by(cls, what: str, *operations: Operation) -> Offence:
        """One that some operations are concerned with."""
        return cls(
            what, tuple(one.number for operation in operations for one in operation.attempts)
        )


@dataclass(frozen=True)
class Evidence:
    """The history of a run, the rows that it left behind, and the businesses it was about."""

    history: History
    rows: Rows
    salons: dict[str, Salon]

    @classmethod
    def of(cls, history: History, rows: Rows, salons: Sequence[Salon]) -> Evidence:
        """Put together."""
        return cls(history, rows, {salon.slug: salon for salon in salons})

    @cached_property
    def operations(self) -> list[Operation]:
        """What came of each wish."""
        return self.history.operations()

    @cached_property
    def changes(self) -> dict[UUID, list[Operation]]:
        """The operations that may have changed each appointment, or given a block back."""
        changes: defaultdict[UUID, list[Operation]] = defaultdict(list)
        for operation in self.operations:
            if operation.wish.subject_id and operation.may_have():
                changes[operation.wish.subject_id].append(operation)
        return changes

    @cached_property
    def payments(self) -> dict[UUID, list[Operation]]:
        """The payments for each appointment, refused ones too."""
        payments: defaultdict[UUID, list[Operation]] = defaultdict(list)
        for operation in self.of_kind(Kind.PAY):
            if operation.wish.subject_id:
                payments[operation.wish.subject_id].append(operation)
        return payments

    @cached_property
    def lost_payments(self) -> set[UUID]:
        """The appointments that ended because they were paid for when somebody else had the time."""
        return {
            appointment_id
            for appointment_id, operations in self.payments.items()
            if any(
                one.outcome is Outcome.UNKNOWN or one.code == "BOOKING_CONFLICT"
                for one in operations
            )
        }

    @cached_property
    def _by_kind(self) -> dict[Kind, list[Operation]]:
        by_kind: defaultdict[Kind, list[Operation]] = defaultdict(list)
        for operation in self.operations:
            by_kind[operation.wish.kind].append(operation)
        return by_kind

    def of_kind(self, *kinds: Kind) -> list[Operation]:
        """The operations of some kinds."""
        return [operation for kind in kinds for operation in self._by_kind.get(kind, ())]
