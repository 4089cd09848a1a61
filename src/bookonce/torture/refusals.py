"""Check 3: nobody is refused a time that nobody had.

A conflict is decided at one moment, between the first call for a wish and the return of its
refusal. It is justified if at some such moment one of the things that were needed was nowhere to
be had: each of those who could have given it may have been taken then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from bookonce.platform.intervals import Interval
from bookonce.torture.acknowledged import lost_payments
from bookonce.torture.evidence import Evidence, Offence
from bookonce.torture.history import Deed, Kind, Outcome
from bookonce.torture.lives import Life, Lives, possible_lives

_Moments = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Need:
    """One thing needed: any one of these, free at all of these times."""

    candidates: tuple[str, ...]
    times: list[Interval]


def refusals_are_justified(evidence: Evidence) -> list[Offence]:
    """Every refusal is explained by what may have been true while the request was under way."""
    lives = Lives(possible_lives(evidence))
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
    for deed in evidence.deeds:
        for code in {one.code for one in deed.operations if one.outcome is Outcome.REFUSED}:
            judge = judges.get((deed.wish.kind, code))
            if judge is None:
                offences.append(
                    Offence.by(
                        f"{deed.wish.in_words} was answered {code}, which has no cause", deed
                    )
                )
            elif not judge(deed, evidence, lives):
                offences.append(
                    Offence.by(
                        f"{deed.wish.in_words} was refused ({code}), but nothing explains it", deed
                    )
                )
    return offences + _faults(evidence)


def _faults(evidence: Evidence) -> list[Offence]:
    """Answers that no request may get."""
    return [
        Offence(
            f"{one.wish.kind} was answered with {one.code}, a fault of the server", (one.number,)
        )
        for one in evidence.history.operations
        if one.code.startswith(("INTERNAL", "HTTP "))
    ]


def _booking_is_explained(deed: Deed, evidence: Evidence, lives: Lives) -> bool:
    wish = deed.wish
    able = evidence.salons[wish.slug].performers(wish.service)
    performers = able if wish.staff in (None, "any") else (wish.staff or "",)
    return _is_taken(deed, evidence, lives, performers, None)


def _move_is_explained(deed: Deed, evidence: Evidence, lives: Lives) -> bool:
    """Its own time doesn't stand in its way. The same person is whoever had it meanwhile."""
    wish = deed.wish
    if wish.staff == "any":
        able = evidence.salons[wish.slug].performers(wish.service)
        return _is_taken(deed, evidence, lives, able, wish.subject_id)
    if wish.staff:
        return _is_taken(deed, evidence, lives, (wish.staff,), wish.subject_id)
    if wish.subject_id is None:
        return False
    had_it = {life.staff for life in lives.of(wish.subject_id) if _moments_of([life], deed)}
    return any(_is_taken(deed, evidence, lives, (one,), wish.subject_id) for one in had_it)


def _loss_is_explained(deed: Deed, evidence: Evidence, lives: Lives) -> bool:
    """Paid for late: somebody had the time by then, or an earlier payment had found so."""
    staff, own = deed.wish.staff or "", deed.wish.subject_id
    return _is_taken(deed, evidence, lives, (staff,), own) or _was_lost_before(deed, evidence)


def _was_ended(deed: Deed, evidence: Evidence, lives: Lives) -> bool:
    return _was_cancelled(deed, evidence, lives) or _was_lost_before(deed, evidence)


def _was_lost_before(deed: Deed, evidence: Evidence) -> bool:
    return deed.wish.subject_id in lost_payments(evidence) and any(
        one.wish.subject_id == deed.wish.subject_id and one.called_s <= _refused_s(deed)
        for one in evidence.of_kind(Kind.PAY)
        if one is not deed
    )


def _was_cancelled(deed: Deed, evidence: Evidence, lives: Lives) -> bool:
    if deed.wish.subject_id is None:
        return False
    return any(
        one.wish.kind is Kind.CANCEL and one.called_s <= _refused_s(deed)
        for one in evidence.changes.get(deed.wish.subject_id, [])
    )


def _block_is_explained(deed: Deed, evidence: Evidence, lives: Lives) -> bool:
    wish = deed.wish
    time = (wish.start_s, wish.end_s)
    return bool(_taken_moments(deed, lives, wish.staff or "", [time], None))


def _is_taken(
    deed: Deed,
    evidence: Evidence,
    lives: Lives,
    performers: tuple[str, ...],
    own: UUID | None,
) -> bool:
    """Whether at some moment one of the needs may have had nobody left."""
    wish, salon = deed.wish, evidence.salons[deed.wish.slug]
    whole = salon.whole(wish.service, wish.start_s)
    needs = [
        _Need(performers, salon.attended(wish.service, wish.start_s)),
        *(_Need(kind, [whole]) for kind in salon.rooms(wish.service)),
    ]
    return any(_nobody_left(deed, lives, need, own) for need in needs)


def _nobody_left(deed: Deed, lives: Lives, need: _Need, own: UUID | None) -> bool:
    moments: _Moments = [(deed.called_s, _refused_s(deed))]
    for one in need.candidates:
        moments = _common(moments, _taken_moments(deed, lives, one, need.times, own))
        if not moments:
            return False
    return True


def _taken_moments(
    deed: Deed, lives: Lives, resource: str, times: list[Interval], own: UUID | None
) -> _Moments:
    """When, while it was under way, somebody may have had any of these times of a resource."""
    found = (
        life
        for low_s, high_s in times
        for life in lives.overlapping(deed.wish.slug, resource, low_s, high_s)
        if life.subject_id != own
    )
    return _moments_of(found, deed)


def _moments_of(lives: Iterable[Life], deed: Deed) -> _Moments:
    window = [(deed.called_s, _refused_s(deed))]
    spans = [(life.from_s, life.until_s) for life in lives]
    return _common(window, _united(spans))


def _refused_s(deed: Deed) -> float:
    """By when the refusal had been decided."""
    return min(one.returned_s for one in deed.operations if one.outcome is Outcome.REFUSED)


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
