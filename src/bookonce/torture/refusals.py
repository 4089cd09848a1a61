"""Check 3: nobody is refused a time that nobody had.

A conflict is decided at one moment, between the first call for a wish and the return of its
refusal. It is justified if at some such moment one of the things that were needed was nowhere to
be had: each of those who could have given it may have been taken then. A visit of several services
needs a person for each, not one for all; so one person for all is refused, and several are taken
instead, only if each who could do it all may have been taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from bookonce.platform.intervals import Interval
from bookonce.torture.evidence import Evidence, Offence
from bookonce.torture.history import Kind, Operation, Outcome
from bookonce.torture.intervals import ClaimInterval, ClaimIntervals, possible_intervals
from bookonce.torture.salon import Need

_Moments = list[tuple[float, float]]


def refusals_are_justified(evidence: Evidence) -> list[Offence]:
    """Every refusal is explained by what may have been true while the request was under way."""
    intervals = ClaimIntervals(possible_intervals(evidence))
    judges = {
        (Kind.BOOK, "BOOKING_CONFLICT"): _booking_is_explained,
        (Kind.MOVE, "BOOKING_CONFLICT"): _move_is_explained,
        (Kind.MOVE, "STATUS_CONFLICT"): _was_cancelled,
        (Kind.BLOCK, "BLOCK_CONFLICT"): _block_is_explained,
        (Kind.PAY, "BOOKING_CONFLICT"): _loss_is_explained,
        (Kind.PAY, "STATUS_CONFLICT"): _was_ended,
        (Kind.PAY, "HOLD_EXPIRED"): _was_ended,
    }
    offences = []
    for operation in evidence.operations:
        for code in {one.code for one in operation.attempts if one.outcome is Outcome.REFUSED}:
            judge = judges.get((operation.wish.kind, code))
            if judge is None:
                offences.append(
                    Offence.by(
                        f"{operation.wish.in_words} was answered {code}, which has no cause",
                        operation,
                    )
                )
            elif not judge(operation, evidence, intervals):
                offences.append(
                    Offence.by(
                        f"{operation.wish.in_words} was refused ({code}), but nothing explains it",
                        operation,
                    )
                )
    return [*offences, *_several_are_justified(evidence, intervals), *_faults(evidence)]


def _faults(evidence: Evidence) -> list[Offence]:
    """Answers that no request may get."""
    return [
        Offence(
            f"{one.wish.kind} was answered with {one.code}, a fault of the server", (one.number,)
        )
        for one in evidence.history.attempts
        if one.code.startswith(("INTERNAL", "HTTP "))
    ]


def _booking_is_explained(
    operation: Operation, evidence: Evidence, intervals: ClaimIntervals
) -> bool:
    return _is_taken(operation, evidence, intervals, _able(operation, evidence), None)


def _able(operation: Operation, evidence: Evidence) -> list[tuple[str, ...]]:
    """Who may perform each part of what is wanted."""
    wish, salon = operation.wish, evidence.salons[operation.wish.slug]
    if wish.staff in (None, "any"):
        return [salon.performers(service) for service in wish.services]
    return [(wish.staff or "",)] * len(wish.services)


def _move_is_explained(operation: Operation, evidence: Evidence, intervals: ClaimIntervals) -> bool:
    """Its own time doesn't stand in its way. The same people are those who had it meanwhile."""
    wish = operation.wish
    if wish.staff:
        able = _able(operation, evidence)
        return _is_taken(operation, evidence, intervals, able, wish.subject_id)
    if wish.subject_id is None:
        return False
    had_it = {
        interval.performers
        for interval in intervals.of(wish.subject_id)
        if _moments_of([interval], operation)
    }
    return any(
        _is_taken(operation, evidence, intervals, [(one,) for one in performers], wish.subject_id)
        for performers in had_it
    )


def _loss_is_explained(operation: Operation, evidence: Evidence, intervals: ClaimIntervals) -> bool:
    """Paid for late: somebody had the time by then, or an earlier payment had found so."""
    able, own = [(one,) for one in operation.wish.performers], operation.wish.subject_id
    return _is_taken(operation, evidence, intervals, able, own) or _was_lost_before(
        operation, evidence
    )


def _was_ended(operation: Operation, evidence: Evidence, intervals: ClaimIntervals) -> bool:
    return _was_cancelled(operation, evidence, intervals) or _was_lost_before(operation, evidence)


