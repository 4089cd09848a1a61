"""What the checks are given, and what they find."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from bookonce.torture.history import Deed, History, Kind
from bookonce.torture.rows import Rows
from bookonce.torture.salon import Salon


@dataclass(frozen=True, slots=True)
class Offence:
    """One thing that must not be, in words, and the numbers of the operations concerned."""

    what: str
    operations: tuple[int, ...] = ()

    @classmethod
    def by(cls, what: str, *deeds: Deed) -> Offence:
        """One that some deeds are concerned with."""
        return cls(what, tuple(one.number for deed in deeds for one in deed.operations))


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
    def deeds(self) -> list[Deed]:
        """What came of each wish."""
        return self.history.deeds()

    @cached_property
    def changes(self) -> dict[UUID, list[Deed]]:
        """The deeds that may have changed each appointment, or given a block back."""
        changes: defaultdict[UUID, list[Deed]] = defaultdict(list)
        for deed in self.deeds:
            if deed.wish.subject_id and deed.may_have():
                changes[deed.wish.subject_id].append(deed)
        return changes

    def of_kind(self, *kinds: Kind) -> list[Deed]:
        """The deeds of some kinds."""
        return [deed for deed in self.deeds if deed.wish.kind in kinds]
