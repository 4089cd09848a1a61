"""When a start is on offer, rule by rule, on days worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from bookonce.availability.grid import BusyTime, Grid, Window
from bookonce.availability.offers import PartTimes, offer, refusal
from bookonce.business.hours import WEEKDAYS, Hours, Span
from bookonce.business.visits import Phase, Visit
from bookonce.platform.intervals import Interval
from tests.availability.oracle import WEEKDAYS as ORACLE_WEEKDAYS

BERLIN = ZoneInfo("Europe/Berlin")
ALWAYS = {weekday: ["00:00-24:00"] for weekday in WEEKDAYS}
TUESDAY = "2026-01-06"  # Berlin is an hour ahead of UTC


def at(text: str, zone: ZoneInfo = BERLIN, *, fold: int = 0) -> datetime:
    """What the clock shows, as an aware time."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


def epoch(text: str, zone: ZoneInfo = BERLIN, *, fold: int = 0) -> int:
    return int(at(text, zone, fold=fold).timestamp())


def hours(dates: dict[str, list[str]] | None = None, /, **week: list[str]) -> Hours:
    return Hours.of(
        {weekday: [Span.parse(text) for text in texts] for weekday, texts in week.items()},
        [
            (date.fromisoformat(day), [Span.parse(text) for text in texts])
            for day, texts in (dates or {}).items()
        ],
    )


def a_day(day: str, zone: ZoneInfo = BERLIN) -> Window:
    """One date, whole."""
    following = str(date.fromisoformat(day) + timedelta(days=1))
    return Window(epoch(f"{day}T00:00", zone), epoch(f"{following}T00:00", zone) - 1)


def offered_starts(
    zone: ZoneInfo,
    step_min: int,
    open_hours: Hours,
    visit: Visit,
    busy: list[Interval],
    window: Window,
) -> list[int]:
    """The starts at which one person can be booked."""
    grid = Grid(zone, step_min, window)
    hours_of_ada = {"ada": (open_hours,)}
    part = PartTimes(0, visit, hours_of_ada, {"ada": [BusyTime(busy)]})
    return list(offer(grid, window, [part]).starts())


def offered(
    open_hours: Hours,
    visit: Visit,
    window: Window,
    *,
    zone: ZoneInfo = BERLIN,
    step_min: int = 30,
    busy: list[tuple[str, str]] | None = None,
) -> list[str]:
    """The starts on offer as the clock shows them; `busy` in local time."""
    taken = [(epoch(low, zone), epoch(high, zone)) for low, high in busy or []]
    return [
        datetime.fromtimestamp(start, zone).strftime("%H:%M")
        for start in offered_starts(zone, step_min, open_hours, visit, taken, window)
    ]


def test_a_visit_ends_by_closing_time() -> None:
    assert offered(hours(tue=["09:00-11:00"]), Visit(60), a_day(TUESDAY)) == [
        "09:00",
        "09:30",
        "10:00",
    ]


def test_a_visit_as_long_as_the_day_fits_once() -> None:
    assert offered(hours(tue=["09:00-11:00"]), Visit(120), a_day(TUESDAY)) == ["09:00"]
    assert offered(hours(tue=["09:00-11:00"]), Visit(121), a_day(TUESDAY)) == []


def test_buffers_may_reach_outside_opening_hours() -> None:
    buffered = Visit(60, buffer_before_min=45, buffer_after_min=90)
    assert offered(hours(tue=["09:00-10:00"]), buffered, a_day(TUESDAY)) == ["09:00"]


def test_a_visit_does_not_reach_into_a_break() -> None:
    with_a_break = hours(tue=["09:00-10:30", "11:00-12:00"])
    assert offered(with_a_break, Visit(60), a_day(TUESDAY)) == ["09:00", "09:30", "11:00"]


def test_a_buffer_may_lie_in_a_break() -> None:
    with_a_break = hours(tue=["09:00-10:00", "11:00-12:00"])
    assert offered(with_a_break, Visit(60, 30, 30), a_day(TUESDAY)) == ["09:00", "11:00"]


def test_a_visit_may_run_across_spans_that_touch() -> None:
    halves = hours(tue=["09:00-10:00", "10:00-11:00"])
    assert offered(halves, Visit(90), a_day(TUESDAY)) == ["09:00", "09:30"]


