"""The business file: read whole or refused whole, written back the same, compared line by line."""

from __future__ import annotations

import codecs
import re
import string
import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookonce.business.checks import RESERVED_SLUGS
from bookonce.business.diff import changes
from bookonce.business.document import (
    Business,
    DateHours,
    HoursAt,
    LocalTime,
    Location,
    Policy,
    Profile,
    Resource,
    Service,
    Staff,
    TimeOff,
    WeeklyHours,
)
from bookonce.business.hours import Span
from bookonce.business.toml_file import decoded, parse, render
from bookonce.business.tree import as_tree, from_tree
from bookonce.business.visits import Phase, Visit
from bookonce.platform.errors import ValidationError
from tests.availability.properties import examples
from tests.availability.strategies import business_trees
from tests.factories import a_business, a_service, a_staff_member

DOCUMENTED = """
[business]
slug = "lumen"
name = "Lumen Hair"
timezone = "Europe/Berlin"
currency = "EUR"
locale = "de"

[policy]                       # all optional, defaults shown
slot_step_min = 15             # starts fall on local-time multiples of this, from midnight
notice_min = 60                # earliest start from now
horizon_days = 90              # latest start from now
cancel_until_min = 1440        # a client may cancel or move until this long before the start

[[staff]]
key = "ada"
name = "Ada"
email = "ada@example.com"      # optional
[staff.hours]                  # local wall-clock time; several spans a day are breaks
mon = ["09:00-12:30", "13:15-18:00"]
sat = ["22:00-02:00"]          # past midnight belongs to the day it starts
[[staff.dates]]                # one date overrides the week
date = "2026-12-24"
hours = []                     # closed
[[staff.time_off]]
from = "2026-12-27T00:00"
to = "2026-12-30T00:00"
reason = "holiday"

[[service]]
key = "cut"
name = "Cut"
duration_min = 45
buffer_before_min = 0
buffer_after_min = 10
price = "48.00"
staff = ["ada"]                # who performs it; absent: everyone
"""

HEAD = '[business]\nslug = "lumen"\nname = "Lumen Hair"\ntimezone = "Europe/Berlin"\n'
ADA = HEAD + '[[staff]]\nkey = "ada"\nname = "Ada"\n'
BOB = ADA + '[[staff]]\nkey = "bob"\nname = "Bob"\n'
CUT = ADA + '[[service]]\nkey = "cut"\nname = "Cut"\n'
MITTE = HEAD + '[[location]]\nkey = "mitte"\nname = "Mitte"\n'
SOHO = '[[location]]\nkey = "soho"\nname = "Soho"\ntimezone = "Europe/London"\n'
BOTH = MITTE + SOHO

WIDE = (
    BOTH.replace('name = "Mitte"', 'name = "Mitte"\naddress = "Torstraße 1"')
    + """
[location.hours]
mon = ["09:00-18:00"]
[[location.dates]]
date = "2026-12-24"
hours = []

[[staff]]
key = "ada"
name = "Ada"
[[staff.at]]
location = "mitte"
hours = { mon = ["09:00-12:30"] }
[[staff.at]]
location = "soho"
hours = { tue = ["10:00-16:00"] }
dates = [{ date = "2026-12-31", hours = [] }]

[[resource]]
key = "r1"
name = "Room 1"
kind = "room"
location = "mitte"
[[resource.time_off]]
from = "2026-12-27T00:00"
to = "2026-12-28T00:00"
reason = "paint"

[[service]]
key = "colour"
name = "Colour"
duration_min = 90
phases = [{ duration_min = 30 }, { duration_min = 40, staff = false }, { duration_min = 20 }]
needs = ["room"]
locations = ["mitte"]
"""
)


def spans(*texts: str) -> tuple[Span, ...]:
    return tuple(Span.parse(text) for text in texts)


def errors_of(text: str) -> list[tuple[str, str]]:
    """What a file is refused for: places and messages."""
    with pytest.raises(ValidationError) as refused:
        parse(text)
    return [(error.field, error.message) for error in refused.value.errors]


def places_of(text: str) -> list[str]:
    return sorted(place for place, _ in errors_of(text))


def absence(start: str, end: str) -> str:
    return f'[[staff.time_off]]\nfrom = "{start}"\nto = "{end}"\n'


# Reading what is right


def test_the_documented_file_says_what_it_says() -> None:
    assert parse(DOCUMENTED) == Business(
        business=Profile("lumen", "Lumen Hair", "Europe/Berlin", "EUR", "de"),
        policy=Policy(15, 60, 90, 1440),
        staff=(
            Staff(
                key="ada",
                name="Ada",
                email="ada@example.com",
                hours=WeeklyHours(
                    mon=spans("09:00-12:30", "13:15-18:00"), sat=spans("22:00-02:00")
                ),
                dates=(DateHours(date(2026, 12, 24), ()),),
                time_off=(
                    TimeOff(
                        LocalTime(2026, 12, 27, 0, 0), LocalTime(2026, 12, 30, 0, 0), "holiday"
                    ),
                ),
            ),
        ),
        service=(Service("cut", "Cut", 45, buffer_after_min=10, price="48.00", staff=("ada",)),),
    )


def test_the_examples_of_the_documentation_are_right_and_its_bad_file_is_refused_as_shown() -> None:
    page = (Path(__file__).parents[2] / "docs/business-file.md").read_text()
    shown_files = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    *good, bad = [text for text in shown_files if "[business]" in text]
    assert [parse(text).business.slug for text in good] == ["lumen", "nordlicht"]
    shown = re.findall(r"^✗ (\S+\[\S+|\w+\.\w+) (.*)$", page, re.MULTILINE)
    assert errors_of(bad) == shown


def test_a_file_with_locations_rooms_and_phases_says_what_it_says() -> None:
    assert parse(WIDE) == Business(
        business=Profile("lumen", "Lumen Hair", "Europe/Berlin"),
        location=(
            Location("mitte", "Mitte", address="Torstraße 1"),
            Location(
                "soho",
                "Soho",
                timezone="Europe/London",
                hours=WeeklyHours(mon=spans("09:00-18:00")),
                dates=(DateHours(date(2026, 12, 24), ()),),
            ),
        ),
        staff=(
            Staff(
                "ada",
                "Ada",
                at=(
                    HoursAt("mitte", WeeklyHours(mon=spans("09:00-12:30"))),
                    HoursAt(
                        "soho",
                        WeeklyHours(tue=spans("10:00-16:00")),
                        (DateHours(date(2026, 12, 31), ()),),
                    ),
                ),
            ),
        ),
        resource=(
            Resource(
                "r1",
                "Room 1",
                "room",
                "mitte",
                (TimeOff(LocalTime(2026, 12, 27), LocalTime(2026, 12, 28), "paint"),),
            ),
        ),
        service=(
            Service(
                "colour",
                "Colour",
                90,
                phases=(Phase(30), Phase(40, staff=False), Phase(20)),
                needs=("room",),
                locations=("mitte",),
            ),
        ),
    )


def test_a_location_a_room_and_a_service_need_no_more_than_the_documented_fields() -> None:
    text = MITTE + '[[resource]]\nkey = "r1"\nname = "Room 1"\nkind = "room"\n'
    [location], [resource] = parse(text).location, parse(text).resource
    assert (location.timezone, location.address) == (None, "")
    assert (location.hours, location.dates, location.opening_hours()) == (None, (), None)
    assert resource.time_off == ()
    [service] = parse(CUT + "duration_min = 45\n").service
    assert (service.phases, service.needs, service.locations) == ((), (), None)


def test_a_location_without_hours_is_not_one_with_none() -> None:
    assert parse(MITTE).location[0].hours is None
    assert parse(MITTE + "hours = {}").location[0].hours == WeeklyHours()


def test_a_room_and_a_person_may_have_the_same_key() -> None:
    text = ADA + '[[resource]]\nkey = "ada"\nname = "The Ada Room"\nkind = "room"\n'
    assert parse(text).resource[0].key == parse(text).staff[0].key


def test_a_service_may_be_offered_nowhere_which_is_not_everywhere() -> None:
    text = MITTE + '[[service]]\nkey = "cut"\nname = "Cut"\nduration_min = 45\nlocations = []\n'
    assert parse(text).service[0].locations == ()


# One spelling of the same


WEEK = 'hours = { mon = ["09:00-12:00"] }\n'
DAY = 'dates = [{ date = "2026-12-24", hours = [] }]\n'
AT_MITTE = '[[staff.at]]\nlocation = "mitte"\n'
AT_SOHO = '[[staff.at]]\nlocation = "soho"\n'
JUST_ADA = '[[staff]]\nkey = "ada"\nname = "Ada"\n'


