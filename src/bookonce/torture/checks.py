"""The six checks. Each takes the evidence and tells the offences in words; none uses the
exclusion constraint.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from bookonce.torture.acknowledged import nothing_acknowledged_is_lost
from bookonce.torture.evidence import Evidence, Offence
from bookonce.torture.history import Place, clock_time
from bookonce.torture.intervals import ClaimInterval, by_hour, certain_intervals
from bookonce.torture.keys import one_key_is_one_appointment
from bookonce.torture.refusals import refusals_are_justified
from bookonce.torture.salon import Takes

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


def judge(evidence: Evidence, tell: Callable[[str], None] = lambda _: None) -> list[Verdict]:
    """All checks, in order; `tell` is told the name of each as it begins."""
    verdicts = []
    for check in CHECKS:
        tell(check.name)
        verdicts.append(Verdict(check, check.judge(evidence)))
    return verdicts


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
    """A sweep through the run for each hour of each resource: each interval that begins meets those
    that have begun and not ended.
    """
    lasting = (one for one in certain_intervals(evidence) if one.from_s < one.until_s)
    offences: dict[frozenset[tuple[int, ...]], Offence] = {}
    for (slug, resource, _), intervals in by_hour(lasting).items():
        for one, other in _meetings(intervals):
            offences[frozenset((one.attempts, other.attempts))] = Offence(
                f"{resource} of {slug} was acknowledged to {one.subject_id} from"
                f" {clock_time(one.low_s)} to {clock_time(one.high_s)} and to"
                f" {other.subject_id} from {clock_time(other.low_s)} to"
                f" {clock_time(other.high_s)}"
                f" at the same moment, {max(one.from_s, other.from_s):.3f} s into the run",
                one.attempts + other.attempts,
            )
            if len(offences) == OFFENCES_MAX:
                return list(offences.values())
    return list(offences.values())


def _meetings(intervals: list[ClaimInterval]) -> Iterator[tuple[ClaimInterval, ClaimInterval]]:
    begun: list[ClaimInterval] = []
    for interval in sorted(intervals, key=lambda one: one.from_s):
        begun = [one for one in begun if one.until_s > interval.from_s]
        for one in begun:
            overlap = one.low_s < interval.high_s and interval.low_s < one.high_s
            if overlap and one.subject_id != interval.subject_id:
                yield one, interval
        begun.append(interval)


def rows_agree(evidence: Evidence) -> list[Offence]:
    """Appointments, claims and events tell the same story, and nothing is orphaned."""
    offences = _named(evidence.rows.disagreements)
    return [*offences, *_rows_and_events(evidence), *_blocks_and_events(evidence)]


def everybody_was_told(evidence: Evidence) -> list[Offence]:
    """Once nothing is left to be told, nobody knows an appointment otherwise than it is."""
    return _named(evidence.rows.untold)


def _named(found: dict[str, list[UUID]]) -> list[Offence]:
    return [Offence(f"{what}: {', '.join(map(str, ids))}") for what, ids in found.items() if ids]


def _rows_and_events(evidence: Evidence) -> Iterator[Offence]:
    """An appointment is where its last event put it, with the claims that belong there."""
    claims: defaultdict[UUID | None, list[Takes]] = defaultdict(list)
    for claim in evidence.rows.claims:
        claims[claim.appointment_id].append((claim.resource, (claim.low_s, claim.high_s)))
    for appointment in evidence.rows.appointments.values():
        events = evidence.rows.events.get(appointment.id, [])
        places = [event.place for event in events if event.place]
        if not places:
            yield Offence(f"appointment {appointment.id} has no event that says where it is")
            continue
        last = places[-1]
        if appointment.parts != last.parts:
            yield Offence(
                f"appointment {appointment.id} is {Place(appointment.parts).in_words}, but its last"
                f" event says {last.in_words}"
            )
        due: list[list[Takes]] = (
            evidence.salons[appointment.slug].ways_to_take(last)
            if appointment.status in ("held", "confirmed")
            else [[]]
        )
        if sorted(claims[appointment.id]) not in due:
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
    Check("told", "at rest, what each heard last is what is so", everybody_was_told),
]