def _was_lost_before(operation: Operation, evidence: Evidence) -> bool:
    subject_id = operation.wish.subject_id
    return subject_id in evidence.lost_payments and any(
        one.called_s <= _refused_s(operation)
        for one in evidence.payments.get(subject_id, ())
        if one is not operation
    )


def _was_cancelled(operation: Operation, evidence: Evidence, intervals: ClaimIntervals) -> bool:
    if operation.wish.subject_id is None:
        return False
    return any(
        one.wish.kind is Kind.CANCEL and one.called_s <= _refused_s(operation)
        for one in evidence.changes.get(operation.wish.subject_id, [])
    )


def _block_is_explained(
    operation: Operation, evidence: Evidence, intervals: ClaimIntervals
) -> bool:
    wish = operation.wish
    time = (wish.start_s, wish.end_s)
    return bool(_taken_moments(operation, intervals, wish.staff or "", [time], None))


def _is_taken(
    operation: Operation,
    evidence: Evidence,
    intervals: ClaimIntervals,
    able: Sequence[tuple[str, ...]],
    own: UUID | None,
) -> bool:
    """Whether at some moment one of the needs may have had nobody left."""
    wish, salon = operation.wish, evidence.salons[operation.wish.slug]
    needs = salon.needs(wish.services, wish.start_s, able)
    return any(_nobody_left(operation, intervals, need, own) for need in needs)


def _several_are_justified(evidence: Evidence, intervals: ClaimIntervals) -> Iterator[Offence]:
    """Where several perform a visit, nobody could have performed it alone."""
    for operation in evidence.of_kind(Kind.BOOK, Kind.MOVE):
        wish, answer = operation.wish, operation.answer
        if answer is None or answer.place is None or len(set(answer.place.performers)) == 1:
            continue
        if wish.kind is Kind.MOVE and wish.staff is None:  # the same people as before
            continue
        salon = evidence.salons[wish.slug]
        alone = Need(
            salon.performers(*wish.services),
            [
                time
                for need in salon.needs(
                    wish.services, wish.start_s, [(one,) for one in answer.place.performers]
                )
                if need.candidates[0] in answer.place.performers
                for time in need.times
            ],
        )
        if not _nobody_left(operation, intervals, alone, answer.subject_id):
            yield Offence.by(
                f"{wish.in_words} is performed by several, but one was free for all", operation
            )


def _nobody_left(
    operation: Operation, intervals: ClaimIntervals, need: Need, own: UUID | None
) -> bool:
    moments: _Moments = [(operation.called_s, _decided_s(operation))]
    for one in need.candidates:
        moments = _common(moments, _taken_moments(operation, intervals, one, need.times, own))
        if not moments:
            return False
    return True


def _taken_moments(
    operation: Operation,
    intervals: ClaimIntervals,
    resource: str,
    times: list[Interval],
    own: UUID | None,
) -> _Moments:
    """When, while it was under way, somebody may have had any of these times of a resource."""
    window = operation.called_s, _decided_s(operation)
    found = (
        interval
        for low_s, high_s in times
        for interval in intervals.overlapping(operation.wish.slug, resource, low_s, high_s, window)
        if interval.subject_id != own
    )
    return _moments_of(found, operation)


def _moments_of(intervals: Iterable[ClaimInterval], operation: Operation) -> _Moments:
    window = [(operation.called_s, _decided_s(operation))]
    spans = [(interval.from_s, interval.until_s) for interval in intervals]
    return _common(window, _united(spans))


def _decided_s(operation: Operation) -> float:
    """By when it had been refused, or else done."""
    if any(one.outcome is Outcome.REFUSED for one in operation.attempts):
        return _refused_s(operation)
    return operation.returned_s


def _refused_s(operation: Operation) -> float:
    """By when the refusal had been decided."""
    return min(one.returned_s for one in operation.attempts if one.outcome is Outcome.REFUSED)


def _united(spans: list[tuple[float, float]]) -> _Moments:
    """The union of closed spans, ascending."""
    union: _Moments = []
    for low, high in sorted(spans):
        if union and low <= union[-1][1]:
            union[-1] = (union[-1][0], max(high, union[-1][1]))
        else:
            union.append((low, high))
    return union


def _common(some: _Moments, others: _Moments) -> _Moments:
    """The moments that are in both; each ascending and disjoint."""
    return list(_intersections(some, others))


def _intersections(some: _Moments, others: _Moments) -> Iterator[tuple[float, float]]:
    for low, high in some:
        for other_low, other_high in others:
            if max(low, other_low) <= min(high, other_high):
                yield max(low, other_low), min(high, other_high)
