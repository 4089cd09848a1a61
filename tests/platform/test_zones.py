"""Zones cut into pieces of constant offset, checked against what zoneinfo says of each instant."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookonce.platform.zones import (
    OffsetSegment,
    date_of,
    day_number,
    is_zone,
    offset_s,
    offset_segments,
    wall_start_of_day_s,
)
from tests.availability.properties import examples


def zone_file(name: str) -> bytes:
    """What the database holds under a name; many names stand for the same."""
    return resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


ZONES = sorted(zoneinfo.available_timezones())
DISTINCT_ZONES = sorted({zone_file(name): name for name in reversed(ZONES)}.values())
FIRST_S = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
END_S = int(datetime(2032, 1, 1, tzinfo=UTC).timestamp())
ODD_STRIDE_S = 31 * 3600 + 1_234  # meets every time of day, and no piece is as short


def seconds(text: str) -> int:
    """An instant in UTC as seconds since the epoch."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def utc(instant_s: int) -> str:
    """The same the other way round."""
    return datetime.fromtimestamp(instant_s, UTC).replace(tzinfo=None).isoformat()


def offset_by_zoneinfo(zone: ZoneInfo, instant_s: int) -> int:
    offset = datetime.fromtimestamp(instant_s, UTC).astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def wall_date(zone: ZoneInfo, instant_s: int) -> date:
    return datetime.fromtimestamp(instant_s, UTC).astimezone(zone).date()


def test_there_are_zones_to_check_and_they_come_with_the_product() -> None:
    assert len(ZONES) > 500
    assert len(DISTINCT_ZONES) > 300
    assert zoneinfo.TZPATH == ()


def test_pieces_follow_one_another_without_a_gap_in_every_zone() -> None:
    wrong = []
    for name in DISTINCT_ZONES:
        pieces = offset_segments(ZoneInfo(name), FIRST_S, END_S)
        edges = [FIRST_S] + [piece.end_s for piece in pieces]
        starts = [piece.start_s for piece in pieces] + [END_S]
        if edges != starts or any(piece.start_s >= piece.end_s for piece in pieces):
            wrong.append(name)
    assert wrong == []