def test_a_visit_may_run_across_midnight_through_the_hours_of_two_days() -> None:
    late = hours(tue=["23:00-24:00"], wed=["00:00-01:00"])
    window = Window(epoch("2026-01-06T12:00"), epoch("2026-01-07T12:00"))
    assert offered(late, Visit(90), window) == ["23:00", "23:30"]


def test_a_visit_may_run_across_midnight_through_one_span() -> None:
    night = hours(tue=["23:00-01:00"])
    window = Window(epoch("2026-01-06T12:00"), epoch("2026-01-07T12:00"))
    assert offered(night, Visit(60), window) == ["23:00", "23:30", "00:00"]


def test_a_visit_may_last_for_days_where_hours_do() -> None:
    always = hours(**ALWAYS)
    assert offered(always, Visit(3 * 1440), a_day(TUESDAY), step_min=720) == ["00:00", "12:00"]
    assert offered(
        hours({"2026-01-08": ["00:00-23:59"]}, **ALWAYS),
        Visit(3 * 1440), a_day(TUESDAY), step_min=720,
    ) == []  # fmt: skip


def test_a_date_replaces_the_hours_of_its_weekday() -> None:
    shorter = hours({TUESDAY: ["12:00-13:00"]}, tue=["09:00-17:00"])
    assert offered(shorter, Visit(60), a_day(TUESDAY)) == ["12:00"]
    assert offered(shorter, Visit(60), a_day("2026-01-13"))[0] == "09:00"


@pytest.mark.parametrize(
    "step_min, expected",
    [
        (60, ["10:00", "11:00"]),
        (45, ["09:45", "10:30", "11:15"]),  # 13 × 45 minutes after midnight, not after opening
        (50, ["09:10", "10:00", "10:50"]),
        (100, ["10:00"]),
        (720, []),
        (1440, []),
    ],
)
def test_the_step_counts_from_local_midnight_not_from_opening(
    step_min: int, expected: list[str]
) -> None:
    open_hours = hours(tue=["09:10-12:00"])
    assert offered(open_hours, Visit(45), a_day(TUESDAY), step_min=step_min) == expected


def test_the_step_begins_anew_at_midnight() -> None:
    window = Window(epoch("2026-01-06T20:00"), epoch("2026-01-07T04:00"))
    found = offered(hours(**ALWAYS), Visit(10), window, step_min=100)
    assert found == ["20:00", "21:40", "23:20", "00:00", "01:40", "03:20"]


def test_the_step_is_that_of_the_clock_on_the_wall_not_of_utc() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")  # 5:45 ahead
    found = offered(
        hours(tue=["09:00-11:00"]),
        Visit(30),
        a_day(TUESDAY, kathmandu),
        zone=kathmandu,
        step_min=60,
    )
    assert found == ["09:00", "10:00"]


@pytest.mark.parametrize(
    "claim, expected",
    [
        (("09:30", "10:30"), ["08:30", "10:30", "11:00"]),  # touching at both ends is free
        (("09:29", "10:30"), ["10:30", "11:00"]),
        (("09:30", "10:31"), ["08:30", "11:00"]),
        (("10:00", "10:01"), ["08:30", "09:00", "10:30", "11:00"]),
        (("00:00", "23:00"), []),
        (("06:00", "08:30"), ["08:30", "09:00", "09:30", "10:00", "10:30", "11:00"]),
        (("12:00", "13:00"), ["08:30", "09:00", "09:30", "10:00", "10:30", "11:00"]),
    ],
)
def test_a_visit_may_touch_a_claim_but_not_overlap_it(
    claim: tuple[str, str], expected: list[str]
) -> None:
    busy = [(f"{TUESDAY}T{claim[0]}", f"{TUESDAY}T{claim[1]}")]
    morning = hours(tue=["08:30-12:00"])
    assert offered(morning, Visit(60), a_day(TUESDAY), busy=busy) == expected


def test_buffers_keep_their_distance_from_claims_on_either_side() -> None:
    busy = [(f"{TUESDAY}T10:00", f"{TUESDAY}T11:00")]
    morning = hours(tue=["08:00-13:00"])
    assert offered(morning, Visit(60, 0, 15), a_day(TUESDAY), busy=busy) == [
        "08:00", "08:30", "11:00", "11:30", "12:00",
    ]  # fmt: skip
    assert offered(morning, Visit(60, 15, 0), a_day(TUESDAY), busy=busy) == [
        "08:00", "08:30", "09:00", "11:30", "12:00",
    ]  # fmt: skip