@pytest.mark.parametrize(
    "written, normal",
    [
        (MITTE + JUST_ADA + AT_MITTE + WEEK + DAY, MITTE + JUST_ADA + WEEK + DAY),
        (MITTE + JUST_ADA + AT_MITTE, MITTE + JUST_ADA),
        (BOTH + JUST_ADA + WEEK + DAY, BOTH + JUST_ADA + AT_MITTE + WEEK + DAY),
        (BOTH + JUST_ADA + WEEK + AT_SOHO + DAY,
         BOTH + JUST_ADA + AT_MITTE + WEEK + AT_SOHO + DAY),
        (BOTH + JUST_ADA + AT_SOHO + WEEK + AT_MITTE + DAY,
         BOTH + JUST_ADA + AT_MITTE + DAY + AT_SOHO + WEEK),
        (BOTH + JUST_ADA + AT_MITTE + AT_SOHO + WEEK, BOTH + JUST_ADA + AT_SOHO + WEEK),
        (BOTH + JUST_ADA + AT_MITTE + "hours = {}\ndates = []\n", BOTH + JUST_ADA),
        (BOTH + JUST_ADA + "hours = {}\n" + AT_MITTE + WEEK, BOTH + JUST_ADA + AT_MITTE + WEEK),
    ],
    ids=["one location, under at", "one location, nothing", "several, plain",
         "several, plain and under at", "several, out of order", "several, one without hours",
         "several, none with hours", "several, plain but empty"],
)  # fmt: skip
def test_staff_hours_have_one_spelling(written: str, normal: str) -> None:
    assert parse(written) == parse(normal)
    assert render(parse(written)) == render(parse(normal))


def test_hours_are_written_where_they_are_and_nowhere_else() -> None:
    several = render(parse(BOTH + JUST_ADA + WEEK))
    assert "[[staff.at]]" in several
    assert "[staff.hours]" not in several
    one = render(parse(MITTE + JUST_ADA + AT_MITTE + WEEK))
    assert "[[staff.at]]" not in one
    assert "[staff.hours]" in one


def test_hours_at_a_location_with_dates_only_are_kept() -> None:
    [staff] = parse(BOTH + JUST_ADA + AT_SOHO + DAY).staff
    assert staff.at == (HoursAt("soho", dates=(DateHours(date(2026, 12, 24), ()),)),)


def test_spans_and_dates_of_locations_are_put_in_order() -> None:
    text = MITTE + (
        'hours = { mon = ["13:00-18:00", "09:00-12:00"] }\n'
        'dates = [{ date = "2026-12-31", hours = [] }, { date = "2026-12-24", hours = [] }]\n'
    )
    [location] = parse(text).location
    assert location.hours is not None
    assert location.hours.mon == spans("09:00-12:00", "13:00-18:00")
    assert [day.date.day for day in location.dates] == [24, 31]


def test_a_room_of_the_only_location_is_there() -> None:
    room = '[[resource]]\nkey = "r1"\nname = "Room 1"\nkind = "room"\n'
    assert parse(MITTE + room).resource[0].location == "mitte"
    assert parse(HEAD + room).resource[0].location is None


def test_the_locations_of_a_service_stand_in_the_order_of_the_business() -> None:
    cut = '[[service]]\nkey = "cut"\nname = "Cut"\nduration_min = 45\n'
    text = BOTH + cut + 'locations = ["soho", "mitte"]\n'
    assert parse(text).service[0].locations == ("mitte", "soho")


def test_time_off_of_a_room_follows_the_clock_of_the_business() -> None:
    # 02:30 is skipped in Berlin that night, not in London.
    room = '[[resource]]\nkey = "r1"\nname = "Room 1"\nkind = "room"\nlocation = "soho"\n'
    away = absence("2026-03-29T02:30", "2026-03-29T09:00").replace("staff", "resource")
    [kept] = parse(BOTH + room + away).resource[0].time_off
    assert kept.start == LocalTime(2026, 3, 29, 3, 30)


# What may be left out


def test_what_is_left_out_has_the_documented_defaults() -> None:
    business = parse(CUT + "duration_min = 45\n")
    assert business.policy == Policy(
        slot_step_min=15, notice_min=60, horizon_days=90, cancel_until_min=1440
    )
    [staff], [service] = business.staff, business.service
    assert (staff.email, staff.hours, staff.dates, staff.time_off) == (None, WeeklyHours(), (), ())
    assert (service.price, service.staff) == (None, None)
    assert service.visit == Visit(45, buffer_before_min=0, buffer_after_min=0)


def test_a_business_may_have_no_staff_and_no_services_yet() -> None:
    assert (parse(HEAD).staff, parse(HEAD).service) == ((), ())


def test_dates_and_times_may_be_written_as_toml_s_own() -> None:
    native = (
        ADA + "[[staff.dates]]\ndate = 2026-12-24\nhours = []\n"
        "[[staff.time_off]]\nfrom = 2026-12-27T00:00:00\nto = 2026-12-30 00:00:00\n"
    )
    quoted = ADA + '[[staff.dates]]\ndate = "2026-12-24"\nhours = []\n'
    assert parse(native) == parse(quoted + absence("2026-12-27T00:00", "2026-12-30 00:00:00"))


def test_the_order_of_spans_dates_and_absences_does_not_matter() -> None:
    ordered = (
        ADA + '[staff.hours]\nmon = ["09:00-12:30", "13:15-18:00"]\n'
        '[[staff.dates]]\ndate = "2026-12-24"\nhours = []\n'
        '[[staff.dates]]\ndate = "2026-12-25"\nhours = ["08:00-09:00", "10:00-11:00"]\n'
    )
    shuffled = (
        ADA + '[staff.hours]\nmon = ["13:15-18:00", "09:00-12:30"]\n'
        '[[staff.dates]]\ndate = "2026-12-25"\nhours = ["10:00-11:00", "08:00-09:00"]\n'
        '[[staff.dates]]\ndate = "2026-12-24"\nhours = []\n'
    )
    first, second = (
        absence("2026-07-01T00:00", "2026-07-08T00:00"),
        absence("2026-08-01T00:00", "2026-08-08T00:00"),
    )
    assert parse(ordered + first + second) == parse(shuffled + second + first)


def test_performers_stand_in_the_order_of_the_staff() -> None:
    text = (
        BOB + '[[service]]\nkey = "cut"\nname = "Cut"\nduration_min = 45\nstaff = ["bob", "ada"]\n'
    )
    assert parse(text).service[0].staff == ("ada", "bob")


def test_a_service_may_be_performed_by_nobody_which_is_not_everyone() -> None:
    assert parse(CUT + "duration_min = 45\nstaff = []\n").service[0].staff == ()


@pytest.mark.parametrize(
    "currency, written, kept",
    [("EUR", "48", "48.00"), ("EUR", "048.5", "48.50"), ("JPY", "4800", "4800"),
     ("KWD", "1.5", "1.500"), ("EUR", "0", "0.00")],
)  # fmt: skip
def test_a_price_is_kept_with_the_currency_s_digits(currency: str, written: str, kept: str) -> None:
    text = CUT.replace("[[staff]]", f'currency = "{currency}"\n[[staff]]', 1)
    assert parse(text + f'duration_min = 45\nprice = "{written}"\n').service[0].price == kept


def test_names_are_kept_as_they_are() -> None:
    for name in ["👩🏽‍🦱 «Zoë»", "e\u0301", "two\nlines"]:
        tree = {"business": {"slug": "lumen", "name": name, "timezone": "UTC"}}
        assert from_tree(tree).business.name == name


def test_what_nobody_sees_of_names_reasons_and_addresses_is_taken_away() -> None:
    kept = parse(
        '[business]\nslug = "lumen"\nname = "\u202aLumen\u202c"\ntimezone = "UTC"\n'
        + "[[location]]\nkey = 'mitte'\nname = '\u200bMitte\u00a0'\n"
        + "address = 'Elm 1\u2028Berlin\u200b'\n"
        + "[[staff]]\nkey = 'ada'\nname = '\u2068Ada\u2069'\nemail = '\u202aada@example.com\u202c'\n"
        + "[[staff.time_off]]\nfrom = '2026-12-27T00:00'\nto = '2026-12-28T00:00'\nreason = '\u200b'\n"
        + "[[resource]]\nkey = 'r1'\nname = ' Room\u20091'\nkind = 'room'\n"
        + "[[service]]\nkey = 'cut'\nname = '\u202eCut\u2029and dry'\nduration_min = 30\n"
    )
    [place], [ada], [room], [cut] = kept.location, kept.staff, kept.resource, kept.service
    assert (kept.business.name, place.name, ada.name) == ("Lumen", "Mitte", "Ada")
    assert (room.name, cut.name) == ("Room 1", "Cut and dry")
    assert (place.address, ada.email) == ("Elm 1\nBerlin", "ada@example.com")
    assert ada.time_off[0].reason == ""
    assert changes(kept, parse(render(kept))) == []


@pytest.mark.parametrize("name", ["\u200b", "\u202e\u202c", "\u3164", "\u2800", "\u0301"])
@pytest.mark.parametrize("table", ["business", "location", "staff", "resource", "service"])
def test_a_name_of_which_nobody_sees_anything_is_blank(table: str, name: str) -> None:
    tree: dict[str, Any] = {
        "business": {"slug": "lumen", "name": "Lumen", "timezone": "UTC"},
        "location": [{"key": "mitte", "name": "Mitte"}],
        "staff": [{"key": "ada", "name": "Ada"}],
        "resource": [{"key": "r1", "name": "Room", "kind": "room"}],
        "service": [{"key": "cut", "name": "Cut", "duration_min": 30}],
    }
    named = tree[table] if table == "business" else tree[table][0]
    named["name"] = name
    with pytest.raises(ValidationError) as refused:
        from_tree(tree)
    [error] = refused.value.errors
    assert error.field == f"{table}{'' if table == 'business' else '[0]'}.name"
    assert error.message == "is blank"