def test_an_offset_holds_from_a_piece_s_first_second_to_its_last_and_no_further_in_every_zone() -> (
    None
):
    wrong = []
    for name in DISTINCT_ZONES:
        zone = ZoneInfo(name)
        for start_s, end_s, offset in offset_segments(zone, FIRST_S, END_S):
            inside = [start_s, (start_s + end_s) // 2, end_s - 1]
            outside = [instant for instant in (start_s - 1, end_s) if FIRST_S <= instant < END_S]
            if any(offset_by_zoneinfo(zone, instant) != offset for instant in inside):
                wrong.append((name, utc(start_s), "another offset inside"))
            if any(offset_by_zoneinfo(zone, instant) == offset for instant in outside):
                wrong.append((name, utc(start_s), "the same offset outside"))
    assert wrong == []


def test_no_change_inside_a_piece_is_missed_in_any_zone() -> None:
    wrong = []
    for name in DISTINCT_ZONES:
        zone = ZoneInfo(name)
        for start_s, end_s, offset in offset_segments(zone, FIRST_S, END_S):
            expected = timedelta(seconds=offset)
            for instant in range(start_s, end_s, ODD_STRIDE_S):
                if datetime.fromtimestamp(instant, zone).utcoffset() != expected:
                    wrong.append((name, utc(instant)))
    assert wrong == []


def test_a_day_starts_at_the_first_instant_of_its_date_or_a_later_one_in_every_zone() -> None:
    wrong = []
    for name in DISTINCT_ZONES:
        zone = ZoneInfo(name)
        changes = [piece.start_s for piece in offset_segments(zone, FIRST_S, END_S)]
        days = {
            wall_date(zone, change) + timedelta(days=more) for change in changes for more in (0, 1)
        }
        for day in sorted(days | {date(2024, 2, 29), date(2027, 12, 31)}):
            start_s = wall_start_of_day_s(zone, day)
            earlier = [start_s - 1] + [start_s - quarters * 900 for quarters in range(1, 9)]
            if wall_date(zone, start_s) < day or any(
                wall_date(zone, instant) >= day for instant in earlier
            ):
                wrong.append((name, day, utc(start_s)))
    assert wrong == []


@pytest.mark.parametrize(
    "zone, change, before_s, after_s",
    [
        ("Europe/Berlin", "2026-03-29T01:00:00", 3600, 7200),
        ("Europe/Berlin", "2026-10-25T01:00:00", 7200, 3600),
        ("America/New_York", "2024-03-10T07:00:00", -18000, -14400),
        ("Australia/Lord_Howe", "2024-04-06T15:00:00", 39600, 37800),
        ("Australia/Lord_Howe", "2024-10-05T15:30:00", 37800, 39600),
        ("America/Santiago", "2024-04-07T03:00:00", -10800, -14400),
        ("America/Santiago", "2024-09-08T04:00:00", -14400, -10800),
        ("Africa/Casablanca", "2024-03-10T02:00:00", 3600, 0),
        ("Africa/Casablanca", "2024-04-14T02:00:00", 0, 3600),
        ("Antarctica/Troll", "2024-03-31T01:00:00", 0, 7200),
        ("America/St_Johns", "2006-10-29T02:31:00", -9000, -12600),
        ("Asia/Kathmandu", "1985-12-31T18:30:00", 19800, 20700),
        ("Africa/Monrovia", "1972-01-07T00:44:30", -2670, 0),
        ("Pacific/Apia", "2011-12-30T10:00:00", -36000, 50400),
        ("Pacific/Kiritimati", "1994-12-31T10:00:00", -36000, 50400),
        ("Africa/Casablanca", "1985-12-31T23:00:00", 3600, 0),
        ("Africa/Sao_Tome", "2018-01-01T01:00:00", 0, 3600),
        ("Europe/London", "1968-02-18T02:00:00", 0, 3600),
        ("Asia/Pyongyang", "2018-05-04T15:00:00", 30600, 32400),
    ],
)
def test_a_known_change_of_the_clock_is_where_a_piece_ends(
    zone: str, change: str, before_s: int, after_s: int
) -> None:
    change_s = seconds(change)
    low, high = change_s - 86_400, change_s + 86_400
    assert offset_segments(ZoneInfo(zone), low, high) == [
        OffsetSegment(low, change_s, before_s),
        OffsetSegment(change_s, high, after_s),
    ]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "Asia/Kathmandu", "America/Phoenix"])
def test_a_zone_that_keeps_its_clock_is_one_piece_across_years(zone: str) -> None:
    offset = offset_by_zoneinfo(ZoneInfo(zone), FIRST_S)
    assert offset_segments(ZoneInfo(zone), FIRST_S, END_S) == [
        OffsetSegment(FIRST_S, END_S, offset)
    ]


def test_a_change_in_the_first_instant_of_a_year_is_found() -> None:
    # Lisbon gave up its own time with 1912, as counted in Greenwich.
    change_s = seconds("1912-01-01T00:00:00")
    assert offset_segments(ZoneInfo("Europe/Lisbon"), change_s - 60, change_s + 60) == [
        OffsetSegment(change_s - 60, change_s, -2205),
        OffsetSegment(change_s, change_s + 60, 0),
    ]


def test_a_window_that_begins_or_ends_at_a_change_has_no_empty_piece() -> None:
    change_s = seconds("2026-03-29T01:00:00")
    berlin = ZoneInfo("Europe/Berlin")
    assert offset_segments(berlin, change_s - 60, change_s) == [
        OffsetSegment(change_s - 60, change_s, 3600)
    ]
    assert offset_segments(berlin, change_s, change_s + 60) == [
        OffsetSegment(change_s, change_s + 60, 7200)
    ]


