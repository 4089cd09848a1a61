"""What is offered is what the rules say, whatever the zone, the hours and the claims."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, target

from bookonce.availability.grid import BusyTime, Grid, Window
from bookonce.availability.offers import PartTimes, offer, refusal
from bookonce.business.hours import Hours, Span
from bookonce.business.visits import Phase, Visit
from tests.availability.oracle import (
    Claim,
    Dates,
    Part,
    Performer,
    Situation,
    Week,
    starts_on_offer,
)
from tests.availability.properties import examples
from tests.availability.strategies import CHANGES, situations, situations_of_several


def visit_of(part: Part) -> Visit:
    return Visit(
        part.duration_min,
        part.buffer_before_min,
        part.buffer_after_min,
        tuple(Phase(*phase) for phase in part.phases),
    )


def with_offsets(situation: Situation) -> list[tuple[Part, list[int], int]]:
    """Each part, the numbers of those who perform it, and the seconds after the start."""
    found, offset_s = [], 0
    for part in situation.parts:
        able = list(range(len(situation.performers))) if part.able is None else part.able
        found.append((part, able, offset_s))
        offset_s += part.duration_min * 60
    return found


def hours_of(week: Week, dates: Dates) -> Hours:
    return Hours.of(
        {weekday: [Span.parse(text) for text in texts] for weekday, texts in week.items()},
        [(day, [Span.parse(text) for text in texts]) for day, texts in dates.items()],
    )


def all_hours_of(situation: Situation) -> list[tuple[Hours, ...]]:
    """For each performer, the hours that must be open: theirs and the place's."""
    place: tuple[Hours, ...] = ()
    if situation.place_week is not None:
        place = (hours_of(situation.place_week, situation.place_dates),)
    return [(hours_of(each.week, each.dates), *place) for each in situation.performers]


def in_pieces(claims: list[Claim]) -> list[BusyTime]:
    """Claims as they come: in pieces, some in more than one."""
    seconds = [(int(low.timestamp()), int(high.timestamp())) for low, high in claims]
    return [BusyTime(seconds[:4]), BusyTime(seconds[3:])]


def window_of(situation: Situation) -> Window:
    return Window(int(situation.earliest.timestamp()), int(situation.latest.timestamp()))


def limits_of(situation: Situation) -> Window:
    return Window.bookable(situation.now, situation.notice_min, situation.horizon_days)


def offered(situation: Situation) -> dict[datetime, list[int]]:
    """What the product offers in a situation."""
    hours = all_hours_of(situation)
    grid = Grid(ZoneInfo(situation.zone), situation.step_min, window_of(situation))
    found = offer(
        grid,
        limits_of(situation),
        [
            PartTimes(
                offset_s,
                visit_of(part),
                {str(number): hours[number] for number in able},
                {str(number): in_pieces(situation.performers[number].claims) for number in able},
                [
                    [in_pieces(claims) for claims in each]
                    for kind, each in situation.rooms.items()
                    if part.kinds is None or kind in part.kinds
                ],
            )
            for part, able, offset_s in with_offsets(situation)
        ],
    )
    by_start = found.by_start()
    assert list(by_start) == list(found.starts())
    assert len(by_start) == len(found)
    return {
        datetime.fromtimestamp(start, UTC): [int(number) for number in free]
        for start, free in by_start.items()
    }


@examples(500)
@given(situations())
def test_what_is_offered_is_exactly_what_the_rules_allow(situation: Situation) -> None:
    expected = starts_on_offer(situation)
    target(float(min(len(expected), 10)), label="starts on offer")
    found = offered(situation)
    assert found == expected
    assert list(found) == list(expected)