def test_a_buffer_before_opening_time_still_meets_claims() -> None:
    before_opening = [(f"{TUESDAY}T08:45", f"{TUESDAY}T08:50")]
    assert offered(
        hours(tue=["09:00-11:00"]), Visit(60, 15, 0), a_day(TUESDAY), busy=before_opening
    ) == ["09:30", "10:00"]


def test_a_visit_that_fits_a_hole_to_the_minute_is_offered_in_it() -> None:
    hole = [
        (f"{TUESDAY}T12:10", f"{TUESDAY}T18:00"),
        (f"{TUESDAY}T00:00", f"{TUESDAY}T10:50"),
        (f"{TUESDAY}T08:00", f"{TUESDAY}T09:00"),
    ]
    always = hours(**ALWAYS)
    afternoon = Window(epoch(f"{TUESDAY}T00:00"), epoch(f"{TUESDAY}T15:00"))
    assert offered(always, Visit(60, 10, 10), afternoon, busy=hole) == ["11:00"]
    assert offered(always, Visit(60, 10, 11), afternoon, busy=hole) == []
    assert offered(always, Visit(60, 11, 10), afternoon, busy=hole) == []
    assert offered(always, Visit(61, 10, 10), afternoon, busy=hole) == []


def test_a_skipped_hour_has_no_starts() -> None:
    # Berlin, 2026-03-29: two o'clock is three o'clock.
    assert offered(hours(sun=["01:00-04:00"]), Visit(30), a_day("2026-03-29")) == [
        "01:00", "01:30", "03:00", "03:30",
    ]  # fmt: skip


def test_a_visit_across_a_skipped_hour_takes_its_real_length() -> None:
    found = offered(hours(sun=["01:00-04:00"]), Visit(90), a_day("2026-03-29"))
    assert found == ["01:00", "01:30"]


def test_a_repeated_hour_has_its_starts_twice() -> None:
    # Berlin, 2026-10-25: three o'clock is two o'clock again.
    assert offered(hours(sun=["01:30-03:30"]), Visit(30), a_day("2026-10-25")) == [
        "01:30", "02:00", "02:30", "02:00", "02:30", "03:00",
    ]  # fmt: skip


def test_the_two_passes_of_a_repeated_hour_are_an_hour_apart() -> None:
    starts = offered_starts(
        BERLIN, 30, hours(sun=["02:30-03:00"]), Visit(15), [], a_day("2026-10-25")
    )
    assert starts == [epoch("2026-10-25T02:30"), epoch("2026-10-25T02:30", fold=1)]
    assert starts[1] - starts[0] == 3600


def test_a_claim_in_one_pass_of_a_repeated_hour_leaves_the_other_free() -> None:
    second_pass = (epoch("2026-10-25T02:00", fold=1), epoch("2026-10-25T03:00", fold=1))
    starts = offered_starts(
        BERLIN, 60, hours(sun=["02:00-03:00"]), Visit(60), [second_pass], a_day("2026-10-25")
    )
    assert starts == [epoch("2026-10-25T02:00")]


def test_a_day_without_midnight_has_no_start_at_midnight() -> None:
    sao_paulo = ZoneInfo("America/Sao_Paulo")
    window = Window(epoch("2018-11-03T22:30", sao_paulo), epoch("2018-11-04T02:00", sao_paulo))
    found = offered(hours(**ALWAYS), Visit(30), window, zone=sao_paulo, step_min=45)
    # 22:30, 23:15, then 01:00 follows 23:59: the first multiple of 45 after it is 01:30
    assert found == ["22:30", "23:15", "01:30"]


def test_a_clock_that_shows_seconds_off_utc_is_followed_to_the_second() -> None:
    monrovia = ZoneInfo("Africa/Monrovia")  # 44 minutes and 30 seconds behind until 1972
    starts = offered_starts(
        monrovia, 60, hours(tue=["09:00-10:00"]), Visit(60), [], a_day("1971-06-01", monrovia)
    )
    assert [datetime.fromtimestamp(start, UTC).time().isoformat() for start in starts] == [
        "09:44:30"
    ]


def test_both_ends_of_a_window_count() -> None:
    window = Window(epoch(f"{TUESDAY}T10:00"), epoch(f"{TUESDAY}T11:00"))
    assert offered(hours(**ALWAYS), Visit(30), window) == ["10:00", "10:30", "11:00"]
    inner = Window(window.earliest_s + 1, window.latest_s - 1)
    assert offered(hours(**ALWAYS), Visit(30), inner) == ["10:30"]
    one = Window(window.latest_s, window.latest_s)
    assert offered(hours(**ALWAYS), Visit(30), one) == ["11:00"]


