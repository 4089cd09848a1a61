"""The five checks. Each takes the evidence and tells the offences in words; none uses the
exclusion constraint.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from bookonce.platform.intervals import Interval
from bookonce.torture.acknowledged import nothing_acknowledged_is_lost
from bookonce.torture.evidence import Evidence, Offence
from bookonce.torture.history import clock_time
from bookonce.torture.keys import one_key_is_one_appointment
from bookonce.torture.lives import Life, certain_lives
from bookonce.torture.refusals import refusals_are_justified

OFFENCES_MAX = 1_000
"""Of one kind; without the guard there is no end of them."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name for programs, what it promises, and how it is judged."""

    name: str
    promise: str
    judge: Callable[[Evidence], list[Offence]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found."""

    check: Check
    offences: list[Offence]

    @property
    def passed(self) -> bool:
        """Whether there was nothing."""
        return not self.offences


def judge(evidence: Evidence) -> list[Verdict]:
    """All checks, in order."""
    return [Verdict(check, check.judge(evidence)) for check in CHECKS]


def nothing_is_taken_twice(evidence: Evidence) -> list[Offence]:
    """No resource is claimed twice: in the rows of the end, and at any moment of what was
    acknowledged.
    """
    rows = [
        Offence(f"claims {one} and {other} take one resource at once")
        for one, other in evidence.rows.overlaps
    ]
    unlisted = evidence.rows.overlap_count - len(rows)
    if unlisted > 0:
        rows.append(Offence(f"and {unlisted} more pairs of claims that overlap"))
    return rows + _acknowledged_twice(evidence)


def _acknowledged_twice(evidence: Evidence) -> list[Offence]:
    """A sweep through the run for each resource: whoever begins to live meets those who do."""
    by_resource: defaultdict[tuple[str, str], list[Life]] = defaultdict(list)
    for life in certain_lives(evidence):
        if life.from_s < life.until_s:
            by_resource[life.slug, life.resource].append(life)
    offences: list[Offence] = []
    for (slug, resource), lives in by_resource.items():
        for one, other in _meetings(lives):
            offences.append(
                Offence(
                    f"{resource} of {slug} was acknowledged to {one.subject_id} from"
                    f" {clock_time(one.low_s)} to {clock_time(one.high_s)} and to"
                    f" {other.subject_id} from {clock_time(other.low_s)} to"
                    f" {clock_time(other.high_s)}"
                    f" at the same moment, {max(one.from_s, other.from_s):.3f} s into the run",
                    one.operations + other.operations,
                )
            )
            if len(offences) == OFFENCES_MAX:
                return offences
    return offences


def _meetings(lives: list[Life]) -> Iterator[tuple[Life, Life]]:
    living: list[Life] = []
    for life in sorted(lives, key=lambda one: one.from_s):
        living = [one for one in living if one.until_s > life.from_s]
        for one in living:
            overlap = one.low_s < life.high_s and life.low_s < one.high_s
            if overlap and one.subject_id != life.subject_id:
                yield one, life
        living.append(life)


def rows_agree(evidence: Evidence) -> list[Offence]:
    """Appointments, claims and events tell the same story, and nothing is orphaned."""
    offences = [
        Offence(f"{what}: {', '.join(map(str, ids))}")
        for what, ids in evidence.rows.disagreements.items()
        if ids
    ]
    return [*offences, *_rows_and_events(evidence), *_blocks_and_events(evidence)]


def _rows_and_events(evidence: Evidence) -> Iterator[Offence]:
    """An appointment is where its last event put it, with the claims that belong there."""
    claims: defaultdict[UUID | None, list[tuple[str, Interval]]] = defaultdict(list)
    for claim in evidence.rows.claims:
        claims[claim.appointment_id].append((claim.resource, (claim.low_s, claim.high_s)))
    for appointment in evidence.rows.appointments.values():
        events = evidence.rows.events.get(appointment.id, [])
        placed = [event for event in events if event.service]
        if not placed:
            yield Offence(f"appointment {appointment.id} has no event that says where it is")
            continue
        last = placed[-1]
        if (appointment.staff, appointment.start_s) != (last.staff, last.start_s):
            yield Offence(
                f"appointment {appointment.id} is with {appointment.staff} at "
                f"{clock_time(appointment.start_s)}, but its last event says {last.staff} at "
                f"{clock_time(last.start_s)}"
            )
        due = (
            evidence.salons[last.slug].takes(last.service, last.start_s, last.staff, last.resources)
            if appointment.status in ("held", "confirmed")
            else []
        )
        if sorted(due) != sorted(claims[appointment.id]):
            yield Offence(f"appointment {appointment.id} has other claims than it should")


def _blocks_and_events(evidence: Evidence) -> Iterator[Offence]:
    counts = evidence.rows.event_counts
    expected = counts.get("time.blocked", 0) - counts.get("time.unblocked", 0)
    there = sum(claim.kind == "blocked" for claim in evidence.rows.claims)
    if there != expected:
        yield Offence(f"{there} blocks are there, but by their events there should be {expected}")


CHECKS = [
    Check("double", "no resource is taken twice at any moment", nothing_is_taken_twice),
    Check("lost", "every acknowledged change is there", nothing_acknowledged_is_lost),
    Check("refused", "every refusal is justified", refusals_are_justified),
    Check("keys", "one key, one appointment; unknown outcomes resolve", one_key_is_one_appointment),
    Check("rows", "appointments, claims and events agree", rows_agree),
]