@pytest.mark.parametrize(
    "end, kept",
    [
        ("2026-12-27T24:00", LocalTime(2026, 12, 28)),
        ("2026-12-31 24:00:00", LocalTime(2027, 1, 1)),
        ("2026-12-27T09:00:00.0", LocalTime(2026, 12, 27, 9)),
    ],
)
def test_a_day_may_end_at_24_00(end: str, kept: LocalTime) -> None:
    assert parse(ADA + absence("2026-12-20T24:00", end)).staff[0].time_off == (
        TimeOff(LocalTime(2026, 12, 21), kept),
    )


def test_a_byte_order_mark_is_no_part_of_a_file() -> None:
    assert parse("\ufeff" + ADA) == parse(ADA) == parse(decoded(codecs.BOM_UTF8 + ADA.encode()))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_a_file_in_another_encoding_is_refused_for_that(encoding: str) -> None:
    with pytest.raises(ValidationError, match="save it as UTF-8"):
        decoded(ADA.strip().encode(encoding))


def test_spans_that_touch_and_absences_that_touch_do_not_overlap() -> None:
    text = (
        ADA + '[staff.hours]\nmon = ["09:00-12:00", "12:00-18:00"]\n'
        + absence("2026-07-01T00:00", "2026-07-08T00:00")
        + absence("2026-07-08T00:00", "2026-07-09T00:00")
    )  # fmt: skip
    assert len(parse(text).staff[0].time_off) == 2


def test_a_night_may_run_into_the_next_morning_s_hours() -> None:
    text = ADA + '[staff.hours]\nmon = ["22:00-06:00"]\ntue = ["05:00-09:00"]\n'
    assert parse(text).staff[0].hours.tue == spans("05:00-09:00")


# Times that the clock skips or shows twice (Berlin, 2026-03-29 and 2026-10-25)


def kept_absence(start: str, end: str) -> tuple[str, str]:
    [kept] = parse(ADA + absence(start, end)).staff[0].time_off
    return kept.start.isoformat(timespec="minutes"), kept.end.isoformat(timespec="minutes")


def test_time_off_from_a_skipped_time_begins_at_the_time_the_clock_shows_instead() -> None:
    assert kept_absence("2026-03-29T02:30", "2026-03-29T09:00") == (
        "2026-03-29T03:30",
        "2026-03-29T09:00",
    )


def test_time_off_to_a_skipped_time_ends_at_the_time_the_clock_shows_instead() -> None:
    assert kept_absence("2026-03-28T00:00", "2026-03-29T02:00") == (
        "2026-03-28T00:00",
        "2026-03-29T03:00",
    )


def test_time_off_in_a_repeated_hour_means_its_first_pass() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    [kept] = parse(ADA + absence("2026-10-25T02:15", "2026-10-25T02:45")).staff[0].time_off
    assert kept.start.instant(berlin) == datetime(2026, 10, 25, 0, 15, tzinfo=UTC)
    assert kept.end.instant(berlin) == datetime(2026, 10, 25, 0, 45, tzinfo=UTC)


def test_what_the_clock_shows_at_an_instant_is_told_to_the_minute() -> None:
    shown = LocalTime.at(
        datetime(2026, 10, 25, 0, 15, 59, 999, tzinfo=UTC), ZoneInfo("Europe/Berlin")
    )
    assert shown == LocalTime(2026, 10, 25, 2, 15)


def test_time_off_in_the_last_of_a_skipped_hour_is_refused_for_having_no_end() -> None:
    # From 02:30, which is 03:30, to 03:15.
    text = ADA + absence("2026-03-29T02:30", "2026-03-29T03:15")
    assert places_of(text) == ["staff[0].time_off"]


# Writing and reading back


@examples(150)
@given(business_trees())
def test_a_business_is_read_back_as_it_was_written(tree: dict[str, Any]) -> None:
    business = from_tree(tree)
    assert parse(render(business)) == business
    assert from_tree(as_tree(business)) == business


def test_the_documented_file_is_written_with_every_table_it_has() -> None:
    text = render(parse(DOCUMENTED))
    for line in ('sat = ["22:00-02:00"]', 'date = "2026-12-24"', 'from = "2026-12-27T00:00"',
                 'reason = "holiday"', 'price = "48.00"', 'staff = ["ada"]'):  # fmt: skip
        assert line in text


def test_what_was_left_out_is_not_written() -> None:
    text = render(parse(CUT + "duration_min = 45\n"))
    for absent in ("email", "mon", "dates", "time_off", "price", "buffer", "staff =", "location",
                   "resource", "[[staff.at", "phases", "needs"):  # fmt: skip
        assert absent not in text


# Telling two apart