@examples(100)
@given(situations())
def test_a_start_is_refused_exactly_if_hours_and_rules_do_not_offer_it(
    situation: Situation,
) -> None:
    unclaimed = Situation(
        **{
            **vars(situation),
            "performers": [Performer(each.week, each.dates) for each in situation.performers],
            "rooms": {},
        }
    )
    on_offer = starts_on_offer(unclaimed)
    zone, hours = ZoneInfo(situation.zone), all_hours_of(situation)
    visit = visit_of(situation.parts[0])
    limits = limits_of(situation)
    minutes = int((situation.latest - situation.earliest) / timedelta(minutes=1))
    asked = {situation.earliest + timedelta(minutes=n) for n in range(0, minutes, 11)}
    asked |= {start + timedelta(minutes=n) for start in sorted(on_offer)[::9] for n in (0, 1)}
    wrong = [
        (start, number)
        for start in sorted(asked)
        if situation.earliest <= start <= situation.latest
        for number, each in enumerate(hours)
        if (refusal(zone, situation.step_min, [([each], 0, visit)], limits, start) is None)
        != (number in on_offer.get(start, []))
    ]
    assert wrong == []


@examples(150)
@given(situations_of_several())
def test_what_is_offered_of_several_services_is_exactly_what_the_rules_allow(
    situation: Situation,
) -> None:
    expected = starts_on_offer(situation)
    target(float(min(len(expected), 10)), label="starts on offer")
    target(float(min(sum(not free for free in expected.values()), 10)), label="by several people")
    assert offered(situation) == expected


@examples(60)
@given(situations_of_several())
def test_several_services_are_refused_exactly_if_some_part_has_nobody_s_hours(
    situation: Situation,
) -> None:
    unclaimed = replace(
        situation,
        performers=[Performer(each.week, each.dates) for each in situation.performers],
        rooms={},
        kinds=[],
        more=[replace(part, kinds=[]) for part in situation.more],
    )
    on_offer = starts_on_offer(unclaimed)
    hours = all_hours_of(situation)
    parts = [
        ([hours[number] for number in able], offset_s, visit_of(part))
        for part, able, offset_s in with_offsets(situation)
    ]
    minutes = int((situation.latest - situation.earliest) / timedelta(minutes=1))
    asked = {situation.earliest + timedelta(minutes=n) for n in range(0, minutes, 17)}
    asked |= set(sorted(on_offer)[::5])
    wrong = [
        start
        for start in sorted(asked)
        if situation.earliest <= start <= situation.latest
        and (
            refusal(
                ZoneInfo(situation.zone), situation.step_min, parts, limits_of(situation), start
            )
            is None
        )
        != (start in on_offer)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("zone", "text"), [(zone, text) for zone, texts in CHANGES.items() for text in texts]
)
def test_the_situations_lie_around_times_at_which_a_clock_changed(zone: str, text: str) -> None:
    change = datetime.fromisoformat(text).replace(tzinfo=UTC)
    before = (change - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    assert before.utcoffset() != change.astimezone(ZoneInfo(zone)).utcoffset()


def test_the_oracle_knows_a_day_worked_out_by_hand() -> None:
    # Berlin, 2026-10-25: 02:00 to 03:00 comes twice. Open 01:00-03:30; an hour's visit and ten
    # minutes after it; 01:30 to 02:10 (first pass) is taken; on the half hour.
    situation = Situation(
        zone="Europe/Berlin",
        performers=[
            Performer(
                {"sun": ["01:00-03:30"]},
                claims=[
                    (
                        datetime(2026, 10, 24, 23, 30, tzinfo=UTC),
                        datetime(2026, 10, 25, 0, 10, tzinfo=UTC),
                    )
                ],
            )
        ],
        duration_min=60,
        buffer_after_min=10,
        step_min=30,
        now=datetime(2026, 10, 24, 12, 0, tzinfo=UTC),
        earliest=datetime(2026, 10, 24, 20, 0, tzinfo=UTC),
        latest=datetime(2026, 10, 25, 20, 0, tzinfo=UTC),
    )
    # 02:30 CEST (00:30Z), 02:00 CET (01:00Z), 02:30 CET (01:30Z); 03:00 CET would end at 04:00.
    assert list(starts_on_offer(situation)) == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]