@pytest.mark.parametrize("end_s", [FIRST_S, FIRST_S - 1])
def test_an_empty_window_has_no_pieces(end_s: int) -> None:
    assert offset_segments(ZoneInfo("Europe/Berlin"), FIRST_S, end_s) == []


@examples(150)
@given(
    st.sampled_from(ZONES),
    st.integers(seconds("1900-01-01T00:00:00"), seconds("2100-01-01T00:00:00")),
    st.integers(1, 400 * 86_400),
    st.lists(st.floats(0, 1, exclude_max=True), max_size=20),
)
def test_any_instant_of_two_centuries_has_the_offset_of_its_piece(
    name: str, start_s: int, length_s: int, parts: list[int]
) -> None:
    zone = ZoneInfo(name)
    pieces = offset_segments(zone, start_s, start_s + length_s)
    assert pieces[0].start_s == start_s
    assert pieces[-1].end_s == start_s + length_s
    for instant in [start_s, *(start_s + int(part * length_s) for part in parts)]:
        [offset] = [piece.offset_s for piece in pieces if piece.start_s <= instant < piece.end_s]
        assert offset == offset_by_zoneinfo(zone, instant)
        assert offset_s(zone, instant) == offset


@pytest.mark.parametrize(
    "zone, day, first_instant",
    [
        ("UTC", "2024-02-29", "2024-02-29T00:00:00"),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00"),
        ("Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00"),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00"),
        ("Europe/Berlin", "2026-10-26", "2026-10-25T23:00:00"),
        # no midnight: the day begins at one o'clock
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00"),
        ("America/Santiago", "2024-09-08", "2024-09-08T04:00:00"),
        ("America/Havana", "2024-03-10", "2024-03-10T05:00:00"),
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00"),
        # an hour before midnight comes twice; midnight itself once
        ("America/Santiago", "2024-04-07", "2024-04-07T04:00:00"),
        ("America/Sao_Paulo", "2019-02-17", "2019-02-17T03:00:00"),
        # midnight comes twice: the first one counts
        ("America/Havana", "2024-11-03", "2024-11-03T04:00:00"),
        # a minute of the new day passes before the clock goes back into the old one
        ("America/St_Johns", "2006-10-29", "2006-10-29T02:30:00"),
        # a day that did not take place begins with the one after it
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00"),
        ("Pacific/Apia", "2012-01-01", "2011-12-31T10:00:00"),
        ("Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00:00"),
        ("Africa/Monrovia", "1971-06-01", "1971-06-01T00:44:30"),
        ("Africa/Monrovia", "1972-01-07", "1972-01-07T00:44:30"),
        ("Pacific/Kiritimati", "2024-01-01", "2023-12-31T10:00:00"),
        ("Etc/GMT+12", "2024-01-01", "2024-01-01T12:00:00"),
    ],
)
def test_a_day_begins_when_the_clock_first_shows_it(
    zone: str, day: str, first_instant: str
) -> None:
    start_s = wall_start_of_day_s(ZoneInfo(zone), date.fromisoformat(day))
    assert utc(start_s) == first_instant


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "UTC", "America/Argentina/Ushuaia", "Etc/GMT+12"]
)
def test_a_zone_of_the_database_is_known(name: str) -> None:
    assert is_zone(name)


@pytest.mark.parametrize(
    "name",
    ["", "Europe/Berlinn", "europe/berlin", " Europe/Berlin", "CEST", "UTC+1", "Europe", "../UTC",
     "/etc/localtime", "Europe/Berlin\0", "posixrules", "Europe\\Berlin"],
)  # fmt: skip
def test_what_is_no_zone_is_not_known(name: str) -> None:
    assert not is_zone(name)


@given(st.dates())
@examples(100)
def test_a_day_number_counts_days_from_the_first_of_1970(day: date) -> None:
    assert day_number(day) == day.toordinal() - date(1970, 1, 1).toordinal()
    assert date_of(day_number(day)) == day
