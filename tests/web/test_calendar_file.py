"""The calendar file: what a calendar program makes of it, and what the standards ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from icalendar import Calendar

from bookonce.business.document import Business
from tests.factories import a_business, a_service, tomorrow_at
from tests.web.clocks import next_clock_change
from tests.web.khal import Khal
from tests.web.visitors import address_of, book, refused

Serve = Callable[[Business], str]
NewKhal = Callable[[str], Khal]

BERLIN = ZoneInfo("Europe/Berlin")
NO_TOKEN = "A" * 43
LOCATION = {"key": "mitte", "name": "Mitte", "address": "Torstraße 1, Berlin"}


@pytest.fixture
def api(serve_business: Serve) -> str:
    """Ada cuts round the clock, for more than a year ahead."""
    return serve_business(a_business(location=[LOCATION], policy={"horizon_days": 500}))


@pytest.fixture
def khal(tmp_path: Path) -> NewKhal:
    """Makes a calendar for a viewer in a time zone."""
    return lambda zone: Khal(tmp_path / zone.replace("/", "-"), zone)


def file_of(visitor: httpx.Client, booked: dict[str, Any]) -> bytes:
    answer = visitor.get(booked["calendar_url"])
    assert answer.status_code == 200
    return answer.content


def parsed(content: bytes) -> tuple[Any, Any]:
    """The calendar and its one event; their properties have a type only when they are read."""
    calendar = Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def move(visitor: httpx.Client, at: str, start: datetime) -> None:
    answer = visitor.post(f"{at}/move", json={"start": start.isoformat()})
    assert answer.status_code == 200, answer.text


def cancel(visitor: httpx.Client, at: str) -> None:
    assert visitor.post(f"{at}/cancellation").status_code == 200


def shown(start: datetime, zone: str, status: str = "CONFIRMED") -> str:
    """How khal tells a cut of half an hour."""
    local, until = (
        f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
        for instant in (start, start + timedelta(minutes=30))
    )
    return f"{local} to {until} | Cut · Lumen Hair | Mitte, Torstraße 1, Berlin | {status}"


class TestInACalendarProgram:
    @pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
    def test_it_works(self, visitor: httpx.Client, api: str, khal: NewKhal, zone: str) -> None:
        calendar = khal(zone)
        calendar.take(file_of(visitor, book(visitor, api, tomorrow_at(10))))
        assert calendar.events() == [shown(tomorrow_at(10), zone)]

    def test_a_moved_appointment_takes_the_place_of_the_old_one(
        self, visitor: httpx.Client, api: str, khal: NewKhal
    ) -> None:
        calendar = khal("Europe/Berlin")
        booked = book(visitor, api, tomorrow_at(10))
        calendar.take(file_of(visitor, booked))
        move(visitor, address_of(api, booked), tomorrow_at(15))
        calendar.take(file_of(visitor, booked))
        assert calendar.events() == [shown(tomorrow_at(15), "Europe/Berlin")]

    def test_a_cancelled_appointment_is_marked_as_such(
        self, visitor: httpx.Client, api: str, khal: NewKhal
    ) -> None:
        # Like most programs that import files it doesn't act upon METHOD; STATUS is what it shows.
        calendar = khal("Europe/Berlin")
        booked = book(visitor, api, tomorrow_at(10))
        calendar.take(file_of(visitor, booked))
        cancel(visitor, address_of(api, booked))
        calendar.take(file_of(visitor, booked))
        assert calendar.events() == [shown(tomorrow_at(10), "Europe/Berlin", "CANCELLED")]

    def test_two_appointments_are_two_events(
        self, visitor: httpx.Client, api: str, khal: NewKhal
    ) -> None:
        calendar = khal("Europe/Berlin")
        for hour in (10, 15):
            calendar.take(file_of(visitor, book(visitor, api, tomorrow_at(hour))))
        assert calendar.events() == [shown(tomorrow_at(hour), "Europe/Berlin") for hour in (10, 15)]

    @pytest.mark.parametrize("offset", ["+02:00", "+01:00"], ids=["first", "second"])
    def test_each_pass_of_a_repeated_hour_is_its_own_instant(
        self, visitor: httpx.Client, api: str, khal: NewKhal, offset: str
    ) -> None:
        start = f"{next_clock_change(BERLIN, forward=False)}T02:15:00{offset}"
        calendar = khal("America/New_York")
        calendar.take(file_of(visitor, book(visitor, api, start)))
        assert calendar.events() == [shown(datetime.fromisoformat(start), "America/New_York")]

    @pytest.mark.parametrize("wall", ["00:30", "03:00", "03:30", "04:00"])
    @pytest.mark.parametrize("forward", [True, False], ids=["forward", "back"])
    def test_the_zones_rules_in_the_file_are_enough(
        self, visitor: httpx.Client, api: str, khal: NewKhal, wall: str, forward: bool
    ) -> None:
        local = f"{next_clock_change(BERLIN, forward=forward)}T{wall}"
        start = datetime.fromisoformat(local).replace(tzinfo=BERLIN)
        content = file_of(visitor, book(visitor, api, start))
        # A zone that no program knows by name.
        renamed = content.replace(b"Europe/Berlin", b"Where/We/Are")
        assert renamed != content
        calendar = khal("America/New_York")
        calendar.take(renamed)
        assert calendar.events() == [shown(start, "America/New_York")]


class TestTheEvent:
    def test_it_works(self, visitor: httpx.Client, api: str) -> None:
        start = tomorrow_at(10)
        booked = book(visitor, api, start)
        calendar, event = parsed(file_of(visitor, booked))
        assert event["dtstart"].dt == start
        assert event["dtend"].dt == start + timedelta(minutes=30)
        assert event["dtstart"].params["TZID"] == "Europe/Berlin"
        assert (calendar["method"], event["status"]) == ("PUBLISH", "CONFIRMED")
        assert event["sequence"] == 0
        assert event["url"] == booked["manage_url"]
        assert event["summary"] == "Cut · Lumen Hair"
        assert booked["manage_url"] in event["description"]

    def test_a_move_raises_the_sequence_and_keeps_the_uid(
        self, visitor: httpx.Client, api: str
    ) -> None:
        booked = book(visitor, api, tomorrow_at(10))
        _, before = parsed(file_of(visitor, booked))
        move(visitor, address_of(api, booked), tomorrow_at(15))
        calendar, after = parsed(file_of(visitor, booked))
        assert after["uid"] == before["uid"]
        assert after["sequence"] > before["sequence"]
        assert after["dtstart"].dt == tomorrow_at(15)
        assert (calendar["method"], after["status"]) == ("PUBLISH", "CONFIRMED")

    def test_a_cancellation_is_told_to_the_calendar(self, visitor: httpx.Client, api: str) -> None:
        booked = book(visitor, api, tomorrow_at(10))
        _, before = parsed(file_of(visitor, booked))
        cancel(visitor, address_of(api, booked))
        calendar, after = parsed(file_of(visitor, booked))
        assert (calendar["method"], after["status"]) == ("CANCEL", "CANCELLED")
        assert after["uid"] == before["uid"]
        assert after["sequence"] > before["sequence"]

    def test_it_is_never_older_than_the_one_before(self, visitor: httpx.Client, api: str) -> None:
        booked = book(visitor, api, tomorrow_at(10))
        at = address_of(api, booked)
        files = [parsed(file_of(visitor, booked))[1]]
        for start in (tomorrow_at(12), tomorrow_at(10), tomorrow_at(12)):
            move(visitor, at, start)
            files.append(parsed(file_of(visitor, booked))[1])
        cancel(visitor, at)
        files += [parsed(file_of(visitor, booked))[1] for _ in range(2)]
        assert [event["sequence"] for event in files] == [0, 1, 2, 3, 4, 4]
        stamps = [event["dtstamp"].dt for event in files]
        assert stamps == sorted(stamps)
        assert {event["uid"] for event in files} == {f"{booked['id']}@bookonce"}

    def test_it_invites_nobody(self, visitor: httpx.Client, api: str) -> None:
        _, event = parsed(file_of(visitor, book(visitor, api, tomorrow_at(10))))
        assert not {"organizer", "attendee"} & {name.lower() for name in event}

    @pytest.mark.parametrize("offset", ["+02:00", "+01:00"], ids=["first", "second"])
    def test_a_time_that_comes_twice_is_told_in_utc(
        self, visitor: httpx.Client, api: str, offset: str
    ) -> None:
        start = f"{next_clock_change(BERLIN, forward=False)}T02:15:00{offset}"
        calendar, event = parsed(file_of(visitor, book(visitor, api, start)))
        assert event["dtstart"].to_ical().endswith(b"Z")
        assert event["dtstart"].dt == datetime.fromisoformat(start)
        assert event["dtend"].dt == datetime.fromisoformat(start) + timedelta(minutes=30)
        assert not calendar.timezones


class TestTheText:
    NAMES = (
        'A;B,C\\n"D": éß 💇‍♀️ שלום ' + "x" * 100,
        "💇‍♀️" * 45,
        "tu\u200fC \u061cx \U0010ffff",
        "x" * 200,
    )

    @pytest.mark.parametrize("name", NAMES, ids=["marks", "emoji", "controls", "long"])
    def test_names_come_back_as_they_were_from_short_lines(
        self, visitor: httpx.Client, serve_business: Serve, name: str
    ) -> None:
        place = {"key": "here", "name": name, "address": name}
        api = serve_business(
            a_business(name=name, service=[a_service(name=name)], location=[place])
        )
        content = file_of(visitor, book(visitor, api, tomorrow_at(10)))
        _, event = parsed(content)
        assert event["summary"] == f"{name} · {name}"
        assert event["location"] == f"{name}, {name}"
        lines = content.split(b"\r\n")
        assert lines[-2:] == [b"END:VCALENDAR", b""]
        assert not any(control in b"".join(lines) for control in (b"\r", b"\n"))
        assert max(map(len, lines)) <= 75
        assert all(line.decode() for line in lines[:-1])  # no character is cut in two

    @pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r"], ids=repr)
    def test_a_line_break_in_a_name_starts_no_new_property(
        self, visitor: httpx.Client, serve_business: Serve, line_break: str
    ) -> None:
        name = f"Cut{line_break}ATTENDEE:mailto:mallory@example.com{line_break}X"
        api = serve_business(a_business(service=[a_service(name=name)]))
        content = file_of(visitor, book(visitor, api, tomorrow_at(10)))
        assert not [line for line in content.splitlines() if line.startswith(b"ATTENDEE")]
        assert "attendee" not in parsed(content)[1]


class TestTheAnswer:
    def test_it_says_what_it_is(self, visitor: httpx.Client, api: str) -> None:
        booked = book(visitor, api, tomorrow_at(10))
        headers = visitor.get(booked["calendar_url"]).headers
        assert headers["content-type"] == "text/calendar; method=PUBLISH; charset=utf-8"
        assert headers["content-disposition"] == 'inline; filename="appointment.ics"'
        cancel(visitor, address_of(api, booked))
        headers = visitor.get(booked["calendar_url"]).headers
        assert headers["content-type"] == "text/calendar; method=CANCEL; charset=utf-8"

    def test_it_is_kept_by_no_cache_and_tells_no_other_site(
        self, visitor: httpx.Client, api: str
    ) -> None:
        headers = visitor.get(book(visitor, api, tomorrow_at(10))["calendar_url"]).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert "etag" not in headers

    def test_an_unknown_appointment_is_not_found(self, visitor: httpx.Client, api: str) -> None:
        refused(visitor.get(f"{api}/appointments/{NO_TOKEN}.ics"), 404, "NOT_FOUND")