def test_the_oracle_sees_a_start_on_a_clock_that_is_half_a_minute_off() -> None:
    situation = Situation(
        zone="Africa/Monrovia",
        performers=[Performer({}, {date(1971, 6, 1): ["09:00-09:30"]})],
        duration_min=30,
        now=datetime(1971, 5, 31, tzinfo=UTC),
        earliest=datetime(1971, 6, 1, tzinfo=UTC),
        latest=datetime(1971, 6, 2, tzinfo=UTC),
    )
    assert list(starts_on_offer(situation)) == [datetime(1971, 6, 1, 9, 44, 30, tzinfo=UTC)]


def test_the_oracle_opens_the_day_after_a_missing_one_by_the_missing_one_s_night() -> None:
    # Friday 2011-12-30 did not take place in Apia; its night shift reaches into Saturday.
    situation = Situation(
        zone="Pacific/Apia",
        performers=[Performer({"fri": ["22:00-02:00"]})],
        duration_min=60,
        step_min=60,
        now=datetime(2011, 12, 29, tzinfo=UTC),
        earliest=datetime(2011, 12, 30, tzinfo=UTC),
        latest=datetime(2011, 12, 31, tzinfo=UTC),
    )
    assert list(starts_on_offer(situation)) == [
        datetime(2011, 12, 30, 10, 0, tzinfo=UTC),
        datetime(2011, 12, 30, 11, 0, tzinfo=UTC),
    ]


def test_the_oracle_sells_the_gap_of_a_visit_in_phases_but_not_its_chair() -> None:
    # Half an hour with staff, half an hour without, half an hour with; one chair of two is taken.
    def at(hour: int, minute: int = 0) -> datetime:
        return datetime(2026, 12, 1, hour, minute, tzinfo=UTC)

    def situation(chairs: list[list[Claim]]) -> Situation:
        return Situation(
            zone="UTC",
            performers=[
                Performer({"tue": ["09:00-12:00"]}, claims=[(at(9, 30), at(10))]),
                Performer({"tue": ["09:00-12:00"]}, claims=[(at(9), at(9, 30))]),
            ],
            duration_min=90,
            phases=[(30, True), (30, False), (30, True)],
            rooms={"chair": chairs},
            step_min=30,
            now=at(0),
            earliest=at(0),
            latest=at(23),
        )

    free: list[Claim] = []
    assert starts_on_offer(situation([[(at(9), at(12))], free])) == {
        at(9): [0],
        at(9, 30): [1],
        at(10): [0, 1],
        at(10, 30): [0, 1],
    }
    assert starts_on_offer(situation([[(at(11, 30), at(12))]])) == {
        at(9): [0],
        at(9, 30): [1],
        at(10): [0, 1],
    }
    assert starts_on_offer(situation([])) == {}


def test_the_oracle_shares_a_visit_out_among_those_who_perform_its_parts() -> None:
    # A wash by either, then a cut by the second, who is taken from ten to half past; one chair for
    # the cut. Both work from nine to noon.
    def at(hour: int, minute: int = 0) -> datetime:
        return datetime(2026, 12, 1, hour, minute, tzinfo=UTC)

    situation = Situation(
        zone="UTC",
        performers=[
            Performer({"tue": ["09:00-12:00"]}, claims=[(at(11), at(12))]),
            Performer({"tue": ["09:00-12:00"]}, claims=[(at(10), at(10, 30))]),
        ],
        duration_min=30,
        kinds=[],
        more=[Part(30, able=[1], kinds=["chair"], buffer_after_min=10)],
        rooms={"chair": [[(at(9, 30), at(9, 40))]]},
        step_min=30,
        now=at(0),
        earliest=at(0),
        latest=at(23),
    )
    # 9:00 has no chair; at 9:30 the second is taken for the cut; at 10:00 only the first washes; at
    # 11:00 only the second does, and the buffer after the last cut is nobody's hours.
    assert starts_on_offer(situation) == {at(10): [], at(10, 30): [1], at(11): [1]}
