"""The zone's rules in a calendar file, read by programs that know no zone by its name."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import dateutil.tz
import pytest
import pytz
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from icalendar.timezone import TZP

from bookonce.booking.appointment import Appointment, Status
from bookonce.business.directory import Directory
from bookonce.business.document import ONLY_LOCATION
from bookonce.events.catalogue import Part
from bookonce.platform.zones import offset_segments
from bookonce.web.managed import Managed
from bookonce.web.public.calendar_file import calendar_file
from tests.availability.properties import examples
from tests.availability.strategies import OCCASIONS
from tests.factories import a_business

HORIZON = timedelta(days=1_100)
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
QUARTER = timedelta(minutes=15)
LENGTH = timedelta(minutes=75)
ZONES = sorted(zoneinfo.available_timezones())
READERS = {name: TZP(name) for name in ("zoneinfo", "pytz")}
"""Two programs that build a clock from the rules alone, apart from each other: dateutil, which
icalendar uses beside `zoneinfo`, and pytz."""

TELLING = [
    "Europe/Berlin",
    "Europe/Dublin",  # winter is what is saved
    "Antarctica/Troll",  # two hours
    "Australia/Lord_Howe",  # half an hour
    "Australia/Adelaide",  # half an hour from the full hour, summer in January
    "America/St_Johns",
    "America/Santiago",  # at midnight
    "America/Havana",  # at midnight
    "America/Nuuk",  # on the evening before
    "Pacific/Chatham",  # at a quarter to
    "Asia/Gaza",
    "Africa/Cairo",
]
STEADY = ["Asia/Kathmandu", "Asia/Tokyo", "America/Phoenix", "Etc/GMT+5", "UTC", "Africa/Abidjan"]
PAST = [(zone, change) for zone, change in OCCASIONS if zone != "Africa/Monrovia"]
"""Without the one that has seconds in its offset: pytz rounds them, and no clock has them now."""


def changes(zone: str) -> list[datetime]:
    """The instants within the horizon at which the clock is put forward or back."""
    segments = offset_segments(
        ZoneInfo(zone), int(TODAY.timestamp()), int((TODAY + HORIZON).timestamp())
    )
    return [datetime.fromtimestamp(segment.start_s, UTC) for segment in segments[1:]]


def held(zone: str, start: datetime) -> Managed:
    """An appointment at a business in a zone."""
    directory = Directory(
        business_id=uuid4(),
        version=1,
        secret=uuid4(),
        business=a_business(timezone=zone),
        location_ids={ONLY_LOCATION: uuid4()},
        staff_ids={"ada": uuid4()},
        resource_ids={},
        service_ids={"cut": uuid4()},
    )
    appointment = Appointment(
        id=uuid4(),
        status=Status.CONFIRMED,
        parts=(
            Part(
                service="cut",
                service_name="Cut",
                staff="ada",
                staff_name="Ada",
                start=start,
                end=start + LENGTH,
            ),
        ),
        location=ONLY_LOCATION,
        zone=zone,
        start=start,
        end=start + LENGTH,
        price_minor=None,
        currency="EUR",
        sequence=0,
    )
    return Managed(directory, appointment, "token")


def read(content: bytes, reader: TZP) -> list[datetime]:
    """Start and end as somebody understands them who has nothing but the file."""
    calendar = Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    rules = {zone.tz_name: zone.to_tz(reader, lookup_tzid=False) for zone in calendar.timezones}
    return [understood(event, name, rules) for name in ("dtstart", "dtend")]


def understood(event: Any, name: str, rules: dict[str, tzinfo]) -> datetime:
    written = event[name].to_ical().decode()
    wall = datetime.strptime(written.removesuffix("Z"), "%Y%m%dT%H%M%S")
    if written.endswith("Z"):
        return wall.replace(tzinfo=UTC)
    clock = rules[event[name].params["TZID"]]
    if isinstance(clock, pytz.tzinfo.DstTzInfo):
        return clock.localize(wall, is_dst=None).astimezone(UTC)  # fails if it comes twice
    assert isinstance(clock, dateutil.tz.tz._tzicalvtz), clock  # type: ignore[attr-defined]
    return wall.replace(tzinfo=clock).astimezone(UTC)


def assert_understood(zone: str, start: datetime) -> None:
    content = calendar_file(held(zone, start), "https://book.example.com/lumen/a/token")
    for name, reader in READERS.items():
        assert read(content, reader) == [start, start + LENGTH], (name, content.decode())


@pytest.mark.parametrize("zone", TELLING)
def test_they_are_right_around_each_change_of_the_clock(zone: str) -> None:
    found = changes(zone)
    assert len(found) >= 4
    for change in found:
        for quarters in range(-14, 15, 2):
            assert_understood(zone, change + quarters * QUARTER)


@pytest.mark.parametrize("zone, change", PAST)
def test_they_are_right_around_changes_of_every_known_kind(zone: str, change: datetime) -> None:
    for quarters in range(-14, 15, 2):
        assert_understood(zone, change + quarters * QUARTER)


@pytest.mark.parametrize("zone", STEADY)
def test_they_are_right_where_the_clock_only_runs_on(zone: str) -> None:
    assert changes(zone) == []
    for days in range(0, HORIZON.days, 100):
        assert_understood(zone, TODAY + timedelta(days=days))


@st.composite
def appointments(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone, and a start within the horizon, often close to a change of its clock."""
    zone = draw(st.sampled_from(ZONES))
    quarters = st.integers(0, HORIZON // QUARTER).map(lambda number: TODAY + number * QUARTER)
    if not (found := changes(zone)):
        return zone, draw(quarters)
    near = st.builds(
        lambda change, number: change + number * QUARTER,
        st.sampled_from(found),
        st.integers(-20, 20),
    )
    return zone, draw(st.one_of(quarters, near))


@given(appointments())
@examples(400)
def test_they_are_right_in_every_zone(appointment: tuple[str, datetime]) -> None:
    assert_understood(*appointment)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/Dublin", "Africa/Casablanca"])
def test_a_clock_put_forward_is_daylight_saving_time(zone: str) -> None:
    start = datetime(2024, 7, 1, tzinfo=UTC)
    content = calendar_file(held(zone, start), "https://book.example.com/")
    (rules,) = Calendar.from_ical(content).timezones
    forward = [one for one in rules.daylight if one.TZOFFSETTO > one.TZOFFSETFROM]
    back = [one for one in rules.standard if one.TZOFFSETTO < one.TZOFFSETFROM]
    assert forward
    assert back
    assert len(rules.subcomponents) == len(forward) + len(back) + 1  # how it was at first
