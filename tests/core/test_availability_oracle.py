"""What is offered is what the rules say, whatever the zone, the hours and the claims."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, target

from bookonce.core.availability import Visit, Window, offered_starts, refusal
from bookonce.core.hours import Hours, Span
from tests.core.oracle import Situation, starts_on_offer
from tests.core.properties import examples
from tests.core.strategies import CHANGES, situations


def visit_of(situation: Situation) -> Visit:
    return Visit(situation.duration_min, situation.buffer_before_min, situation.buffer_after_min)


def hours_of(situation: Situation) -> Hours:
    return Hours.of(
        {
            weekday: [Span.parse(text) for text in texts]
            for weekday, texts in situation.week.items()
        },
        [(day, [Span.parse(text) for text in texts]) for day, texts in situation.dates.items()],
    )


def window_of(situation: Situation) -> Window:
    asked = Window(int(situation.earliest.timestamp()), int(situation.latest.timestamp()))
    return Window.bookable(situation.now, situation.notice_min, situation.horizon_days).within(
        asked
    )


def offered(situation: Situation) -> list[datetime]:
    """What the product offers in a situation."""
    starts = offered_starts(
        ZoneInfo(situation.zone),
        situation.step_min,
        hours_of(situation),
        visit_of(situation),
        [(int(low.timestamp()), int(high.timestamp())) for low, high in situation.claims],
        window_of(situation),
    )
    return [datetime.fromtimestamp(start, UTC) for start in starts]


@examples(500)
@given(situations())
def test_what_is_offered_is_exactly_what_the_rules_allow(situation):
    expected = starts_on_offer(situation)
    target(float(min(len(expected), 10)), label="starts on offer")
    assert offered(situation) == expected


@examples(100)
@given(situations())
def test_a_start_is_refused_exactly_if_hours_and_rules_do_not_offer_it(situation):
    unclaimed = Situation(**{**vars(situation), "claims": []})
    on_offer = set(starts_on_offer(unclaimed))
    zone, hours, visit, window = (
        ZoneInfo(situation.zone), hours_of(situation), visit_of(situation), window_of(situation)
    )  # fmt: skip
    minutes = int((situation.latest - situation.earliest) / timedelta(minutes=1))
    asked = {situation.earliest + timedelta(minutes=n) for n in range(0, minutes, 11)}
    asked |= {start + timedelta(minutes=n) for start in sorted(on_offer)[::9] for n in (0, 1)}
    wrong = [
        start
        for start in sorted(asked)
        if situation.earliest <= start <= situation.latest
        and (refusal(zone, situation.step_min, [hours], visit, window, start) is None)
        != (start in on_offer)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("zone", "text"), [(zone, text) for zone, texts in CHANGES.items() for text in texts]
)
def test_the_situations_lie_around_times_at_which_a_clock_changed(zone, text):
    change = datetime.fromisoformat(text).replace(tzinfo=UTC)
    before = (change - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    assert before.utcoffset() != change.astimezone(ZoneInfo(zone)).utcoffset()


def test_the_oracle_knows_a_day_worked_out_by_hand():
    # Berlin, 2026-10-25: 02:00 to 03:00 comes twice. Open 01:00-03:30; an hour's visit and ten
    # minutes after it; 01:30 to 02:10 (first pass) is taken; on the half hour.
    situation = Situation(
        zone="Europe/Berlin",
        week={"sun": ["01:00-03:30"]},
        duration_min=60,
        buffer_after_min=10,
        claims=[
            (datetime(2026, 10, 24, 23, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 10, tzinfo=UTC))
        ],
        step_min=30,
        now=datetime(2026, 10, 24, 12, 0, tzinfo=UTC),
        earliest=datetime(2026, 10, 24, 20, 0, tzinfo=UTC),
        latest=datetime(2026, 10, 25, 20, 0, tzinfo=UTC),
    )
    # 02:30 CEST (00:30Z), 02:00 CET (01:00Z), 02:30 CET (01:30Z); 03:00 CET would end at 04:00.
    assert starts_on_offer(situation) == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]


def test_the_oracle_sees_a_start_on_a_clock_that_is_half_a_minute_off():
    situation = Situation(
        zone="Africa/Monrovia",
        week={},
        dates={date(1971, 6, 1): ["09:00-09:30"]},
        duration_min=30,
        now=datetime(1971, 5, 31, tzinfo=UTC),
        earliest=datetime(1971, 6, 1, tzinfo=UTC),
        latest=datetime(1971, 6, 2, tzinfo=UTC),
    )
    assert starts_on_offer(situation) == [datetime(1971, 6, 1, 9, 44, 30, tzinfo=UTC)]


def test_the_oracle_opens_the_day_after_a_missing_one_by_the_missing_one_s_night():
    # Friday 2011-12-30 did not take place in Apia; its night shift reaches into Saturday.
    situation = Situation(
        zone="Pacific/Apia",
        week={"fri": ["22:00-02:00"]},
        duration_min=60,
        step_min=60,
        now=datetime(2011, 12, 29, tzinfo=UTC),
        earliest=datetime(2011, 12, 30, tzinfo=UTC),
        latest=datetime(2011, 12, 31, tzinfo=UTC),
    )
    assert starts_on_offer(situation) == [
        datetime(2011, 12, 30, 10, 0, tzinfo=UTC),
        datetime(2011, 12, 30, 11, 0, tzinfo=UTC),
    ]