def in_key_order(business: Business) -> Business:
    def by_key(keyed: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(sorted(keyed, key=lambda each: each.key))

    return msgspec.structs.replace(
        business,
        location=by_key(business.location),
        staff=tuple(
            msgspec.structs.replace(
                each, at=tuple(sorted(each.at, key=lambda hours: hours.location))
            )
            for each in by_key(business.staff)
        ),
        resource=by_key(business.resource),
        service=by_key(business.service),
    )


@examples(100)
@given(business_trees(), st.data())
def test_two_businesses_differ_exactly_if_some_change_is_named(
    tree: dict[str, Any], data: st.DataObject
) -> None:
    before = from_tree(tree)
    after = from_tree(data.draw(trees_like(tree)))
    told = changes(before, after)
    assert (told == []) == (before == after)
    is_same_but_for_order = in_key_order(before) == in_key_order(after)
    assert (told in ([], ["order: changed"])) == is_same_but_for_order


@st.composite
def trees_like(draw: st.DrawFn, tree: dict[str, Any]) -> dict[str, Any]:
    """The same business, or parts of another put in."""
    other = draw(business_trees())
    normal = as_tree(from_tree(tree))
    return draw(
        st.sampled_from(
            [
                tree,
                {**tree, "policy": other["policy"]},
                {**tree, "business": tree["business"] | {"name": other["business"]["name"]}},
                {**tree, "staff": tree["staff"][::-1]},
                {**tree, "service": []},
                {
                    **tree,
                    "service": [
                        {**each, "duration_min": 77, "phases": []} for each in tree["service"]
                    ],
                },
                {**tree, "staff": [{**each, "time_off": []} for each in tree["staff"]]},
                {**tree, "staff": [{**each, "hours": {}} for each in tree["staff"]]},
                {**normal, "location": normal.get("location", [])[::-1]},
                {**tree, "location": [{**each, "hours": {}} for each in tree["location"]]},
                {**tree, "location": [{**each, "address": "?"} for each in tree["location"]]},
                {**tree, "resource": tree["resource"][::-1]},
                {**tree, "resource": [{**each, "time_off": []} for each in tree["resource"]]},
                {**tree, "service": [{**each, "needs": []} for each in tree["service"]]},
                {**tree, "service": [{**each, "locations": []} for each in tree["service"]]},
                {**tree, "service": [{**each, "phases": []} for each in tree["service"]]},
                other,
            ]
        )
    )


def test_a_business_that_was_not_there_is_created() -> None:
    assert changes(None, parse(DOCUMENTED)) == ["business lumen: created"]


@pytest.mark.parametrize(
    "old, new, line",
    [
        ('name = "Lumen Hair"', 'name = "Lumen"', "business.name: Lumen Hair → Lumen"),
        ("notice_min = 60", "notice_min = 90", "policy.notice_min: 60 → 90"),
        ('name = "Ada"', 'name = "Adah"', "staff.ada.name: Ada → Adah"),
        ('email = "ada@example.com"', "", "staff.ada.email: removed ada@example.com"),
        ('mon = ["09:00-12:30", "13:15-18:00"]', 'mon = ["09:00-12:30"]',
         "staff.ada.hours.mon: 09:00-12:30, 13:15-18:00 → 09:00-12:30"),
        ('sat = ["22:00-02:00"]', "", "staff.ada.hours.sat: removed 22:00-02:00"),
        ("hours = []", 'hours = ["09:00-12:00"]',
         "staff.ada.dates.2026-12-24.hours: none → 09:00-12:00"),
        ('reason = "holiday"', 'reason = "flu"',
         "staff.ada.time_off.2026-12-27T00:00.reason: holiday → flu"),
        ('to = "2026-12-30T00:00"', 'to = "2026-12-31T00:00"',
         "staff.ada.time_off.2026-12-27T00:00.to: 2026-12-30T00:00 → 2026-12-31T00:00"),
        ('price = "48.00"', 'price = "50"', "service.cut.price: 48.00 → 50.00"),
        ('price = "48.00"', "", "service.cut.price: removed 48.00"),
        ('staff = ["ada"]', "", "service.cut.staff: removed ada"),
        ('staff = ["ada"]', "staff = []", "service.cut.staff: ada → none"),
        ("buffer_after_min = 10", "buffer_after_min = 5", "service.cut.buffer_after_min: 10 → 5"),
    ],
)  # fmt: skip
def test_a_change_is_named_by_place_old_and_new(old: str, new: str, line: str) -> None:
    assert DOCUMENTED.count(old) == 1
    assert changes(parse(DOCUMENTED), parse(DOCUMENTED.replace(old, new))) == [line]


@pytest.mark.parametrize(
    "old, new, lines",
    [
        ('timezone = "Europe/London"', "", ["location.soho.timezone: removed Europe/London"]),
        ("Torstraße 1", "Torstraße 2", ["location.mitte.address: Torstraße 1 → Torstraße 2"]),
        ('mon = ["09:00-18:00"]', 'mon = ["09:00-17:00"]',
         ["location.soho.hours.mon: 09:00-18:00 → 09:00-17:00"]),
        ('[location.hours]\nmon = ["09:00-18:00"]\n', "", ["location.soho.hours: removed"]),
        ('[[location.dates]]\ndate = "2026-12-24"', '[[location.dates]]\ndate = "2026-12-25"',
         ["location.soho.dates.2026-12-24: removed", "location.soho.dates.2026-12-25: added"]),
        ('tue = ["10:00-16:00"]', 'tue = ["10:00-15:00"]',
         ["staff.ada.at.soho.hours.tue: 10:00-16:00 → 10:00-15:00"]),
        ('[[staff.at]]\nlocation = "mitte"\nhours = { mon = ["09:00-12:30"] }\n', "",
         ["staff.ada.at.mitte: removed"]),
        ("[[service]]", '[[resource]]\nkey = "r2"\nname = "2"\nkind = "room"\nlocation = "soho"\n'
         "[[service]]", ["resource.r2: added"]),
        ('name = "Room 1"', 'name = "Room One"', ["resource.r1.name: Room 1 → Room One"]),
        ('reason = "paint"', "", ["resource.r1.time_off.2026-12-27T00:00.reason: removed paint"]),
        ("{ duration_min = 20 }", "{ duration_min = 20, staff = false }",
         ["service.colour.phases.2.staff: added False"]),
        ('needs = ["room"]', "", ["service.colour.needs: removed room"]),
        ('locations = ["mitte"]', 'locations = ["soho"]',
         ["service.colour.locations: mitte → soho"]),
        ('locations = ["mitte"]', "locations = []", ["service.colour.locations: mitte → none"]),
    ],
)  # fmt: skip
def test_a_change_of_locations_rooms_and_phases_is_named(
    old: str, new: str, lines: list[str]
) -> None:
    assert WIDE.count(old) == 1
    assert changes(parse(WIDE), parse(WIDE.replace(old, new))) == lines


def test_a_second_location_moves_the_hours_of_all_under_it() -> None:
    one = a_business("lumen", location=[{"key": "mitte", "name": "Mitte"}])
    two = a_business(
        "lumen", location=[{"key": "mitte", "name": "Mitte"}, {"key": "soho", "name": "Soho"}]
    )
    lines = changes(one, two)
    assert lines[0] == "location.soho: added"
    assert "staff.ada.at: added" in lines


def test_somebody_new_and_somebody_gone_are_named() -> None:
    ada, both = parse(ADA), parse(BOB)
    assert changes(ada, both) == ["staff.bob: added"]
    assert changes(both, ada) == ["staff.bob: removed"]


def test_every_change_has_a_line() -> None:
    before = a_business("lumen", service=[a_service("cut"), a_service("dye")])
    after = a_business(
        "lumen",
        name="Lumen",
        staff=[a_staff_member("ada"), a_staff_member("bob")],
        service=[a_service("cut", duration_min=60)],
    )
    assert sorted(changes(before, after)) == [
        "business.name: Lumen Hair → Lumen",
        "service.cut.duration_min: 30 → 60",
        "service.dye: removed",
        "staff.bob: added",
    ]


# Refusing what is wrong, in its place


def profile(**replaced: str) -> str:
    fields = {"slug": '"lumen"', "name": '"Lumen"', "timezone": '"Europe/Berlin"'} | replaced
    return "[business]\n" + "".join(f"{name} = {value}\n" for name, value in fields.items())


def hours(line: str) -> str:
    return ADA + f"[staff.hours]\n{line}\n"


def service(line: str, **replaced: str) -> str:
    fields = {"key": '"cut"', "name": '"Cut"', "duration_min": "45"} | replaced
    lines = [f"{name} = {value}" for name, value in fields.items()] + [line]
    return ADA + "[[service]]\n" + "\n".join(lines) + "\n"


ROOM = "[[resource]]\nkey = 'r1'\nname = 'Room'\nkind = 'room'\n"
AT_HOME = "[[location]]\nkey = 'home'\nname = 'Home'\n"

BAD_FILES = [
    # the business
    ("", "business", "is required"),
    ('business = "lumen"', "business", "expected `object`, got `str`"),
    ("[business]\nslug = 'a'\ntimezone = 'UTC'", "business.name", "is required"),
    (profile(slug='""'), "business.slug", "expected lower-case letters and digits"),
    (profile(slug='"Lumen"'), "business.slug", "expected lower-case letters and digits"),
    (profile(slug='"lumen-"'), "business.slug", "expected lower-case letters and digits"),
    (profile(slug='"-lumen"'), "business.slug", "expected lower-case letters and digits"),
    (profile(slug='"lu--men"'), "business.slug", "expected lower-case letters and digits"),
    (profile(slug='"lu/men"'), "business.slug", "expected lower-case letters and digits"),
    (profile(slug='"lümen"'), "business.slug", "expected lower-case letters and digits"),
    (profile(slug='"lumen\\n"'), "business.slug", "expected lower-case letters and digits"),
    (profile(slug=f'"{"x" * 64}"'), "business.slug", "63"),
    (profile(name='""'), "business.name", "is blank"),
    (profile(name='" "'), "business.name", "is blank"),
    (profile(name=f'"{"x" * 201}"'), "business.name", "length <= 200"),
    (profile(name=f'"{"x" * 1_000_000}"'), "business.name", "length <= 200"),
    (profile(name="7"), "business.name", "expected `str`, got `int`"),
    (profile(name='["Lumen"]'), "business.name", "expected `str`, got `array`"),
    (profile(name='"a\\u0000b"'), "business.name", "control character U+0000"),
    (profile(name='"a\\u001bb"'), "business.name", "control character U+001B"),
    (profile(timezone='"Europe/Berlinn"'), "business.timezone", "no such IANA time zone"),
    (profile(timezone='"CEST"'), "business.timezone", "no such IANA time zone"),
    (profile(timezone='"../../etc/passwd"'), "business.timezone", "no such IANA time zone"),
    (profile(timezone='""'), "business.timezone", "no such IANA time zone"),
    (profile(timezone="1"), "business.timezone", "expected `str`"),
    (profile(currency='"eur"'), "business.currency", "ISO 4217"),
    (profile(currency='"EURO"'), "business.currency", "ISO 4217"),
    (profile(currency='""'), "business.currency", "ISO 4217"),
    (profile(locale='"xx"'), "business.locale", "expected a locale such as de"),
    (profile(locale='"german"'), "business.locale", "expected a locale such as de"),
    (profile(locale='""'), "business.locale", "expected a locale such as de"),
    (profile(locale='"../de"'), "business.locale", "expected a locale such as de"),
    (profile(colour='"red"'), "business.colour", "is not a known field"),
    (HEAD + "[polcy]\nnotice_min = 5", "polcy", "is not a known field"),
    # the policy
    (HEAD + "[policy]\nnotice = 5", "policy.notice", "is not a known field"),
    (HEAD + "[policy]\nslot_step_min = 0", "policy.slot_step_min", ">= 1"),
    (HEAD + "[policy]\nslot_step_min = 1441", "policy.slot_step_min", "<= 1440"),
    (HEAD + "[policy]\nslot_step_min = 15.0", "policy.slot_step_min", "`int`"),
    (HEAD + '[policy]\nslot_step_min = "15"', "policy.slot_step_min", "expected `int`, got `str`"),
    (HEAD + "[policy]\nslot_step_min = true", "policy.slot_step_min", "expected `int`, got `bool`"),
    (HEAD + "[policy]\nnotice_min = -1", "policy.notice_min", ">= 0"),
    (HEAD + "[policy]\nhorizon_days = 0", "policy.horizon_days", ">= 1"),
    (HEAD + "[policy]\nhorizon_days = 99999999999999999999", "policy.horizon_days", "1100"),
    (HEAD + "[policy]\ncancel_until_min = -1", "policy.cancel_until_min", ">= 0"),
    (HEAD + "[policy]\ncancel_until_min = nan", "policy.cancel_until_min", "`int`"),
    (HEAD + "[policy]\ncancel_until_min = inf", "policy.cancel_until_min", "`int`"),
    ("policy = []\n" + HEAD, "policy", "expected `object`, got `array`"),
    # staff
    ("staff = {}\n" + HEAD, "staff", "expected `array`, got `object`"),
    ("staff = ['ada']\n" + HEAD, "staff[0]", "expected `object`, got `str`"),
    (HEAD + "[[staff]]\nkey = 'ada'", "staff[0].name", "is required"),
    (HEAD + "[[staff]]\nname = 'Ada'", "staff[0].key", "is required"),
    (HEAD + "[[staff]]\nkey = ''\nname = 'Ada'", "staff[0].key", "expected letters, digits, - and _"),
    (HEAD + "[[staff]]\nkey = 'a b'\nname = 'Ada'", "staff[0].key", "expected letters, digits, - and _"),
    (HEAD + "[[staff]]\nkey = 'a/b'\nname = 'Ada'", "staff[0].key", "expected letters, digits, - and _"),
    (HEAD + "[[staff]]\nkey = 'any'\nname = 'Ada'", "staff[0].key", "stands for anyone"),
    (ADA + "[[staff]]\nkey = 'ada'\nname = 'Bob'", "staff", "'ada' stands here 2 times"),
    (ADA + "rank = 'boss'", "staff[0].rank", "is not a known field"),
    (ADA + "email = 'ada'", "staff[0].email", "@-sign"),
    (ADA + "email = ''", "staff[0].email", "@-sign"),
    (ADA + "email = 1", "staff[0].email", "expected `str"),
    # hours
    (ADA + "hours = []", "staff[0].hours", "expected `object`, got `array`"),
    (hours("monday = []"), "staff[0].hours.monday", "is not a known field"),
    (hours('mon = "09:00-17:00"'), "staff[0].hours.mon", "expected `array`, got `str`"),
    (hours('mon = ["9-17"]'), "staff[0].hours.mon[0]", 'a span such as "09:00-12:30"'),
    (hours('mon = ["09:00-12:00", "9-17"]'), "staff[0].hours.mon[1]", "a span such as"),
    (hours('mon = ["09:00-09:00"]'), "staff[0].hours.mon[0]", 'whole day is "00:00-24:00"'),
    (hours('mon = ["09:00-25:00"]'), "staff[0].hours.mon[0]", "a span such as"),
    (hours("mon = [9]"), "staff[0].hours.mon[0]", "a span such as"),
    (hours("mon = [09:00:00]"), "staff[0].hours.mon[0]", "a span such as"),
    (hours("mon = [[540, 750]]"), "staff[0].hours.mon[0]", "a span such as"),
    (hours("mon = [[540.5, 750.5]]"), "staff[0].hours.mon[0]", "a span such as"),
    (hours('mon = [["a", "b"]]'), "staff[0].hours.mon[0]", "a span such as"),
    (hours('fri = ["09:00-12:00", "11:59-13:00"]'), "staff[0].hours.fri",
     "overlap: 09:00-12:00 and 11:59-13:00"),
    (hours('fri = ["09:00-12:00", "09:00-12:00"]'), "staff[0].hours.fri", "overlap"),
    (hours('fri = ["22:00-06:00", "23:00-24:00"]'), "staff[0].hours.fri", "overlap"),
    # dates
    (ADA + "[[staff.dates]]\ndate = '2026-12-24'", "staff[0].dates[0].hours", "is required"),
    (ADA + "[[staff.dates]]\nhours = []", "staff[0].dates[0].date", "is required"),
    (ADA + "[[staff.dates]]\ndate = '2026-02-30'\nhours = []", "staff[0].dates[0].date", "date"),
    (ADA + "[[staff.dates]]\ndate = '2025-02-29'\nhours = []", "staff[0].dates[0].date", "date"),
    (ADA + "[[staff.dates]]\ndate = '24.12.2026'\nhours = []", "staff[0].dates[0].date", "date"),
    (ADA + "[[staff.dates]]\ndate = 20261224\nhours = []", "staff[0].dates[0].date", "date"),
    (ADA + "[[staff.dates]]\ndate = 2026-12-24T00:00:00\nhours = []", "staff[0].dates[0].date",
     "date"),
    (ADA + "[[staff.dates]]\ndate = '2026-12-24'\nhours = ['x']", "staff[0].dates[0].hours[0]",
     "a span such as"),
    (ADA + "[[staff.dates]]\ndate = '2026-12-24'\nhours = ['09:00-11:00', '10:00-12:00']",
     "staff[0].dates[0].hours", "overlap"),
    (ADA + "[[staff.dates]]\ndate = '2026-12-24'\nhours = []\n" * 1
     + "[[staff.dates]]\ndate = '2026-12-24'\nhours = []", "staff[0].dates",
     "'2026-12-24' stands here 2 times"),
    # time off
    (ADA + "[[staff.time_off]]\nfrom = '2026-12-27T00:00'", "staff[0].time_off[0].to",
     "is required"),
    (ADA + "[[staff.time_off]]\nstart = '2026-12-27T00:00'\nfrom = '2026-12-27T00:00'\n"
     "to = '2026-12-28T00:00'", "staff[0].time_off[0].start", "is not a known field"),
    (ADA + absence("2026-12-27", "2026-12-28T00:00"), "staff[0].time_off[0].from",
     'expected a local date and time such as "2026-12-27T09:00"'),
    (ADA + absence("2026-12-27T00:00", "2026-12-32T00:00"), "staff[0].time_off[0].to", "day"),
    (ADA + absence("2026-02-30T00:00", "2026-12-31T00:00"), "staff[0].time_off[0].from", "day"),
    (ADA + absence("2026-12-27T24:01", "2026-12-31T00:00"), "staff[0].time_off[0].from", "hour"),
    (ADA + absence("2026-12-27T24:00Z", "2026-12-31T00:00"), "staff[0].time_off[0].from",
     "a local time without Z"),
    (ADA + absence("8999-12-31T00:00", "8999-12-31T24:00"), "staff[0].time_off[0].to", "a year"),
    (ADA + absence("2026-12-27T25:00", "2026-12-31T00:00"), "staff[0].time_off[0].from", "hour"),
    (ADA + absence("2026-12-27T00:00Z", "2026-12-31T00:00"), "staff[0].time_off[0].from", "local"),
    (ADA + absence("2026-12-27T00:00+01:00", "2026-12-31T00:00"), "staff[0].time_off[0].from",
     "local"),
    (ADA + absence("2026-12-27T00:00:30", "2026-12-31T00:00"), "staff[0].time_off[0].from",
     "local"),
    (ADA + "[[staff.time_off]]\nfrom = 2026-12-27T00:00:00Z\nto = 2026-12-28T00:00:00",
     "staff[0].time_off[0].from", "local"),
    (ADA + "[[staff.time_off]]\nfrom = 2026-12-27T00:00:30\nto = 2026-12-28T00:00:00",
     "staff[0].time_off[0].from", "local"),
    (ADA + "[[staff.time_off]]\nfrom = 2026-12-27\nto = 2026-12-28T00:00:00",
     "staff[0].time_off[0].from", "local"),
    (ADA + absence("1970-12-31T23:59", "2026-12-28T00:00"), "staff[0].time_off[0].from",
     "expected a year from 1971"),
    (ADA + absence("2026-12-27T00:00", "9000-01-01T00:00"), "staff[0].time_off[0].to",
     "expected a year from 1971 to 8999"),
    (ADA + absence("2026-12-30T00:00", "2026-12-27T00:00"), "staff[0].time_off",
     "from 2026-12-30T00:00 must be before to"),
    (ADA + absence("2026-12-30T00:00", "2026-12-30T00:00"), "staff[0].time_off",
     "must be before to"),
    (ADA + absence("2026-07-01T00:00", "2026-07-09T00:00")
     + absence("2026-07-08T23:59", "2026-07-10T00:00"), "staff[0].time_off",
     "absences overlap: 2026-07-01T00:00 and 2026-07-08T23:59"),
    (ADA + absence("2026-07-08T00:00", "2026-07-09T00:00")
     + absence("2026-07-01T00:00", "2026-07-31T00:00"), "staff[0].time_off", "absences overlap"),
    (ADA + absence("2026-07-01T00:00", "2026-07-02T00:00") + f"reason = '{'x' * 201}'",
     "staff[0].time_off[0].reason", "length <= 200"),
    # services
    (service("colour = 'red'"), "service[0].colour", "is not a known field"),
    (ADA + "[[service]]\nkey = 'cut'\nname = 'Cut'", "service[0].duration_min", "is required"),
    (service("", duration_min="0"), "service[0].duration_min", ">= 1"),
    (service("", duration_min="-45"), "service[0].duration_min", ">= 1"),
    (service("", duration_min="10081"), "service[0].duration_min", "<= 10080"),
    (service("", duration_min='"45"'), "service[0].duration_min", "expected `int`, got `str`"),
    (service("", duration_min="45.5"), "service[0].duration_min", "`int`"),
    (service("buffer_before_min = -1"), "service[0].buffer_before_min", ">= 0"),
    (service("buffer_after_min = 1441"), "service[0].buffer_after_min", "<= 1440"),
    (service("price = 48.00"), "service[0].price", "expected `str"),
    (service("price = 48"), "service[0].price", "expected `str"),
    (service("price = '48.001'"), "service[0].price", "EUR has 2 decimal digits"),
    (service("price = '-48.00'"), "service[0].price", 'expected an amount such as "48.00"'),
    (service("price = '48,00'"), "service[0].price", "expected an amount"),
    (service("price = '€48'"), "service[0].price", "expected an amount"),
    (service("price = ''"), "service[0].price", "expected an amount"),
    (service("price = '1000000000000'"), "service[0].price", "expected an amount"),
    (service("staff = ['eve']"), "service[0].staff[0]", "no staff has the key 'eve'"),
    (service("staff = ['ada', 'Ada']"), "service[0].staff[1]", "no staff has the key 'Ada'"),
    (service("staff = ['ada', 'ada']"), "service[0].staff", "'ada' stands here 2 times"),
    (service("staff = 'ada'"), "service[0].staff", "expected `array"),
    (service("staff = [1]"), "service[0].staff[0]", "expected `str`, got `int`"),
    (service("[[service]]\nkey = 'cut'\nname = 'Trim'\nduration_min = 15"), "service",
     "'cut' stands here 2 times"),
    # phases, needs and locations of a service
    (service("phases = [{ duration_min = 30 }]"), "service[0].phases",
     "last 30 minutes together, but duration_min is 45"),
    (service("phases = [{ duration_min = 30 }, { duration_min = 16 }]"), "service[0].phases",
     "last 46 minutes together"),
    (service("phases = [{ duration_min = 45, staff = false }]"), "service[0].phases",
     "at least one must be with staff"),
    (service("phases = [{ duration_min = 0 }, { duration_min = 45 }]"),
     "service[0].phases[0].duration_min", ">= 1"),
    (service("phases = [{ duration_min = 10081 }]"), "service[0].phases[0].duration_min",
     "<= 10080"),
    (service("phases = [{ duration_min = 45, staff = 'ada' }]"), "service[0].phases[0].staff",
     "expected `bool`, got `str`"),
    (service("phases = 45"), "service[0].phases", "expected `array`, got `int`"),
    (service("phases = [45]"), "service[0].phases[0]", "expected `object`, got `int`"),
    (service("phases = [" + "{ duration_min = 1 }," * 21 + "]", duration_min="21"),
     "service[0].phases", "at most 20"),
    (service("needs = ['room']"), "service[0].needs[0]", "no resource is of the kind 'room'"),
    (service("needs = ['staff']"), "service[0].needs[0]", "no resource is of the kind 'staff'"),
    (service("needs = 'room'"), "service[0].needs", "expected `array`, got `str`"),
    (service("needs = [1]"), "service[0].needs[0]", "expected `str`, got `int`"),
    (service("needs = ['room', 'room']") + ROOM, "service[0].needs", "'room' stands here 2 times"),
    (service("needs = ['r1']") + ROOM, "service[0].needs[0]", "no resource is of the kind 'r1'"),
    (service("locations = ['main']"), "service[0].locations[0]",
     "no location has the key 'main'"),
    (service("locations = ['soho']") + AT_HOME, "service[0].locations[0]",
     "no location has the key 'soho'"),
    (service("locations = ['home', 'home']") + AT_HOME, "service[0].locations",
     "'home' stands here 2 times"),
    (service("locations = 'home'") + AT_HOME, "service[0].locations", "expected `array"),
    # locations
    (HEAD + "[location]\nkey = 'mitte'\nname = 'Mitte'", "location",
     "expected `array`, got `object`"),
    (HEAD + "[[location]]\nname = 'Mitte'", "location[0].key", "is required"),
    (HEAD + "[[location]]\nkey = 'mitte'", "location[0].name", "is required"),
    (MITTE.replace("mitte", "in mitte"), "location[0].key", "expected letters, digits, - and _"),
    (MITTE.replace("Mitte", " "), "location[0].name", "is blank"),
    (MITTE + "[[location]]\nkey = 'mitte'\nname = 'M'", "location", "'mitte' stands here 2 times"),
    (MITTE + "timezone = 'Mars/Base'", "location[0].timezone",
     "no such IANA time zone: 'Mars/Base'"),
    (MITTE + "timezone = ''", "location[0].timezone", "no such IANA time zone"),
    (MITTE + "timezone = 1", "location[0].timezone", "expected `str"),
    (MITTE + f"address = '{'x' * 501}'", "location[0].address", "length <= 500"),
    (MITTE + 'address = "a\\u0000b"', "location[0].address", "control character U+0000"),
    (MITTE + "colour = 'red'", "location[0].colour", "is not a known field"),
    (MITTE + "hours = { monday = [] }", "location[0].hours.monday", "is not a known field"),
    (MITTE + "hours = { mon = ['9-5'] }", "location[0].hours.mon[0]", "a span such as"),
    (MITTE + "hours = { mon = ['09:00-12:00', '11:00-13:00'] }", "location[0].hours.mon",
     "spans overlap: 09:00-12:00 and 11:00-13:00"),
    (MITTE + "dates = [{ date = '2026-02-30', hours = [] }]", "location[0].dates[0].date", "date"),
    (MITTE + "dates = [{ date = '2026-12-24' }]", "location[0].dates[0].hours", "is required"),
    (MITTE + "dates = [{ date = '2026-12-24', hours = [] }, { date = '2026-12-24', hours = [] }]",
     "location[0].dates", "'2026-12-24' stands here 2 times"),
    # hours at a location
    (ADA + AT_MITTE, "staff[0].at[0].location", "no location has the key 'mitte'"),
    (ADA + "[[staff.at]]\nhours = {}", "staff[0].at[0].location", "is required"),
    (ADA + "[staff.at]\nlocation = 'mitte'", "staff[0].at", "expected `array`, got `object`"),
    (BOTH + JUST_ADA + AT_MITTE + AT_MITTE, "staff[0].at", "'mitte' stands here 2 times"),
    (BOTH + JUST_ADA + AT_MITTE + "from = 1", "staff[0].at[0].from", "is not a known field"),
    (BOTH + JUST_ADA + AT_SOHO + "hours = { mon = ['9-5'] }", "staff[0].at[0].hours.mon[0]",
     "a span such as"),
    (BOTH + JUST_ADA + AT_SOHO + "hours = { mon = ['09:00-12:00', '11:00-13:00'] }",
     "staff[0].at[0].hours.mon", "spans overlap"),
    (BOTH + JUST_ADA + AT_SOHO + "dates = [{ date = '2026-12-24', hours = ['9'] }]",
     "staff[0].at[0].dates[0].hours[0]", "a span such as"),
    (BOTH + JUST_ADA + WEEK + AT_MITTE, "staff[0].at[0].location",
     "staff[0].hours and dates are those at 'mitte' already, the first location"),
    (BOTH + JUST_ADA + DAY + AT_SOHO + AT_MITTE, "staff[0].at[1].location", "already"),
    (MITTE + JUST_ADA + WEEK + AT_MITTE + WEEK, "staff[0].at[0].location", "already"),
    # rooms and equipment
    (HEAD + "[[resource]]\nname = 'Room'\nkind = 'room'", "resource[0].key", "is required"),
    (HEAD + "[[resource]]\nkey = 'r1'\nkind = 'room'", "resource[0].name", "is required"),
    (HEAD + "[[resource]]\nkey = 'r1'\nname = 'Room'", "resource[0].kind", "is required"),
    (HEAD + ROOM.replace("'room'", "'staff'"), "resource[0].kind", "'staff' stands for people"),
    (HEAD + ROOM.replace("'room'", "'a room'"), "resource[0].kind",
     "expected letters, digits, - and _"),
    (HEAD + ROOM.replace("'r1'", "'r 1'"), "resource[0].key", "expected letters, digits, - and _"),
    (HEAD + ROOM + ROOM.replace("'room'", "'chair'"), "resource", "'r1' stands here 2 times"),
    (HEAD + ROOM + "email = 'a@example.com'", "resource[0].email", "is not a known field"),
    (HEAD + ROOM + "location = 'main'", "resource[0].location", "no location has the key 'main'"),
    (BOTH + ROOM + "location = 'Soho'", "resource[0].location", "no location has the key 'Soho'"),
    (BOTH + ROOM, "resource[0].location", "is required: one of mitte, soho"),
    (BOTH + ROOM + "location = 7", "resource[0].location", "expected `str"),
    (HEAD + ROOM + absence("2026-12-30T00:00", "2026-12-27T00:00").replace("staff", "resource"),
     "resource[0].time_off", "from 2026-12-30T00:00 must be before to"),
    (HEAD + ROOM + absence("x", "2026-12-27T00:00").replace("staff", "resource"),
     "resource[0].time_off[0].from", "expected a local date and time"),
    (HEAD + ROOM + (absence("2026-07-01T00:00", "2026-07-09T00:00")
     + absence("2026-07-08T23:59", "2026-07-10T00:00")).replace("staff", "resource"),
     "resource[0].time_off", "absences overlap: 2026-07-01T00:00 and 2026-07-08T23:59"),
]  # fmt: skip


@pytest.mark.parametrize(
    "text, place, message",
    BAD_FILES,
    ids=[f"{place}: {message}" for _, place, message in BAD_FILES],
)
def test_a_mistake_is_named_with_its_place_and_what_was_expected(
    text: str, place: str, message: str
) -> None:
    [(named, said)] = errors_of(text)
    assert named == place
    assert message in said


@pytest.mark.parametrize("slug", sorted(RESERVED_SLUGS))
def test_an_address_that_the_product_needs_itself_is_reserved(slug: str) -> None:
    [(place, message)] = errors_of(HEAD.replace("lumen", slug))
    assert place == "business.slug"
    assert "is reserved" in message


def test_the_product_s_own_addresses_are_among_the_reserved() -> None:
    assert {"api", "schema", "healthz", "readyz", "metrics"} <= RESERVED_SLUGS


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff\ufeff",
        "[business",
        "slug = lumen",
        HEAD + "name = 'twice'",
        HEAD + "[business]",
        HEAD + "x = 2026-02-30",
        HEAD + "x = 'a\0b'",
        "\0",
        HEAD + 'x = "\\ud800"',
        HEAD + "x = 1__0",
        "<html></html>",
        '{"business": {}}',
    ],
)
def test_what_is_no_toml_is_refused_with_the_place_of_the_mistake(text: str) -> None:
    [(place, message)] = errors_of(text)
    assert place == ""
    assert message.startswith("not valid TOML: ")
    assert re.search(r"at line \d+|at end of document", message)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 3_000 + "]" * 3_000,
        "x = " + "{a=" * 3_000 + "1" + "}" * 3_000,
        ".".join(["a"] * 3_000) + " = 1",
        HEAD + "[policy]\nslot_step_min = " + "9" * 5_000,
    ],
    ids=["nested arrays", "nested tables", "dotted key", "long number"],
)
def test_a_file_made_to_break_the_reader_is_refused_like_any_other(text: str) -> None:
    assert errors_of(text)