def test_a_window_that_ends_before_it_begins_holds_nothing() -> None:
    assert offered(hours(**ALWAYS), Visit(1), Window(60, 59), step_min=1) == []


NOW = at(f"{TUESDAY}T09:00")


@pytest.mark.parametrize(
    "now, earliest",
    [
        (NOW, "10:00"),  # a start exactly at the end of the notice counts
        (NOW + timedelta(microseconds=1), "10:30"),
        (NOW + timedelta(seconds=1), "10:30"),
        (NOW - timedelta(microseconds=1), "10:00"),
    ],
)
def test_the_earliest_start_is_exactly_the_notice_from_now(now: datetime, earliest: str) -> None:
    window = Window.bookable(now, notice_min=60, horizon_days=1).within(a_day(TUESDAY))
    assert offered(hours(**ALWAYS), Visit(30), window)[0] == earliest


@pytest.mark.parametrize(
    "now, latest",
    [
        (NOW, "09:00"),  # a start exactly at the horizon counts
        (NOW - timedelta(microseconds=1), "08:30"),
        (NOW - timedelta(seconds=1), "08:30"),
        (NOW + timedelta(microseconds=1), "09:00"),
    ],
)
def test_the_latest_start_is_exactly_the_horizon_from_now(now: datetime, latest: str) -> None:
    window = Window.bookable(now, notice_min=0, horizon_days=1).within(a_day("2026-01-07"))
    assert offered(hours(**ALWAYS), Visit(30), window)[-1] == latest


def test_the_horizon_counts_days_of_24_hours_whatever_the_clock_does() -> None:
    window = Window.bookable(at("2026-03-28T12:00"), notice_min=0, horizon_days=1)
    found = offered(hours(**ALWAYS), Visit(30), window.within(a_day("2026-03-29")))
    assert found[-1] == "13:00"


def test_the_notice_counts_minutes_that_pass_whatever_the_clock_does() -> None:
    window = Window.bookable(at("2026-03-29T01:30"), notice_min=60, horizon_days=1)
    assert offered(hours(**ALWAYS), Visit(30), window)[0] == "03:30"


def test_now_may_be_told_in_any_zone() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
    assert Window.bookable(elsewhere, 60, 1) == Window.bookable(NOW, 60, 1)


def test_what_lies_in_two_windows_lies_in_both() -> None:
    assert Window(1, 5).within(Window(3, 9)) == Window(3, 5)
    assert Window(3, 9).within(Window(1, 5)) == Window(3, 5)
    disjoint = Window(1, 2).within(Window(8, 9))
    assert disjoint.latest_s < disjoint.earliest_s


def test_a_visit_claims_its_buffers_and_gives_the_client_the_rest() -> None:
    visit = Visit(45, buffer_before_min=5, buffer_after_min=10)
    assert visit.attended == (visit.whole,) == ((-300, 3300),)
    assert visit.duration_s == 2700


@pytest.mark.parametrize(
    "phases, attended",
    [
        ([(30, True), (30, False), (30, True)], [(-600, 1800), (3600, 6300)]),
        ([(30, True), (30, True), (30, False)], [(-600, 3600), (5400, 6300)]),
        ([(60, False), (30, True)], [(-600, 0), (3600, 6300)]),
        ([(90, True)], [(-600, 6300)]),
        ([], [(-600, 6300)]),
    ],
)
def test_a_visit_in_phases_claims_its_performer_for_those_with_staff_and_the_buffers(
    phases: list[tuple[int, bool]], attended: list[tuple[int, int]]
) -> None:
    visit = Visit(90, 10, 15, tuple(Phase(*phase) for phase in phases))
    assert list(visit.attended) == attended
    assert visit.whole == (-600, 6300)


def test_a_gap_without_staff_and_buffers_takes_nobody() -> None:
    visit = Visit(60, phases=(Phase(30), Phase(30, staff=False)))
    assert visit.attended == ((0, 1800),)


def refused(start: datetime, *performers: Hours, visit: Visit = Visit(30)) -> str | None:  # noqa: B008
    """What the rules say to a start on the quarter hour, an hour to ten days from `NOW`."""
    window = Window.bookable(NOW, notice_min=60, horizon_days=10)
    everyone = [(each,) for each in performers or [hours(**ALWAYS)]]
    return refusal(BERLIN, 15, [(everyone, 0, visit)], window, start)


