"""When an appointment or a block had its time: for certain, and at the most.

Two questions need two answers. What was acknowledged and not yet touched *certainly* has its time:
two such may never overlap. What was asked for and may have been committed *possibly* has it: a
refusal has to be explained by such.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.torture.evidence import Evidence
from bookonce.torture.history import Deed, Kind, Outcome
from bookonce.torture.rows import BOOKED, CANCELLED, CONFIRMED, EXPIRED, HELD, Event

_BUCKET_S = 3600
ROUNDING_S = 0.05
"""Two clocks are compared: of the run, and of the calendar."""


@dataclass(frozen=True, slots=True)
class Life:
    """One resource taken from `low_s` to `high_s`, between two moments of the run."""

    slug: str
    resource: str
    low_s: int
    high_s: int
    from_s: float
    until_s: float
    subject_id: UUID
    staff: str
    """Who performed the appointment then."""
    operations: tuple[int, ...]
    """The operations that made and ended it."""


class Lives:
    """Lives by what they take, quick to search."""

    def __init__(self, lives: Iterable[Life]) -> None:
        self._buckets: defaultdict[tuple[str, str, int], list[Life]] = defaultdict(list)
        self._subjects: defaultdict[UUID, list[Life]] = defaultdict(list)
        for life in lives:
            self._subjects[life.subject_id].append(life)
            for bucket in _buckets(life.low_s, life.high_s):
                self._buckets[life.slug, life.resource, bucket].append(life)

    def overlapping(self, slug: str, resource: str, low_s: int, high_s: int) -> Iterator[Life]:
        """Those that take any of this time of a resource; some may come twice."""
        for bucket in _buckets(low_s, high_s):
            for life in self._buckets.get((slug, resource, bucket), ()):
                if life.low_s < high_s and low_s < life.high_s:
                    yield life

    def of(self, subject_id: UUID) -> list[Life]:
        """Those of one appointment or block."""
        return self._subjects.get(subject_id, [])


def _buckets(low_s: int, high_s: int) -> range:
    return range(low_s // _BUCKET_S, -(-high_s // _BUCKET_S))


def certain_lives(evidence: Evidence) -> Iterator[Life]:
    """From the acknowledged history alone: from the return of what made it to the call of whatever
    may have ended it. Where two changes of one appointment overlap, nothing is certain.
    """
    for deed in evidence.deeds:
        if deed.outcome is not Outcome.DONE or deed.answer is None:
            continue
        changes = evidence.changes.get(deed.answer.subject_id, [])
        others = [one for one in changes if one is not deed]
        if any(_overlap(one, deed) for one in others):
            continue
        later = [one for one in others if one.called_s >= deed.returned_s]
        until_s = min((one.called_s for one in later), default=math.inf)
        numbers = _numbers(deed, *(one for one in later if one.called_s == until_s))
        answer = deed.answer
        if deed.wish.kind in (Kind.BOOK, Kind.MOVE, Kind.PAY):
            until_s = min(until_s, answer.hold_until_s - ROUNDING_S)
            for resource, (low_s, high_s) in evidence.salons[deed.wish.slug].takes(
                answer.service, answer.start_s, answer.staff, answer.resources
            ):
                yield Life(
                    deed.wish.slug, resource, low_s, high_s, deed.returned_s, until_s,
                    answer.subject_id, answer.staff, numbers,
                )  # fmt: skip
        elif deed.wish.kind is Kind.BLOCK:
            yield Life(
                deed.wish.slug, deed.wish.staff or "", deed.wish.start_s, deed.wish.end_s,
                deed.returned_s, until_s, answer.subject_id, "", numbers,
            )  # fmt: skip


def _overlap(one: Deed, other: Deed) -> bool:
    return one.called_s < other.returned_s and other.called_s < one.returned_s


def _numbers(*deeds: Deed) -> tuple[int, ...]:
    return tuple(operation.number for deed in deeds for operation in deed.operations)


def possible_lives(evidence: Evidence) -> Iterator[Life]:
    """Whatever was ever committed, as the events tell, each from the earliest to the latest moment
    that the history leaves open.
    """
    makers = {(one.wish.slug, one.wish.label): one for one in evidence.of_kind(Kind.BOOK)}
    for appointment_id, events in evidence.rows.events.items():
        appointment = evidence.rows.appointments.get(appointment_id)
        if appointment is None:
            continue
        maker = makers.get((appointment.slug, appointment.label))
        spans = _spans(events, maker, evidence.changes.get(appointment_id, []))
        place = events[0]
        for number, (event, span) in enumerate(zip(events, spans, strict=True)):
            if event.kind in (CANCELLED, EXPIRED):
                continue
            place = event if event.service else place  # a payment in time leaves it where it was
            until_s = spans[number + 1].latest_s if number + 1 < len(spans) else math.inf
            if event.kind == HELD and event.hold_until:
                until_s = min(until_s, _run_s(event.hold_until, evidence) + ROUNDING_S)
            for resource, (low_s, high_s) in evidence.salons[event.slug].takes(
                place.service, place.start_s, place.staff, place.resources
            ):
                yield Life(
                    event.slug, resource, low_s, high_s, span.earliest_s, until_s,
                    appointment_id, place.staff, span.operations,
                )  # fmt: skip
    yield from _possible_blocks(evidence)


def _run_s(instant: datetime, evidence: Evidence) -> float:
    return instant.timestamp() - evidence.history.began_s


def _possible_blocks(evidence: Evidence) -> Iterator[Life]:
    standing = {
        (claim.slug, claim.label): claim.id for claim in evidence.rows.claims if claim.label
    }
    for deed in evidence.of_kind(Kind.BLOCK):
        wish = deed.wish
        if not deed.may_have():
            continue
        block_id = deed.answer.subject_id if deed.answer else standing.get((wish.slug, wish.label))
        if block_id is None:
            continue  # nobody knew of it, so nobody gave it back: it never was
        ends = [
            one.returned_s
            for one in evidence.changes.get(block_id, [])
            if one.outcome is Outcome.DONE
        ]
        yield Life(
            wish.slug, wish.staff or "", wish.start_s, wish.end_s, deed.called_s,
            min(ends, default=math.inf), block_id, "", _numbers(deed),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Span:
    """Between when and when an event happened, and the operations that may have made it."""

    earliest_s: float
    latest_s: float
    operations: tuple[int, ...]


def _spans(events: list[Event], maker: Deed | None, changes: list[Deed]) -> list[_Span]:
    """For each event of one appointment. An event that nobody asked for may have happened at any
    time; another check tells of it.
    """
    found: list[_Span] = []
    for event in events:
        able = [deed for deed in (maker, *changes) if deed and could_have_made(deed, event)]
        if event.kind == CANCELLED:
            latest_s = min((deed.returned_s for deed in able), default=math.inf)
        else:
            choose = max if _is_put_there_twice(event, events) else min
            latest_s = choose((deed.returned_s for deed in able), default=math.inf)
        earliest_s = min((deed.called_s for deed in able), default=-math.inf)
        if found:
            earliest_s = max(earliest_s, found[-1].earliest_s)
        found.append(_Span(earliest_s, latest_s, _numbers(*able)))
    for number in reversed(range(len(found) - 1)):
        here, later = found[number], found[number + 1]
        found[number] = _Span(here.earliest_s, min(here.latest_s, later.latest_s), here.operations)
    return found


def could_have_made(deed: Deed, event: Event) -> bool:
    """Whether an event can be what came of a deed."""
    if not deed.may_have():
        return False
    if event.kind == CANCELLED or deed.wish.kind is Kind.CANCEL:
        return event.kind == CANCELLED and deed.wish.kind is Kind.CANCEL
    if event.kind == CONFIRMED or deed.wish.kind is Kind.PAY:
        return event.kind == CONFIRMED and deed.wish.kind is Kind.PAY
    if (event.kind in (BOOKED, HELD)) is not (deed.wish.kind is Kind.BOOK):
        return False
    if deed.answer is not None:
        answer = deed.answer
        return (answer.staff, answer.start_s, answer.resources) == (
            event.staff,
            event.start_s,
            event.resources,
        )
    return deed.wish.start_s == event.start_s and deed.wish.staff in (None, "any", event.staff)


def _is_put_there_twice(event: Event, events: list[Event]) -> bool:
    """Whether an answer can't tell which of two events it was. A payment is told by its verb."""
    if event.kind == CONFIRMED:
        return False
    return sum(_same_place(event, one) for one in events if one.kind != CONFIRMED) > 1


def _same_place(one: Event, other: Event) -> bool:
    return (one.staff, one.start_s, one.resources) == (other.staff, other.start_s, other.resources)
