"""From a selection at a start to the demand it makes: whom and what it needs, and when.

Several services may be performed by one person or by several. Each way to share them out is a plan;
plans come in order of preference: as few changes of person as possible, then the same room for all
that need one of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from uuid import UUID

from bookonce.availability.demand import Demand, Need
from bookonce.availability.selection import SelectedPart, Selection
from bookonce.platform.ids import new_id
from bookonce.platform.intervals import Interval, merged
from bookonce.platform.zones import DAY_S, date_of, offset_s, wall_start_of_day_s

Plan = list[Need]


def times_of_one(selection: Selection, start: datetime) -> list[tuple[datetime, datetime]]:
    """What a visit takes of the one person who performs all of it, buffers included."""
    return _times(selection.parts, int(start.timestamp()))


def rooms_of(selection: Selection, start: datetime, appointment_id: UUID) -> Demand | None:
    """The demand that a visit makes of rooms and equipment alone; None if it needs none."""
    start_s = int(start.timestamp())
    plans = [
        plan for shared in (True, False) if (plan := _rooms(selection, start_s, shared=shared))
    ]
    return _demand(selection, start_s, appointment_id, plans) if plans else None


def demand_of(selection: Selection, start: datetime, appointment_id: UUID) -> Demand:
    """The time, with its buffers, that a visit takes of its performers, and of one of each kind of
    room and equipment that its services need.
    """
    start_s = int(start.timestamp())
    return _demand(selection, start_s, appointment_id, list(_plans(selection, start_s)))


def _demand(selection: Selection, start_s: int, appointment_id: UUID, plans: list[Plan]) -> Demand:
    zone = selection.place.zone
    day = date_of((start_s + offset_s(zone, start_s)) // DAY_S)
    return Demand.of(
        business_id=selection.directory.business_id,
        appointment_id=appointment_id,
        parts=len(selection.parts),
        plans=plans,
        claim_ids=[
            new_id() for _ in range(max(sum(len(need.times) for need in plan) for plan in plans))
        ],
        day=(
            _instant(wall_start_of_day_s(zone, day)),
            _instant(wall_start_of_day_s(zone, day + timedelta(1))),
        ),
    )


def _plans(selection: Selection, start_s: int) -> Iterator[Plan]:
    """Every way to perform the parts by people who may, the preferred one first."""
    parts = selection.parts
    rooms = [_rooms(selection, start_s, shared=True)]
    if len(parts) == 1:  # the common case, without the search
        yield [Need(selection.ids(parts[0].performers), _times(parts, start_s), (0,)), *rooms[0]]
        return
    if (apart := _rooms(selection, start_s, shared=False)) != rooms[0]:
        rooms.append(apart)
    for runs in _runs(parts):
        performing = [
            Need(
                selection.ids(_able(run)),
                _times(run, start_s),
                tuple(parts.index(part) for part in run),
            )
            for run in runs
        ]
        for room in rooms:
            yield [*performing, *room]


def _runs(parts: tuple[SelectedPart, ...]) -> Iterator[list[tuple[SelectedPart, ...]]]:
    """The parts cut into runs, each to be performed by one person; the fewest cuts first.

    A cut between parts that only the same one person may perform would be none.
    """
    places = [
        number + 1
        for number, (one, next_one) in enumerate(pairwise(parts))
        if not (len(one.performers) == 1 and one.performers == next_one.performers)
    ]
    for cuts_count in range(len(places) + 1):
        for cuts in combinations(places, cuts_count):
            edges = (0, *cuts, len(parts))
            runs = [parts[first:end] for first, end in pairwise(edges)]
            if all(_able(run) for run in runs):
                yield runs


def _able(run: Sequence[SelectedPart]) -> list[str]:
    """Those who may perform all of a run."""
    first, *others = run
    return [key for key in first.performers if all(key in each.performers for each in others)]


def _rooms(selection: Selection, start_s: int, *, shared: bool) -> list[Need]:
    """What is needed of rooms and equipment: one of a kind for all parts that need one, or one for
    each.
    """
    by_kind: dict[tuple[str, int], tuple[tuple[UUID, ...], list[Interval]]] = {}
    for number, part in enumerate(selection.parts):
        for kind, ids in zip(part.service.needs, selection.needed_ids(part), strict=True):
            _, times = by_kind.setdefault((kind, 0 if shared else number), (ids, []))
            low_s, high_s = part.service.visit.whole
            times.append((low_s + part.offset_s, high_s + part.offset_s))
    return [Need(ids, _instants(times, start_s)) for ids, times in by_kind.values()]


def _times(run: Sequence[SelectedPart], start_s: int) -> list[tuple[datetime, datetime]]:
    """What a run takes of whoever performs it, buffers included."""
    return _instants(
        [
            (low_s + part.offset_s, high_s + part.offset_s)
            for part in run
            for low_s, high_s in part.service.visit.attended
        ],
        start_s,
    )


def _instants(intervals: list[Interval], start_s: int) -> list[tuple[datetime, datetime]]:
    return [(_instant(start_s + low), _instant(start_s + high)) for low, high in merged(intervals)]


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
