"""The intervals in which an appointment or a block had its time: for certain, and at the most.

Two questions need two answers. What was acknowledged and not yet touched *certainly* has its time:
two such may never overlap. What was asked for and may have been committed *possibly* has it: a
refusal has to be explained by such.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from uuid import UUID

from bookonce.torture.evidence import Evidence
from bookonce.torture.history import Kind, Operation, Outcome, Place, Wish
from bookonce.torture.rows import BOOKED, CANCELLED, CONFIRMED, EXPIRED, HELD, Event

_HOUR_S = 3600
ROUNDING_S = 0.05
"""Two clocks are compared: of the run, and of the calendar."""


@dataclass(frozen=True, slots=True)
class ClaimInterval:
    """One resource taken from `low_s` to `high_s`, between two moments of the run."""

    slug: str
    resource: str
    low_s: int
    high_s: int
    from_s: float
    until_s: float
    subject_id: UUID
    performers: tuple[str, ...]
    """Who was to perform each part of the appointment then."""
    attempts: tuple[int, ...]
    """The attempts that made and ended it."""


class _Bucket:
    """The intervals that take an hour of a resource, by when they begin in the run.

    `latest_s` is up to when any of those so far lasts, so that a search backwards knows when to
    end: of what excludes each other few last at a moment, however many there were.
    """

    def __init__(self, intervals: list[ClaimInterval]) -> None:
        self.intervals = sorted(intervals, key=lambda one: one.from_s)
        self.begins_s = [one.from_s for one in self.intervals]
        self.latest_s = list(accumulate((one.until_s for one in self.intervals), max))

    def lasting(self, from_s: float, until_s: float) -> Iterator[ClaimInterval]:
        """Those that last at any moment of a stretch of the run."""
        number = bisect_right(self.begins_s, until_s) - 1
        while number >= 0 and self.latest_s[number] >= from_s:
            if self.intervals[number].until_s >= from_s:
                yield self.intervals[number]
            number -= 1


class ClaimIntervals:
    """Intervals by what they take, quick to search."""

    def __init__(self, intervals: Iterable[ClaimInterval]) -> None:
        self._subjects: defaultdict[UUID, list[ClaimInterval]] = defaultdict(list)
        every = list(intervals)
        for interval in every:
            self._subjects[interval.subject_id].append(interval)
        self._buckets = {place: _Bucket(found) for place, found in by_hour(every).items()}

    def overlapping(
        self, slug: str, resource: str, low_s: int, high_s: int, moments: tuple[float, float]
    ) -> Iterator[ClaimInterval]:
        """Those that take any of this time of a resource at any of these moments of the run; some
        may come twice."""
        for hour in _hours(low_s, high_s):
            bucket = self._buckets.get((slug, resource, hour))
            for interval in bucket.lasting(*moments) if bucket else ():
                if interval.low_s < high_s and low_s < interval.high_s:
                    yield interval

    def of(self, subject_id: UUID) -> list[ClaimInterval]:
        """Those of one appointment or block."""
        return self._subjects.get(subject_id, [])


def by_hour(
    intervals: Iterable[ClaimInterval],
) -> dict[tuple[str, str, int], list[ClaimInterval]]:
    """Intervals by address, resource and each hour that they take of it."""
    hours: defaultdict[tuple[str, str, int], list[ClaimInterval]] = defaultdict(list)
    for interval in intervals:
        for hour in _hours(interval.low_s, interval.high_s):
            hours[interval.slug, interval.resource, hour].append(interval)
    return hours


def _hours(low_s: int, high_s: int) -> range:
    return range(low_s // _HOUR_S, -(-high_s // _HOUR_S))


def certain_intervals(evidence: Evidence) -> Iterator[ClaimInterval]:
    """From the acknowledged history alone: from the return of what made it to the call of whatever
    may have ended it. Where two changes of one appointment overlap, nothing is certain.
    """
    for operation in evidence.operations:
        if operation.outcome is not Outcome.DONE or operation.answer is None:
            continue
        changes = evidence.changes.get(operation.answer.subject_id, [])
        others = [one for one in changes if one is not operation]
        if any(_overlap(one, operation) for one in others):
            continue
        later = [one for one in others if one.called_s >= operation.returned_s]
        until_s = min((one.called_s for one in later), default=math.inf)
        numbers = _numbers(operation, *(one for one in later if one.called_s == until_s))
        answer = operation.answer
        if operation.wish.kind in (Kind.BOOK, Kind.MOVE, Kind.PAY) and answer.place:
            until_s = min(until_s, answer.hold_until_s - ROUNDING_S)
            salon = evidence.salons[operation.wish.slug]
            for resource, (low_s, high_s) in salon.certainly_takes(answer.place):
                yield ClaimInterval(
                    salon.slug, resource, low_s, high_s, operation.returned_s, until_s,
                    answer.subject_id, answer.place.performers, numbers,
                )  # fmt: skip
        elif operation.wish.kind is Kind.BLOCK:
            wish = operation.wish
            yield ClaimInterval(
                wish.slug, wish.staff or "", wish.start_s, wish.end_s,
                operation.returned_s, until_s, answer.subject_id, (), numbers,
            )  # fmt: skip


def _overlap(one: Operation, other: Operation) -> bool:
    return one.called_s < other.returned_s and other.called_s < one.returned_s


def _numbers(*operations: Operation) -> tuple[int, ...]:
    return tuple(attempt.number for operation in operations for attempt in operation.attempts)


def possible_intervals(evidence: Evidence) -> Iterator[ClaimInterval]:
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
        place = events[0].place
        for number, (event, span) in enumerate(zip(events, spans, strict=True)):
            if event.kind in (CANCELLED, EXPIRED):
                continue
            place = event.place or place  # a payment in time leaves it where it was
            until_s = spans[number + 1].latest_s if number + 1 < len(spans) else math.inf
            if event.kind == HELD and event.hold_until:
                until_s = min(until_s, _run_s(event.hold_until, evidence) + ROUNDING_S)
            if place is None:
                continue
            for resource, (low_s, high_s) in evidence.salons[event.slug].possibly_takes(place):
                yield ClaimInterval(
                    event.slug, resource, low_s, high_s, span.earliest_s, until_s,
                    appointment_id, place.performers, span.attempts,
                )  # fmt: skip
    yield from _possible_blocks(evidence)


def _run_s(instant: datetime, evidence: Evidence) -> float:
    return instant.timestamp() - evidence.history.began_s


def _possible_blocks(evidence: Evidence) -> Iterator[ClaimInterval]:
    standing = {
        (claim.slug, claim.label): claim.id for claim in evidence.rows.claims if claim.label
    }
    for operation in evidence.of_kind(Kind.BLOCK):
        wish = operation.wish
        if not operation.may_have():
            continue
        block_id = (
            operation.answer.subject_id
            if operation.answer
            else standing.get((wish.slug, wish.label))
        )
        if block_id is None:
            continue  # nobody knew of it, so nobody gave it back: it never was
        ends = [
            one.returned_s
            for one in evidence.changes.get(block_id, [])
            if one.outcome is Outcome.DONE
        ]
        yield ClaimInterval(
            wish.slug, wish.staff or "", wish.start_s, wish.end_s, operation.called_s,
            min(ends, default=math.inf), block_id, (), _numbers(operation),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Span:
    """Between when and when an event happened, and the attempts that may have made it."""

    earliest_s: float
    latest_s: float
    attempts: tuple[int, ...]


def _spans(events: list[Event], maker: Operation | None, changes: list[Operation]) -> list[_Span]:
    """For each event of one appointment. An event that nobody asked for may have happened at any
    time; another check tells of it.
    """
    found: list[_Span] = []
    for event in events:
        able = [
            operation
            for operation in (maker, *changes)
            if operation and could_have_made(operation, event)
        ]
        if event.kind == CANCELLED:
            latest_s = min((operation.returned_s for operation in able), default=math.inf)
        else:
            choose = max if _is_put_there_twice(event, events) else min
            latest_s = choose((operation.returned_s for operation in able), default=math.inf)
        earliest_s = min((operation.called_s for operation in able), default=-math.inf)
        if found:
            earliest_s = max(earliest_s, found[-1].earliest_s)
        found.append(_Span(earliest_s, latest_s, _numbers(*able)))
    for number in reversed(range(len(found) - 1)):
        here, later = found[number], found[number + 1]
        found[number] = _Span(here.earliest_s, min(here.latest_s, later.latest_s), here.attempts)
    return found


def could_have_made(operation: Operation, event: Event) -> bool:
    """Whether an event can be what came of an operation."""
    if not operation.may_have():
        return False
    if event.kind == CANCELLED or operation.wish.kind is Kind.CANCEL:
        return event.kind == CANCELLED and operation.wish.kind is Kind.CANCEL
    if event.kind == CONFIRMED or operation.wish.kind is Kind.PAY:
        return event.kind == CONFIRMED and operation.wish.kind is Kind.PAY
    if (event.kind in (BOOKED, HELD)) is not (operation.wish.kind is Kind.BOOK):
        return False
    if operation.answer is not None:
        return operation.answer.place == event.place
    return event.place is not None and may_be_at(operation.wish, event.place)


def may_be_at(wish: Wish, place: Place) -> bool:
    """Whether a place can be what came of a wish that nobody was answered."""
    return (wish.services, wish.start_s) == (place.services, place.start_s) and wish.names(
        place.performers
    )


def _is_put_there_twice(event: Event, events: list[Event]) -> bool:
    """Whether an answer can't tell which of two events it was. A payment is told by its verb."""
    if event.kind == CONFIRMED:
        return False
    return sum(event.place == one.place for one in events if one.kind != CONFIRMED) > 1
