"""What a visit demands of people, rooms and equipment, and what it got: values for statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

FAIRNESS_MARGIN = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Need:
    """Any one of some resources, for some times, buffers included. The times don't overlap.

    `parts` are the numbers, from 0, of what the one performs; none for rooms and equipment.
    """

    candidate_ids: Sequence[UUID]
    times: Sequence[tuple[datetime, datetime]]
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Everything that a visit needs, all of it or nothing, in the form that statements take.

    A plan is a list of needs that together would do. Needs are numbered through all plans;
    `need_plans` has the plan of each. The first plan that can be had is taken. `needed_*`
    is from the first to the last instant that any need takes, `day_*` the visit's local day, for
    fairness, `around_*` what is looked at of a candidate's claims.
    """

    business_id: UUID
    appointment_id: UUID
    part_count: int
    need_plans: Sequence[int]
    candidate_needs: Sequence[int]
    candidate_ids: Sequence[UUID]
    time_needs: Sequence[int]
    time_starts: Sequence[datetime]
    time_ends: Sequence[datetime]
    performing_needs: Sequence[int]
    performed_parts: Sequence[int]
    claim_ids: Sequence[UUID]
    needed_start: datetime
    needed_end: datetime
    day_start: datetime
    day_end: datetime
    around_start: datetime
    around_end: datetime

    @classmethod
    def of(
        cls,
        *,
        business_id: UUID,
        appointment_id: UUID,
        parts: int,
        plans: Sequence[Sequence[Need]],
        claim_ids: Sequence[UUID],
        day: tuple[datetime, datetime],
    ) -> Demand:
        """From its plans, the preferred one first."""
        needs = [need for plan in plans for need in plan]
        candidates = [(n, one) for n, need in enumerate(needs) for one in need.candidate_ids]
        times = [(n, low, high) for n, need in enumerate(needs) for low, high in need.times]
        needed_start = min(low for _, low, _ in times)
        needed_end = max(high for _, _, high in times)
        performed = [(n, part) for n, need in enumerate(needs) for part in need.parts]
        return cls(
            business_id=business_id,
            appointment_id=appointment_id,
            part_count=parts,
            need_plans=[number for number, plan in enumerate(plans) for _ in plan],
            candidate_needs=[number for number, _ in candidates],
            candidate_ids=[resource_id for _, resource_id in candidates],
            time_needs=[number for number, _, _ in times],
            time_starts=[low for _, low, _ in times],
            time_ends=[high for _, _, high in times],
            performing_needs=[number for number, _ in performed],
            performed_parts=[part for _, part in performed],
            claim_ids=claim_ids,
            needed_start=needed_start,
            needed_end=needed_end,
            day_start=day[0],
            day_end=day[1],
            around_start=min(day[0] - FAIRNESS_MARGIN, needed_start),
            around_end=max(day[1] + FAIRNESS_MARGIN, needed_end),
        )

    @property
    def is_simple(self) -> bool:
        """Whether it is one time of one person: nobody has to be chosen, nothing be complete."""
        return len(self.time_needs) == 1 and len(self.candidate_ids) == 1

    @property
    def resource_id(self) -> UUID:
        """Of a simple demand: whose time it is."""
        return self.candidate_ids[0]

    @property
    def claim_id(self) -> UUID:
        """Of a simple demand: the id of its claim."""
        return self.claim_ids[0]

    @property
    def claim_start(self) -> datetime:
        """Of a simple demand: when its claim begins."""
        return self.time_starts[0]

    @property
    def claim_end(self) -> datetime:
        """Of a simple demand: when its claim ends."""
        return self.time_ends[0]


@dataclass(frozen=True, slots=True)
class Allocation:
    """The resources that a booking got: who performs each part, in order, and which rooms and
    equipment it has.
    """

    performer_ids: tuple[UUID, ...]
    other_ids: tuple[UUID, ...] = ()

    @classmethod
    def simple(cls, demand: Demand) -> Allocation:
        """What a simple demand gets: one person for all parts."""
        return cls((demand.resource_id,) * demand.part_count)

    @classmethod
    def of(cls, performer_ids: Sequence[UUID], resource_ids: Sequence[UUID]) -> Allocation:
        """From the performers and everything that was claimed."""
        return cls(
            tuple(performer_ids), tuple(one for one in resource_ids if one not in performer_ids)
        )