@pytest.mark.parametrize(
    "start, end",
    [
        ("0001-01-01T00:00", "2026-01-01T00:00"),
        ("2026-01-01T00:00", "9999-12-31T23:59"),
        ("0999-12-31T00:00", "2026-01-01T00:00"),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_time_off_at_the_ends_of_the_calendar_is_refused_or_read_back(
    start: str, end: str, zone: str
) -> None:
    text = ADA.replace("Europe/Berlin", zone) + absence(start, end)
    assert is_refused_in_words_or_read_back(tomllib.loads(text))


def is_refused_in_words_or_read_back(tree: dict[str, Any]) -> bool:
    """What should become of any file: nothing else escapes, and nothing half understood is kept."""
    try:
        business = from_tree(tree)
    except ValidationError as refused:
        return bool(refused.errors) and all(field and said for field, said in refused.errors)
    return parse(render(business)) == business


def test_every_mistake_in_the_types_is_told_at_once() -> None:
    text = (
        '[business]\nslug = "Lumen"\nname = ""\ntimezone = "Europe/Berlin"\nbogus = 1\n'
        "[policy]\nslot_step_min = 0\nnotice_min = -1\n"
        '[[staff]]\nkey = "ada"\nhours = {mon = ["9-5", "10:00-12:00", "x"], noday = []}\n'
        '[[service]]\nkey = "cut"\nname = 7\nduration_min = "45"\n'
    )
    assert places_of(text) == [
        "business.bogus",
        "business.name",
        "business.slug",
        "policy.notice_min",
        "policy.slot_step_min",
        "service[0].duration_min",
        "service[0].name",
        "staff[0].hours.mon[0]",
        "staff[0].hours.mon[2]",
        "staff[0].hours.noday",
        "staff[0].name",
    ]


def test_every_broken_rule_is_told_at_once() -> None:
    text = (
        '[business]\nslug = "api"\nname = "Lumen"\ntimezone = "Mars/Base"\ncurrency = "XX"\n'
        'locale = "xx"\n'
        '[[staff]]\nkey = "any"\nname = "Ada"\nemail = "ada"\n'
        'hours = {mon = ["09:00-12:00", "11:00-13:00"]}\n'
        '[[service]]\nkey = "cut"\nname = "Cut"\nduration_min = 45\nstaff = ["eve", "bob"]\n'
    )
    assert places_of(text) == [
        "business.currency",
        "business.locale",
        "business.slug",
        "business.timezone",
        "service[0].staff[0]",
        "service[0].staff[1]",
        "staff[0].email",
        "staff[0].hours.mon",
        "staff[0].key",
    ]


def test_every_broken_text_is_told_at_once() -> None:
    text = profile(name='"a\\u0000"') + '[[staff]]\nkey = "ada"\nname = "\\u007f"\n'
    assert places_of(text) == ["business.name", "staff[0].name"]


TWO_ADAS = BOB.replace('"bob"', '"ada"')
BACKWARDS = absence("2026-12-30T00:00", "2026-12-27T00:00")


@pytest.mark.parametrize(
    "text, places",
    [
        (profile(name='"a\\u0000"', colour='"red"'), ["business.colour", "business.name"]),
        (profile(name='"a\\u0000"', timezone='"Mars/Base"'), ["business.name", "business.timezone"]),
        (profile(name="7", timezone='"Mars/Base"'), ["business.name", "business.timezone"]),
        (
            ADA.replace("Europe/Berlin", "Mars/Base") + BACKWARDS,
            ["business.timezone", "staff[0].time_off"],
        ),
        (HEAD + "[policy]\nnotice_min = -1\n" + ADA.removeprefix(HEAD) + "email = 'ada'\n" + BACKWARDS,
         ["policy.notice_min", "staff[0].email", "staff[0].time_off"]),
        (service("staff = ['eve', 7, 'bob']"),
         ["service[0].staff[0]", "service[0].staff[1]", "service[0].staff[2]"]),
        (TWO_ADAS + "rank = 'boss'\n", ["staff", "staff[1].rank"]),
        (TWO_ADAS.replace('"Bob"', '"a\\u0000"'), ["staff", "staff[1].name"]),
        (ADA + BACKWARDS + "reason = 7\n", ["staff[0].time_off", "staff[0].time_off[0].reason"]),
        (hours('mon = ["9-5", "09:00-12:00", "11:00-13:00"]'),
         ["staff[0].hours.mon", "staff[0].hours.mon[0]"]),
        (MITTE + "address = 7\ntimezone = 'Mars/Base'\n" + JUST_ADA + AT_SOHO + ROOM
         + "location = 'nowhere'\n",
         ["location[0].address", "location[0].timezone", "resource[0].location",
          "staff[0].at[0].location"]),
        (service("phases = [{ duration_min = 30 }]\nneeds = ['room', 7]\nlocations = ['home']\nprice = 4"),
         ["service[0].locations[0]", "service[0].needs[0]", "service[0].needs[1]",
          "service[0].phases", "service[0].price"]),
        (service("phases = [{ duration_min = 30, staff = false }]"),
         ["service[0].phases", "service[0].phases"]),
        (HEAD + ROOM.replace("'room'", "'staff'") + "location = 'main'\n" + BACKWARDS.replace(
            "staff", "resource"),
         ["resource[0].kind", "resource[0].location", "resource[0].time_off"]),
        (BOTH + JUST_ADA + WEEK + AT_MITTE + "hours = { mon = ['09:00-12:00', '11:00-13:00'] }\n"
         + AT_MITTE,
         ["staff[0].at", "staff[0].at[0].hours.mon", "staff[0].at[0].location",
          "staff[0].at[1].location"]),
    ],
    ids=["text and field", "text and rule", "type and rule", "rule and time off",
         "type, rule and time off", "type and rule in one list", "field and repeated key",
         "text and repeated key", "type and order", "span and overlap",
         "location, hours at another, room", "all of a service", "two rules of phases",
         "all of a room", "hours at a location"],
)  # fmt: skip
def test_a_mistake_of_one_kind_does_not_hide_one_of_another(text: str, places: list[str]) -> None:
    assert places_of(text) == places


@pytest.mark.parametrize(
    "text, places",
    [
        (profile(currency="7") + "[[service]]\nkey = 'c'\nname = 'C'\nduration_min = 1\nprice = '1.234'",
         ["business.currency"]),
        (profile(timezone="7") + ADA.removeprefix(HEAD) + absence("2026-01-01T00:00", "2026-01-02T00:00"),
         ["business.timezone"]),
        (HEAD + "[[staff]]\nname = 'Ada'\n[[staff]]\nname = 'Bob'", ["staff[0].key", "staff[1].key"]),
        (ADA + "[[staff.dates]]\nhours = []\n[[staff.dates]]\nhours = []",
         ["staff[0].dates[0].date", "staff[0].dates[1].date"]),
        (service("staff = [7, 8]"), ["service[0].staff[0]", "service[0].staff[1]"]),
        (ADA + "email = 7", ["staff[0].email"]),
        (profile(locale="7"), ["business.locale"]),
        (profile(slug="'api/'"), ["business.slug"]),
        (ADA + absence("x", "2026-01-02T00:00"), ["staff[0].time_off[0].from"]),
        (service("phases = [{ duration_min = 0 }]"), ["service[0].phases[0].duration_min"]),
        (service("phases = [{ duration_min = 30, staff = 'x' }]"), ["service[0].phases[0].staff"]),
        (service("phases = 'long'"), ["service[0].phases"]),
        (service("phases = [{ duration_min = 30 }]", duration_min="'long'"),
         ["service[0].duration_min"]),
        (service("phases = [{ duration_min = 30 }]", duration_min="0"), ["service[0].duration_min"]),
        (service("needs = ['room']") + ROOM.replace("'room'", "7"), ["resource[0].kind"]),
        (service("needs = ['room']") + "[resource]\nkind = 'room'\n", ["resource"]),
        (service("needs = [7]"), ["service[0].needs[0]"]),
        (service("locations = ['home']") + AT_HOME.replace("'home'", "'ho me'"),
         ["location[0].key"]),
        (service("locations = ['home']") + "[location]\nkey = 'home'\n", ["location"]),
        (service("locations = ['home']") + "[[location]]\nname = 'Home'\n", ["location[0].key"]),
        (BOTH.replace('"mitte"', "7") + JUST_ADA + WEEK + AT_SOHO + AT_MITTE + ROOM,
         ["location[0].key"]),
        (BOTH.replace('"Mitte"', "7") + JUST_ADA + WEEK + AT_SOHO, ["location[0].name"]),
        (BOTH + JUST_ADA + WEEK + "[[staff.at]]\nlocation = 7\n[[staff.at]]\nlocation = 8\n",
         ["staff[0].at[0].location", "staff[0].at[1].location"]),
        (MITTE + "timezone = 'Mars/Base'\n" + JUST_ADA + AT_MITTE + WEEK, ["location[0].timezone"]),
        (profile(timezone="7") + AT_HOME + ROOM, ["business.timezone"]),
    ],
)  # fmt: skip
def test_a_mistake_is_told_once_and_nothing_else_is_blamed_for_it(
    text: str, places: list[str]
) -> None:
    assert places_of(text) == places


@pytest.mark.parametrize(
    "line, mistakes",
    [
        ("phases = [{ duration_min = 0 }, { duration_min = 'x' }]",
         [("service[0].phases[0].duration_min", "expected `int` >= 1"),
          ("service[0].phases[1].duration_min", "expected `int`, got `str`")]),
        ("phases = [{ staff = false }, { duration_min = 45 }]",
         [("service[0].phases[0].duration_min", "is required")]),
        ("phases = [{ duration_min = 45, colour = 'red' }]",
         [("service[0].phases[0].colour", "is not a known field")]),
    ],
)  # fmt: skip
def test_every_mistake_in_phases_is_told(line: str, mistakes: list[tuple[str, str]]) -> None:
    assert errors_of(service(line)) == mistakes


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "".join(f"field_{number} = 1\n" for number in range(500)),
        service(f"staff = {[f'nobody-{number}' for number in range(500)]}"),
    ],
    ids=["unknown fields", "unknown performers"],
)
def test_at_most_a_hundred_mistakes_are_told(text: str) -> None:
    assert len(errors_of(text)) == 100


