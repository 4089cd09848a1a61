"""When clients are reminded, by the clocks of 26 zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookonce.messages.reminders import CLOSE, ahead, due, is_quiet, plan, quiet_end

ZONES = [
    "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Chisinau",
    "America/New_York", "America/Chicago", "America/Los_Angeles", "America/St_Johns",
    "America/Sao_Paulo", "America/Santiago", "America/Havana", "America/Asuncion",
    "Atlantic/Azores", "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut", "Asia/Jerusalem",
    "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Sydney", "Australia/Lord_Howe",
    "Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati",
]  # fmt: skip
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NIGHT = (time(21), time(8))
HOUR = timedelta(hours=1)
EACH_ZONE = pytest.mark.parametrize("zone", [ZoneInfo(name) for name in ZONES], ids=str)


def days_around_changes(zone: ZoneInfo) -> list[date]:
    """The days on which a clock is put back or forward in a year, and those beside them."""
    found = set()
    for n in range(366):
        day = date(2026, 7, 1) + timedelta(days=n)
        noon, next_noon = (
            datetime.combine(each, time(12), zone) for each in (day, day + timedelta(days=1))
        )
        if noon.utcoffset() != next_noon.utcoffset():
            found |= {day + timedelta(days=beside) for beside in (-1, 0, 1, 2, 3)}
    return sorted(found or {date(2026, 7, 1), date(2027, 1, 1)})


def test_there_are_26_zones_and_clocks_change_in_most() -> None:
    assert len(set(ZONES)) == 26
    assert sum(len(days_around_changes(ZoneInfo(zone))) > 2 for zone in ZONES) >= 18


@EACH_ZONE
def test_hours_before_are_hours_whatever_the_clock_does(zone: ZoneInfo) -> None:
    for day in days_around_changes(zone):
        start = datetime.combine(day, time(14, 30), zone)
        (reminder,) = plan(start, zone, ["24h"], None)
        assert start.astimezone(UTC) - reminder.due_at == 24 * HOUR


@EACH_ZONE
def test_the_evening_before_is_18_00_by_the_clock(zone: ZoneInfo) -> None:
    for day in days_around_changes(zone):
        start = datetime.combine(day, time(9), zone)
        (reminder,) = plan(start, zone, ["evening"], None)
        local = reminder.due_at.astimezone(zone)
        assert (local.date(), local.time()) == (day - timedelta(days=1), time(18))
        assert start.astimezone(UTC) - reminder.due_at <= ahead(["evening"], None)


@EACH_ZONE
def test_nobody_is_reminded_in_quiet_hours(zone: ZoneInfo) -> None:
    for day in days_around_changes(zone):
        for hour in range(0, 24, 3):
            start = datetime.combine(day, time(hour, 30), zone)
            for reminder in plan(start, zone, ["24h", "2h", "evening"], NIGHT):
                assert not is_quiet(reminder.due_at, zone, NIGHT)
                assert reminder.due_at < start
                assert start.astimezone(UTC) - reminder.due_at <= ahead(
                    ["24h", "2h", "evening"], NIGHT
                )


def test_two_hours_before_seven_is_told_the_evening_before() -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 12, 2, 7, tzinfo=zone)
    (reminder,) = plan(start, zone, ["2h"], NIGHT)
    assert reminder.due_at.astimezone(zone) == datetime(2026, 12, 1, 20, 30, tzinfo=zone)


def test_a_reminder_that_quiet_hours_move_close_to_another_is_left_out() -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 12, 2, 7, tzinfo=zone)
    assert [one.lead for one in plan(start, zone, ["evening", "2h"], NIGHT)] == ["evening"]


def test_quiet_hours_that_leave_no_time_leave_no_reminder() -> None:
    zone = ZoneInfo("Europe/Berlin")
    quiet = (time(0, 10), time(0, 0))
    assert plan(datetime(2026, 12, 2, 7, tzinfo=zone), zone, ["2h"], quiet) == []


def test_whoever_books_inside_a_lead_is_not_reminded_of_it_but_of_the_next() -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 12, 2, 15, tzinfo=zone)
    reminders = plan(start, zone, ["24h", "2h"], None)
    booked_at = start - 10 * HOUR
    assert due(reminders, start - 9 * HOUR, booked_at) is None
    found = due(reminders, start - 2 * HOUR, booked_at)
    assert found is not None
    assert found.lead == "2h"


def test_after_a_night_without_a_worker_only_the_last_is_sent_and_only_while_of_use() -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 12, 2, 15, tzinfo=zone)
    reminders = plan(start, zone, ["24h", "2h"], None)
    late = due(reminders, start - 14 * HOUR, LONG_AGO)
    assert late is not None
    assert late.lead == "24h"
    assert due(reminders, start - 11 * HOUR, LONG_AGO) is None
    last = due(reminders, start - 1.5 * HOUR, LONG_AGO)
    assert last is not None
    assert last.lead == "2h"
    assert due(reminders, start - 0.5 * HOUR, LONG_AGO) is None


@EACH_ZONE
def test_quiet_hours_end_by_the_clock(zone: ZoneInfo) -> None:
    for day in days_around_changes(zone):
        instant = datetime.combine(day, time(22), zone)
        end = quiet_end(instant, zone, NIGHT)
        assert end.astimezone(zone).time() == time(8)
        assert end > instant.astimezone(UTC)
        assert not is_quiet(end, zone, NIGHT)


@given(
    start_min=st.integers(0, 366 * 24 * 60),
    zone=st.sampled_from(ZONES),
    leads=st.lists(
        st.sampled_from(["30m", "2h", "5h", "24h", "2d", "evening"]), unique=True, max_size=5
    ),
    quiet=st.none() | st.tuples(st.times(), st.times()).filter(lambda pair: pair[0] != pair[1]),
)
def test_a_plan_is_in_order_before_the_start_and_never_in_quiet_hours(
    start_min: int, zone: str, leads: list[str], quiet: tuple[time, time] | None
) -> None:
    where = ZoneInfo(zone)
    start = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=start_min)
    reminders = plan(start, where, leads, quiet)
    times = [one.due_at for one in reminders]
    assert times == sorted(times)
    for one in reminders:
        assert one.due_at < one.useful_until < start
        assert start - one.due_at <= ahead(leads, quiet)
        assert quiet is None or not is_quiet(one.due_at, where, quiet)
    moved = [one for one in reminders if one not in plan(start, where, leads, None)]
    for one in moved:
        assert all(
            abs(one.due_at - other.due_at) >= CLOSE for other in reminders if other is not one
        )
