"""Spans as owners write them, and the instants at which they are open."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookonce.business.hours import WEEKDAYS, Hours, Span, open_intervals, overlapping
from bookonce.platform.intervals import merged
from bookonce.platform.zones import day_number
from tests.availability.properties import examples

BERLIN = ZoneInfo("Europe/Berlin")


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def hours(dates: dict[str, list[str]] | None = None, /, **week: list[str]) -> Hours:
    """Hours from texts, weekday by weekday and date by date."""
    return Hours.of(
        {weekday: [Span.parse(text) for text in texts] for weekday, texts in week.items()},
        [
            (date.fromisoformat(day), [Span.parse(text) for text in texts])
            for day, texts in (dates or {}).items()
        ],
    )


def opened(open_hours: Hours, zone: ZoneInfo, start: str, end: str) -> list[tuple[str, str]]:
    """The open instants between two, in UTC, to the minute."""
    return [
        (
            f"{datetime.fromtimestamp(low, UTC):%d %H:%M}",
            f"{datetime.fromtimestamp(high, UTC):%d %H:%M}",
        )
        for low, high in open_intervals(open_hours, zone, seconds(start), seconds(end))
    ]


@pytest.mark.parametrize(
    "text, start_min, end_min",
    [
        ("09:00-12:30", 540, 750),
        ("00:00-00:01", 0, 1),
        ("00:00-24:00", 0, 1440),
        ("22:00-24:00", 1320, 1440),
        ("22:00-02:00", 1320, 1560),
        ("23:59-23:58", 1439, 2878),
        ("22:00-00:00", 1320, 1440),
    ],
)
def test_a_span_is_minutes_since_midnight_and_an_earlier_end_is_on_the_next_day(
    text: str, start_min: int, end_min: int
) -> None:
    span = Span.parse(text)
    assert (span.start_min, span.end_min) == (start_min, end_min)


def test_a_span_that_ends_at_midnight_is_the_same_however_it_is_written() -> None:
    assert Span.parse("22:00-00:00") == Span.parse("22:00-24:00")
    assert hash(Span.parse("22:00-00:00")) == hash(Span.parse("22:00-24:00"))
    assert str(Span.parse("22:00-00:00")) == "22:00-24:00"


def test_spans_with_another_start_or_end_differ() -> None:
    span = Span.parse("09:00-12:30")
    assert span != Span.parse("09:01-12:30")
    assert span != Span.parse("09:00-12:31")
    assert span != "09:00-12:30"


@examples(300)
@given(st.integers(0, 1439), st.integers(1, 1439))
def test_every_span_is_read_back_as_it_was_written(start_min: int, length_min: int) -> None:
    span = Span(start_min, start_min + length_min)
    assert Span.parse(str(span)) == span


@pytest.mark.parametrize(
    "text",
    ["", "9:00-12:30", "09:00", "09:00-", "-12:30", "09:00–12:30", "09:00 - 12:30", "09.00-12.30",
     "09:60-12:30", "25:00-26:00", "24:00-02:00", "24:00-24:00", "09:00-24:01", "09:00-12:30\n",
     " 09:00-12:30", "09:00-12:30,13:00-14:00", "09:00:00-12:30:00", "9am-5pm", "09:00-12:3",
     "-09:00-12:30", "0900-1230", "closed", "09:00-12:30\0"],
)  # fmt: skip
def test_a_text_that_is_no_span_is_refused_with_an_example_of_one(text: str) -> None:
    with pytest.raises(ValueError, match="expected a span such as") as refused:
        Span.parse(text)
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize(
    "text, hint",
    [
        ("24:00-02:00", "00:00 of the next day"),
        ("09:00:00-12:30:00", "to the minute"),
        ("09:00Z-12:30Z", "without an offset"),
        ("09:00+01:00-12:30+01:00", "without an offset"),
    ],
)
def test_a_time_that_is_written_otherwise_is_refused_for_that(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        Span.parse(text)


def test_digits_of_another_script_are_no_span() -> None:
    with pytest.raises(ValueError, match="expected a span such as"):
        Span.parse("0٩:0٠-1٢:3٠")


@pytest.mark.parametrize("text", ["09:00-09:00", "00:00-00:00"])
def test_an_empty_span_is_refused_with_the_way_to_write_a_whole_day(text: str) -> None:
    with pytest.raises(ValueError, match='a whole day is "00:00-24:00"'):
        Span.parse(text)


@pytest.mark.parametrize(
    "edges", [(-1, 10), (1440, 1500), (10, 10), (20, 10), (0, 1441), (1, 1441), (60, 1500)]
)
def test_a_span_lasts_between_a_minute_and_a_day(edges: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="between a minute and a day"):
        Span(*edges)


@pytest.mark.parametrize(
    "texts, pair",
    [
        ([], None),
        (["09:00-12:00"], None),
        (["09:00-12:00", "12:00-18:00"], None),
        (["13:00-18:00", "09:00-12:00"], None),
        (["22:00-06:00", "05:00-09:00"], None),  # 05:00 is before, the night after
        (["09:00-12:01", "12:00-18:00"], ("09:00-12:01", "12:00-18:00")),
        (["12:00-18:00", "09:00-12:01"], ("09:00-12:01", "12:00-18:00")),
        (["09:00-18:00", "10:00-11:00"], ("09:00-18:00", "10:00-11:00")),
        (["09:00-12:00", "09:00-12:00"], ("09:00-12:00", "09:00-12:00")),
        (["20:00-02:00", "23:00-24:00"], ("20:00-02:00", "23:00-24:00")),
        (["08:00-09:00", "10:00-12:00", "11:00-13:00"], ("10:00-12:00", "11:00-13:00")),
    ],
)
def test_spans_of_a_day_overlap_if_they_share_a_minute(
    texts: list[str], pair: tuple[str, str] | None
) -> None:
    found = overlapping([Span.parse(text) for text in texts])
    assert found == (pair and (Span.parse(pair[0]), Span.parse(pair[1])))


@examples(200)
@given(st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 300)), max_size=5))
def test_overlapping_spans_are_found_exactly_if_some_minute_is_in_two(
    pairs: list[tuple[int, int]],
) -> None:
    spans = [Span(start, start + length) for start, length in pairs]
    minutes = [minute for span in spans for minute in range(span.start_min, span.end_min)]
    assert (overlapping(spans) is not None) == (len(set(minutes)) < len(minutes))


@examples(200)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 15)), max_size=8))
def test_merged_intervals_hold_the_same_instants_in_the_fewest_pieces(
    pairs: list[tuple[int, int]],
) -> None:
    intervals = [(low, low + length) for low, length in pairs]
    union = merged(intervals)
    assert {s for low, high in union for s in range(low, high)} == {
        s for low, high in intervals for s in range(low, high)
    }
    assert all(earlier[1] < later[0] for earlier, later in pairwise(union))


def test_touching_intervals_become_one() -> None:
    assert merged([(5, 9), (1, 5)]) == [(1, 9)]


def test_empty_intervals_are_left_out() -> None:
    assert merged([(3, 3), (5, 9), (9, 9)]) == [(5, 9)]


@pytest.mark.parametrize("index, weekday", list(enumerate(WEEKDAYS)))
def test_the_week_begins_on_monday(index: int, weekday: str) -> None:
    monday = day_number(date(2026, 3, 30))
    on_this_day_only = hours(**{weekday: ["09:00-10:00"]})
    assert [bool(on_this_day_only.spans_on(monday + day)) for day in range(7)] == [
        day == index for day in range(7)
    ]


def test_hours_of_a_day_before_1970_are_found_by_weekday() -> None:
    assert hours(wed=["09:00-10:00"]).spans_on(day_number(date(1969, 12, 31)))


def test_a_break_closes() -> None:
    assert opened(
        hours(tue=["09:00-12:30", "13:15-18:00"]), BERLIN, "2026-01-06T00:00", "2026-01-07T00:00"
    ) == [("06 08:00", "06 11:30"), ("06 12:15", "06 17:00")]


def test_a_span_past_midnight_opens_the_next_day_too() -> None:
    night = hours(sat=["22:00-02:00"])
    assert opened(night, BERLIN, "2026-01-10T00:00", "2026-01-12T00:00") == [
        ("10 21:00", "11 01:00")
    ]
    assert opened(night, BERLIN, "2026-01-11T00:00", "2026-01-12T00:00") == [
        ("11 00:00", "11 01:00")
    ]


def test_a_date_closes_what_begins_on_it_and_leaves_the_night_before() -> None:
    nights = hours({"2026-01-10": []}, fri=["22:00-02:00"], sat=["22:00-02:00"])
    assert opened(nights, BERLIN, "2026-01-09T12:00", "2026-01-11T12:00") == [
        ("09 21:00", "10 01:00")
    ]


def test_a_date_opens_on_a_closed_weekday_and_past_its_midnight() -> None:
    assert opened(
        hours({"2026-01-07": ["23:00-01:00"]}), BERLIN, "2026-01-01T00:00", "2026-02-01T00:00"
    ) == [("07 22:00", "08 00:00")]


def test_days_round_the_clock_are_one_piece_whatever_the_clock_does() -> None:
    always = hours(**{weekday: ["00:00-24:00"] for weekday in WEEKDAYS})
    window = ("2026-03-01T00:00", "2026-12-01T00:00")
    assert open_intervals(always, BERLIN, *map(seconds, window)) == [tuple(map(seconds, window))]


@pytest.mark.parametrize(
    "span, expected",
    [
        ("01:00-04:00", [("29 00:00", "29 02:00")]),  # three hours by the clock, two to work
        ("02:00-03:00", []),
        ("02:15-02:45", []),
        ("01:30-02:30", [("29 00:30", "29 01:00")]),
        ("02:30-03:30", [("29 01:00", "29 01:30")]),
        ("00:00-24:00", [("28 23:00", "29 22:00")]),
    ],
)
def test_a_skipped_hour_is_never_open(span: str, expected: list[tuple[str, str]]) -> None:
    around = ("2026-03-28T12:00", "2026-03-30T12:00")
    assert opened(hours(sun=[span]), BERLIN, *around) == expected


@pytest.mark.parametrize(
    "span, expected",
    [
        ("01:00-04:00", [("24 23:00", "25 03:00")]),  # three hours by the clock, four to work
        ("02:00-03:00", [("25 00:00", "25 02:00")]),
        ("02:15-02:45", [("25 00:15", "25 00:45"), ("25 01:15", "25 01:45")]),
        ("01:30-02:30", [("24 23:30", "25 00:30"), ("25 01:00", "25 01:30")]),
        ("02:30-03:30", [("25 00:30", "25 01:00"), ("25 01:30", "25 02:30")]),
        ("00:00-24:00", [("24 22:00", "25 23:00")]),
    ],
)
def test_a_repeated_hour_is_open_both_times(span: str, expected: list[tuple[str, str]]) -> None:
    around = ("2026-10-24T12:00", "2026-10-26T12:00")
    assert opened(hours(sun=[span]), BERLIN, *around) == expected


def test_an_hour_before_midnight_that_comes_twice_belongs_to_its_date_both_times() -> None:
    # Santiago, Saturday 2024-04-06: at midnight the clock goes back to 23:00 of that Saturday.
    santiago = ZoneInfo("America/Santiago")
    window = ("2024-04-06T12:00", "2024-04-07T12:00")
    assert opened(hours(sat=["23:15-23:45"]), santiago, *window) == [
        ("07 02:15", "07 02:45"),
        ("07 03:15", "07 03:45"),
    ]
    assert opened(hours(sat=["23:30-00:30"]), santiago, *window) == [
        ("07 02:30", "07 03:00"),
        ("07 03:30", "07 04:30"),
    ]


def test_half_an_hour_that_comes_twice_is_open_twice() -> None:
    # Lord Howe, Sunday 2024-04-07: at two o'clock the clock goes back to half past one.
    assert opened(
        hours(sun=["01:30-01:45"]),
        ZoneInfo("Australia/Lord_Howe"),
        "2024-04-06T12:00",
        "2024-04-07T12:00",
    ) == [("06 14:30", "06 14:45"), ("06 15:00", "06 15:15")]


def test_a_day_that_did_not_take_place_opens_nothing_but_its_night() -> None:
    apia = ZoneInfo("Pacific/Apia")  # Friday 2011-12-30 was left out
    window = ("2011-12-29T00:00", "2012-01-01T00:00")
    assert opened(hours(fri=["09:00-17:00"]), apia, *window) == []
    assert opened(hours(fri=["22:00-02:00"]), apia, *window) == [("30 10:00", "30 12:00")]


def test_only_what_lies_in_the_window_is_told() -> None:
    nine_to_five = hours(tue=["09:00-17:00"])
    assert opened(nine_to_five, BERLIN, "2026-01-06T09:00", "2026-01-06T10:00") == [
        ("06 09:00", "06 10:00")
    ]
    assert opened(nine_to_five, BERLIN, "2026-01-06T16:00", "2026-01-06T20:00") == []
    assert opened(nine_to_five, BERLIN, "2026-01-06T10:00", "2026-01-06T10:00") == []