def test_a_refusal_reads_as_one_sentence_a_mistake() -> None:
    with pytest.raises(ValidationError) as refused:
        parse(profile(name="7", colour='"red"'))
    assert refused.value.code == "VALIDATION"
    for part in (
        "business.name: expected `str`, got `int`",
        "business.colour: is not a known field",
    ):
        assert part in refused.value.detail
    assert {error["field"] for error in refused.value.facts["errors"]} == {
        "business.name",
        "business.colour",
    }


# Whatever is thrown at it

JUNK = st.one_of(
    st.integers(),
    st.floats(),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(["", "any", "24:00", "00:00-00:00", "2026-03-29T02:30", "-1", "1e5", "\0"]),
    st.sampled_from(["0001-01-01T00:00", "9999-12-31T23:59", [540.5, 750.5], [[]], 10**30, -1]),
    st.datetimes(),
    st.dates(),
    st.just(time(9, 0)),
    st.lists(st.one_of(st.integers(0, 2000), st.floats(), st.text(string.digits)), max_size=3),
    st.dictionaries(st.text(string.ascii_lowercase, max_size=5), st.integers(), max_size=2),
)


def places_in(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every table, list and value of a tree."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for name, item in inner:
        found.append((*place, name))
        if isinstance(item, dict | list):
            found += places_in(item, (*place, name))
    return found


def with_junk(value: Any, place: tuple[Any, ...], junk: Any) -> Any:
    """A copy with something else in one place."""
    if not place:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = with_junk(value[place[0]], place[1:], junk)
    return copy


@examples(150)
@given(business_trees(), st.data())
def test_a_file_with_junk_in_it_is_refused_in_words_or_read_back(
    tree: dict[str, Any], data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(places_in(tree)))
    assert is_refused_in_words_or_read_back(with_junk(tree, place, data.draw(JUNK)))


class TestPage:
    FILE = """
[business]
slug = "lumen"
name = "Lumen"
timezone = "UTC"
[page]
"""

    def test_a_page_is_read_and_written_again(self) -> None:
        text = (
            self.FILE + 'colour = "#7A3e9d"\nsites = ["https://a.example", "http://b.example:8080"]'
        )
        business = parse(text)
        assert business.page.colour == "#7A3e9d"
        assert business.page.sites == ("https://a.example", "http://b.example:8080")
        assert parse(render(business)) == business
        assert changes(parse(self.FILE), business) == [
            "page: added",
        ]

    @pytest.mark.parametrize(
        "line, place, message",
        [
            ('colour = "red"', "page.colour", 'expected a colour such as "#7a3e9d"'),
            ('colour = "#7a3e9d\\n"', "page.colour", 'expected a colour such as "#7a3e9d"'),
            ('sites = ["example.com"]', "page.sites[0]", "expected a site such as"),
            ('sites = ["https://a.example/path"]', "page.sites[0]", "without a path"),
            ('sites = ["https://a.example; script-src *"]', "page.sites[0]", "expected a site"),
            ('sites = ["https://*"]', "page.sites[0]", "expected a site"),
            (
                f"sites = {[f'https://a{n}.example' for n in range(3000)]}",
                "page.sites",
                "at most 20",
            ),
            (f"sites = ['https://{'a' * 60_000}']", "page.sites[0]", "at most 253 characters"),
            ('sites = ["https://a.example", "https://a.example"]', "page.sites", "once is enough"),
            ("logo = 1", "page.logo", "expected `str"),
            ('logo = "logo.png"', "page.logo", "expected a picture such as"),
            ('logo = "data:text/html;base64,PGI+"', "page.logo", "expected a picture such as"),
            ('logo = "data:image/png;base64,AAA"', "page.logo", "not valid base64"),
            ('logo = "data:image/png;base64,PHN2Zz4="', "page.logo", "not of the kind image/png"),
            (f'logo = "data:image/png;base64,{"A" * 88_000}"', "page.logo", "at most 65536"),
            ("size = 1", "page.size", "is not a known field"),
        ],
    )
    def test_a_mistake_is_named(self, line: str, place: str, message: str) -> None:
        [(named, said)] = errors_of(self.FILE + line)
        assert named == place
        assert message in said


class TestProtection:
    FILE = TestPage.FILE.replace("[page]", "[protection]")

    def test_it_is_read_and_written_again(self) -> None:
        business = parse(self.FILE + "bookings_per_email = 3\nproof_of_work = true")
        assert business.protection.bookings_per_email == 3
        assert business.protection.bookings_per_phone is None
        assert business.protection.proof_of_work
        assert parse(render(business)) == business
        assert changes(parse(self.FILE), business) == ["protection: added"]

    @pytest.mark.parametrize(
        "line, place, message",
        [
            ("bookings_per_email = 0", "protection.bookings_per_email", ">= 1"),
            ("bookings_per_phone = 1001", "protection.bookings_per_phone", "<= 1000"),
            ('bookings_per_network = "2"', "protection.bookings_per_network", "expected `int"),
            ('proof_of_work = "always"', "protection.proof_of_work", "expected `bool"),
            ("bookings = 1", "protection.bookings", "is not a known field"),
        ],
    )
    def test_a_mistake_is_named(self, line: str, place: str, message: str) -> None:
        [(named, said)] = errors_of(self.FILE + line)
        assert named == place
        assert message in said


REACHED = """
[business]
slug = "lumen"
name = "Lumen Hair"
timezone = "Europe/Berlin"
phone = "+49 30 1234567"
email = "hello@lumen.example"
website = "https://www.lumen.example/salon"
"""


def test_how_a_business_is_reached_is_kept_and_checked() -> None:
    business = parse(REACHED)
    assert parse(render(business)) == business
    assert business.business.website == "https://www.lumen.example/salon"
    assert "phone =" not in render(parse(re.sub("(?m)^(phone|email|website).*", "", REACHED)))
    wrong = (
        REACHED.replace("+49 30 1234567", "call me")
        .replace("hello@", "hello")
        .replace("https:", "javascript:")
    )
    assert [place for place, _ in errors_of(wrong)] == [
        "business.phone",
        "business.website",
        "business.email",
    ]