@pytest.mark.parametrize(
    "start, reason",
    [
        ("2026-01-05T10:00", "past or too soon"),
        ("2026-01-06T09:45", "past or too soon"),
        ("0001-01-02T00:00", "past or too soon"),
        ("2026-01-16T09:15", "too far ahead"),
        ("9999-12-30T00:00", "too far ahead"),
        ("2026-01-07T10:10", "every 15 minutes from midnight"),
        ("2026-01-07T10:15:01", "every 15 minutes from midnight"),
        ("2026-01-07T10:15:00.000001", "every 15 minutes from midnight"),
        ("2026-01-07T10:14:59.999999", "every 15 minutes from midnight"),
    ],
)
def test_a_start_that_the_rules_exclude_is_refused_with_the_rule(start: str, reason: str) -> None:
    assert reason in (refused(at(start)) or "")


@pytest.mark.parametrize("start", ["2026-01-06T10:00", "2026-01-07T10:15", "2026-01-16T09:00"])
def test_a_start_that_the_rules_allow_is_not_refused(start: str) -> None:
    assert refused(at(start)) is None
    assert refused(at(start).astimezone(UTC)) is None


@pytest.mark.parametrize("time", ["08:45", "11:45", "17:45", "18:00", "00:00"])
def test_a_start_outside_opening_hours_is_refused_as_that(time: str) -> None:
    with_a_break = hours(wed=["09:00-12:00", "13:00-18:00"])
    assert refused(at(f"2026-01-07T{time}"), with_a_break) == "it is outside opening hours"
    assert refused(at("2026-01-07T09:00"), with_a_break) is None


def test_a_closed_start_at_either_limit_is_outside_opening_hours_not_too_soon_or_too_far() -> None:
    never = hours()
    for limit in ("2026-01-06T10:00", "2026-01-16T09:00"):
        assert refused(at(limit), never) == "it is outside opening hours"


def test_whether_a_refused_start_is_off_the_step_is_told_by_the_clock_on_the_wall() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")  # 5:45 ahead
    window = Window.bookable(NOW, 60, 10)
    closed = [([(hours(),)], 0, Visit(30))]
    on_step, off_step = at("2026-01-08T10:00", kathmandu), at("2026-01-08T10:45", kathmandu)
    assert refusal(kathmandu, 60, closed, window, on_step) == "it is outside opening hours"
    assert "60 minutes" in (refusal(kathmandu, 60, closed, window, off_step) or "")


def test_a_start_is_allowed_if_anyone_s_hours_allow_it() -> None:
    early, late = hours(wed=["08:00-12:00"]), hours(wed=["12:00-20:00"])
    for time in ("08:00", "19:30"):
        assert refused(at(f"2026-01-07T{time}"), early, late) is None
    # half with one and half with the other is with nobody
    assert refused(at("2026-01-07T11:45"), early, late) == "it is outside opening hours"


def test_a_start_with_nobody_to_perform_is_outside_opening_hours() -> None:
    window = Window.bookable(NOW, 60, 10)
    reason = refusal(BERLIN, 15, [([], 0, Visit(30))], window, at("2026-01-07T10:00"))
    assert reason == "it is outside opening hours"


def test_a_window_without_room_between_notice_and_horizon_allows_nothing() -> None:
    window = Window.bookable(NOW, notice_min=3 * 1440, horizon_days=1)
    for day in range(5):
        start = NOW + timedelta(days=day)
        assert (
            refusal(BERLIN, 15, [([(hours(**ALWAYS),)], 0, Visit(30))], window, start) is not None
        )


def test_each_pass_of_a_repeated_time_is_judged_by_itself() -> None:
    window = Window(epoch("2026-10-25T02:30", fold=1), epoch("2026-10-25T12:00"))
    always = [([(hours(**ALWAYS),)], 0, Visit(30))]
    first, second = at("2026-10-25T02:30"), at("2026-10-25T02:30", fold=1)
    assert refusal(BERLIN, 15, always, window, second) is None
    assert refusal(BERLIN, 15, always, window, first) == "it is in the past or too soon"


def test_the_oracle_and_the_product_call_weekdays_the_same() -> None:
    assert ORACLE_WEEKDAYS == WEEKDAYS
