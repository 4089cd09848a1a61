"""Several locations, each with its clock; visits in phases; rooms that a visit takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from icalendar import Calendar

from bookonce.business.document import Business
from tests.factories import (
    ALWAYS,
    NINE_TO_FIVE,
    a_business,
    a_service,
    a_staff_member,
    tomorrow_at,
)
from tests.running import RunningServer
from tests.web.visitors import a_wish, address_of, book, fields, refused

Serve = Callable[[Business], str]

MITTE = {"key": "mitte", "name": "Mitte", "address": "Torstraße 1, Berlin"}
TOKYO = {"key": "tokyo", "name": "Tokyo", "timezone": "Asia/Tokyo"}
BERLIN_ZONE, TOKYO_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")


def at(**hours: Any) -> list[dict[str, Any]]:
    """Hours at locations, as the business file has them."""
    return [{"location": location, "hours": week} for location, week in hours.items()]


def works_at(key: str, **hours: Any) -> dict[str, Any]:
    """Somebody with hours at some locations."""
    return {"key": key, "name": key.capitalize(), "at": at(**hours)}


@pytest.fixture
def api(serve_business: Serve) -> str:
    """Ada works in Berlin and in Tokyo, Bela in Berlin only; "dye" is offered in Tokyo only."""
    return serve_business(
        a_business(
            location=[MITTE, TOKYO],
            staff=[
                works_at("ada", mitte=ALWAYS, tokyo=ALWAYS),
                works_at("bela", mitte=ALWAYS),
            ],
            service=[
                a_service("cut"),
                a_service("dye", locations=["tokyo"]),
                a_service("perm", locations=[]),
            ],
        )
    )


def asked(visitor: httpx.Client, api: str, first: date, last: date, **more: str) -> httpx.Response:
    """Availability of "cut", or another service, on some dates."""
    parameters = {"service": "cut", "from": str(first), "to": str(last)} | more
    return visitor.get(f"{api}/availability", params=parameters)


def starts(answer: httpx.Response) -> list[datetime]:
    """Every start of an answer that has to be a good one."""
    assert answer.status_code == 200, answer.text
    return [
        datetime.fromisoformat(slot["start"])
        for day in answer.json()["days"]
        for slot in day["slots"]
    ]


class TestAvailability:
    def test_it_works(self, visitor: httpx.Client, serve_business: Serve) -> None:
        day = tomorrow_at(12).date()
        api = serve_business(
            a_business(
                location=[MITTE, TOKYO],
                staff=[works_at("ada", mitte=ALWAYS, tokyo=NINE_TO_FIVE)],
            )
        )
        answer = asked(visitor, api, day, day, location="tokyo")
        opened = datetime(day.year, day.month, day.day, 9, tzinfo=TOKYO_ZONE)
        offered = [opened + timedelta(minutes=15 * step) for step in range(31)]
        slots = [{"start": start.isoformat()} for start in offered]
        assert answer.json() == {
            "timezone": "Asia/Tokyo",
            "days": [{"date": day.isoformat(), "slots": slots}],
            "location": "tokyo",
        }

    def test_where_no_location_is_listed_none_is_named(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(a_business())
        day = tomorrow_at(12).date()
        assert asked(visitor, api, day, day).json().keys() == {"timezone", "days"}
        soonest = visitor.get(f"{api}/availability/next", params={"service": "cut"})
        assert soonest.json().keys() == {"timezone", "slots"}

    def test_dates_are_those_of_the_location(self, visitor: httpx.Client, api: str) -> None:
        day = tomorrow_at(12).date()
        for location, zone in (("mitte", BERLIN_ZONE), ("tokyo", TOKYO_ZONE)):
            found = starts(asked(visitor, api, day, day, location=location))
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
            assert found[0] == midnight
            assert found[0].utcoffset() == midnight.utcoffset()
            assert {start.date() for start in found} == {day}

    def test_tz_shows_the_same_by_another_clock(self, visitor: httpx.Client, api: str) -> None:
        day = tomorrow_at(12).date()
        answer = asked(visitor, api, day, day, location="tokyo", tz="Europe/Berlin")
        assert answer.json()["timezone"] == "Europe/Berlin"
        assert answer.json()["location"] == "tokyo"
        assert starts(answer)[0] == datetime(day.year, day.month, day.day, tzinfo=BERLIN_ZONE)

    @pytest.mark.parametrize("path", ["/availability", "/availability/next"])
    def test_a_location_has_to_be_named_where_there_are_several(
        self, visitor: httpx.Client, api: str, path: str
    ) -> None:
        day = str(tomorrow_at(12).date())
        parameters = {"service": "cut"} | ({} if "next" in path else {"from": day, "to": day})
        problem = refused(visitor.get(f"{api}{path}", params=parameters), 422, "VALIDATION")
        assert problem["errors"] == [
            {"field": "location", "message": "is required here: one of mitte, tokyo"}
        ]

    @pytest.mark.parametrize("path", ["/availability", "/availability/next"])
    def test_it_need_not_be_named_where_a_service_is_at_one_only(
        self, visitor: httpx.Client, api: str, path: str
    ) -> None:
        day = str(tomorrow_at(12).date())
        parameters = {"service": "dye"} | ({} if "next" in path else {"from": day, "to": day})
        answer = visitor.get(f"{api}{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        assert answer.json()["location"] == "tokyo"
        assert answer.json()["timezone"] == "Asia/Tokyo"

    @pytest.mark.parametrize("path", ["/availability", "/availability/next"])
    @pytest.mark.parametrize("location", ["soho", "Mitte", "", "%00", "x" * 500])
    def test_an_unknown_location_is_not_found(
        self, visitor: httpx.Client, api: str, path: str, location: str
    ) -> None:
        day = str(tomorrow_at(12).date())
        parameters = {"service": "cut", "location": location}
        parameters |= {} if "next" in path else {"from": day, "to": day}
        refused(visitor.get(f"{api}{path}", params=parameters), 404, "NOT_FOUND")

    @pytest.mark.parametrize(
        "more",
        [
            {"service": "dye", "location": "mitte"},
            {"service": "perm", "location": "mitte"},
            {"staff": "bela", "location": "tokyo"},
        ],
        ids=["another location's service", "nowhere's service", "another location's person"],
    )
    def test_nothing_is_on_offer_where_it_is_not_offered(
        self, visitor: httpx.Client, api: str, more: dict[str, str]
    ) -> None:
        day = tomorrow_at(12).date()
        assert starts(asked(visitor, api, day, day, **more)) == []
        refused(
            visitor.post(f"{api}/book", json=a_wish(tomorrow_at(10), **more)), 422, "NOT_OFFERED"
        )

    def test_a_start_needs_the_location_to_be_open_too(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        day = tomorrow_at(12).date()
        closed = day + timedelta(1)
        week = {name: ["10:00-11:00"] for name in ALWAYS}
        place = MITTE | {"hours": week, "dates": [{"date": str(closed), "hours": []}]}
        api = serve_business(a_business(location=[place]))
        found = starts(asked(visitor, api, day, closed))
        assert [f"{start:%H:%M}" for start in found] == ["10:00", "10:15", "10:30"]
        assert {start.date() for start in found} == {day}


class TestBooking:
    def test_it_works(self, visitor: httpx.Client, server: RunningServer, api: str) -> None:
        start = tomorrow_at(10)
        answer = visitor.post(f"{api}/book", json=a_wish(start, staff="ada", location="tokyo"))
        assert answer.status_code == 201, answer.text
        body = answer.json()
        assert body["start"] == start.astimezone(TOKYO_ZONE).isoformat()
        assert body["end"] == (start + timedelta(minutes=30)).astimezone(TOKYO_ZONE).isoformat()
        assert body["location"] == "tokyo"
        assert "resources" not in body
        assert visitor.get(address_of(api, body)).json() == body

    def test_where_no_location_is_listed_none_is_named(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(a_business())
        body = book(visitor, api, tomorrow_at(10))
        assert body.keys() == {
            "id", "status", "service", "staff", "start", "end", "price", "parts", "manage_url",
            "calendar_url",
        }  # fmt: skip
        assert visitor.get(address_of(api, body)).json() == body

    def test_a_location_has_to_be_named_where_there_are_several(
        self, visitor: httpx.Client, api: str
    ) -> None:
        wish = a_wish(tomorrow_at(10))
        assert fields(refused(visitor.post(f"{api}/book", json=wish), 422, "VALIDATION")) == {
            "location"
        }
        assert book(visitor, api, tomorrow_at(10), "dye")["location"] == "tokyo"

    def test_an_unknown_location_is_not_found(self, visitor: httpx.Client, api: str) -> None:
        wish = a_wish(tomorrow_at(10), location="soho")
        refused(visitor.post(f"{api}/book", json=wish), 404, "NOT_FOUND")

    def test_a_location_is_a_text(self, visitor: httpx.Client, api: str) -> None:
        wish = a_wish(tomorrow_at(10), location=7)
        assert fields(refused(visitor.post(f"{api}/book", json=wish), 422, "VALIDATION")) == {
            "location"
        }

    def test_who_works_at_two_locations_is_taken_at_both(
        self, visitor: httpx.Client, api: str
    ) -> None:
        start = tomorrow_at(10)
        book(visitor, api, start, staff="ada", location="tokyo")
        wish = a_wish(start, staff="ada", location="mitte")
        problem = refused(visitor.post(f"{api}/book", json=wish), 409, "BOOKING_CONFLICT")
        # Alternatives are at the location that was asked for, by its clock.
        told = [datetime.fromisoformat(one["start"]) for one in problem["alternatives"]]
        assert told
        assert {one.utcoffset() for one in told} == {told[0].astimezone(BERLIN_ZONE).utcoffset()}
        day = start.astimezone(BERLIN_ZONE).date()
        assert start not in starts(asked(visitor, api, day, day, staff="ada", location="mitte"))
        assert start in starts(asked(visitor, api, day, day, location="mitte"))  # Bela is free
        assert book(visitor, api, start, location="mitte")["staff"] == "bela"

    def test_an_alternative_can_be_booked_at_the_location_asked_for(
        self, visitor: httpx.Client, api: str
    ) -> None:
        start = tomorrow_at(10)
        book(visitor, api, start, staff="ada", location="mitte")
        wish = a_wish(start, staff="ada", location="tokyo")
        problem = refused(visitor.post(f"{api}/book", json=wish), 409, "BOOKING_CONFLICT")
        one = problem["alternatives"][0]
        assert book(visitor, api, one["start"], staff=one["staff"], location="tokyo")

    def test_the_same_key_gives_the_same_answer(self, visitor: httpx.Client, api: str) -> None:
        wish = a_wish(tomorrow_at(10), location="tokyo")
        headers = {"Idempotency-Key": f"key-{api}"}
        first, second = (visitor.post(f"{api}/book", json=wish, headers=headers) for _ in range(2))
        assert first.status_code == second.status_code == 201
        assert first.json() == second.json()
        elsewhere = wish | {"location": "mitte"}
        again = visitor.post(f"{api}/book", json=elsewhere, headers=headers)
        refused(again, 422, "IDEMPOTENCY_MISMATCH")


class TestMoving:
    def test_the_location_stays_if_none_is_named(self, visitor: httpx.Client, api: str) -> None:
        booked = book(visitor, api, tomorrow_at(10), staff="ada", location="tokyo")
        address, new = address_of(api, booked), tomorrow_at(15)
        answer = visitor.post(f"{address}/move", json={"start": new.isoformat()})
        assert answer.status_code == 200, answer.text
        assert answer.json()["location"] == "tokyo"
        assert answer.json()["start"] == new.astimezone(TOKYO_ZONE).isoformat()

    def test_it_may_be_moved_to_another_location(self, visitor: httpx.Client, api: str) -> None:
        booked = book(visitor, api, tomorrow_at(10), staff="ada", location="tokyo")
        address, new = address_of(api, booked), tomorrow_at(15)
        wish = {"start": new.isoformat(), "location": "mitte"}
        answer = visitor.post(f"{address}/move", json=wish)
        assert answer.status_code == 200, answer.text
        times = {
            "start": new.astimezone(BERLIN_ZONE).isoformat(),
            "end": (new + timedelta(minutes=30)).astimezone(BERLIN_ZONE).isoformat(),
        }
        moved = times | {"location": "mitte", "parts": [booked["parts"][0] | times]}
        assert answer.json() == booked | moved
        assert visitor.get(address).json() == answer.json()
        book(visitor, api, tomorrow_at(10), staff="ada", location="mitte")  # given back

    def test_the_same_time_elsewhere_is_a_move(self, visitor: httpx.Client, api: str) -> None:
        booked = book(visitor, api, tomorrow_at(10), staff="ada", location="tokyo")
        wish = {"start": booked["start"], "location": "mitte"}
        answer = visitor.post(f"{address_of(api, booked)}/move", json=wish)
        assert answer.status_code == 200, answer.text
        assert answer.json()["location"] == "mitte"

    @pytest.mark.parametrize(
        "service, where, staff, status, code",
        [
            ("cut", "soho", "ada", 404, "NOT_FOUND"),
            ("dye", "mitte", "ada", 422, "NOT_OFFERED"),
        ],
    )
    def test_a_move_to_where_it_is_not_offered_leaves_it_alone(
        self,
        visitor: httpx.Client,
        api: str,
        service: str,
        where: str,
        staff: str,
        status: int,
        code: str,
    ) -> None:
        booked = book(visitor, api, tomorrow_at(10), service, staff=staff, location="tokyo")
        address = address_of(api, booked)
        wish = {"start": tomorrow_at(15).isoformat(), "location": where}
        refused(visitor.post(f"{address}/move", json=wish), status, code)
        assert visitor.get(address).json() == booked

    def test_who_does_not_work_there_does_not_come_along(
        self, visitor: httpx.Client, api: str
    ) -> None:
        booked = book(visitor, api, tomorrow_at(10), staff="bela", location="mitte")
        address = address_of(api, booked)
        wish = {"start": tomorrow_at(15).isoformat(), "location": "tokyo"}
        refused(visitor.post(f"{address}/move", json=wish), 422, "NOT_OFFERED")
        answer = visitor.post(f"{address}/move", json=wish | {"staff": "any"})
        assert answer.status_code == 200, answer.text
        assert (answer.json()["staff"], answer.json()["location"]) == ("ada", "tokyo")


class TestCalendarFile:
    def event(self, visitor: httpx.Client, booked: dict[str, Any]) -> Any:
        answer = visitor.get(booked["calendar_url"])
        assert answer.status_code == 200
        (event,) = Calendar.from_ical(answer.text).walk("VEVENT")
        return event

    def test_it_tells_where_and_by_which_clock(self, visitor: httpx.Client, api: str) -> None:
        start = tomorrow_at(10)
        at_mitte = self.event(visitor, book(visitor, api, start, staff="bela", location="mitte"))
        assert at_mitte["location"] == "Mitte, Torstraße 1, Berlin"
        assert at_mitte["dtstart"].params["TZID"] == "Europe/Berlin"
        in_tokyo = self.event(visitor, book(visitor, api, start, location="tokyo"))
        assert in_tokyo["location"] == "Tokyo"
        assert in_tokyo["dtstart"].params["TZID"] == "Asia/Tokyo"
        assert in_tokyo["dtstart"].dt == start

    def test_it_tells_no_place_where_none_is_listed(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        booked = book(visitor, serve_business(a_business()), tomorrow_at(10))
        assert "location" not in self.event(visitor, booked)


class TestRooms:
    @pytest.fixture
    def salon(self, serve_business: Serve) -> str:
        """Three who cut and two chairs, at one location that is not listed."""
        return serve_business(
            a_business(
                staff=[a_staff_member(key) for key in ("ada", "bela", "chen")],
                resource=[
                    {"key": "c1", "name": "Chair 1", "kind": "chair"},
                    {"key": "c2", "name": "Chair 2", "kind": "chair"},
                    {"key": "basin", "name": "Basin", "kind": "basin"},
                ],
                service=[
                    a_service("cut", needs=["chair"]),
                    a_service("wash", needs=["basin", "chair"]),
                    a_service("talk"),
                ],
            )
        )

    def test_the_answer_names_what_is_taken(self, visitor: httpx.Client, salon: str) -> None:
        washed = book(visitor, salon, tomorrow_at(10), "wash")
        assert washed["resources"] in (["basin", "c1"], ["basin", "c2"])
        assert visitor.get(address_of(salon, washed)).json() == washed
        assert "resources" not in book(visitor, salon, tomorrow_at(10), "talk")
        assert "location" not in washed

    def test_when_all_are_taken_nobody_can_come(self, visitor: httpx.Client, salon: str) -> None:
        start = tomorrow_at(10)
        found = [book(visitor, salon, start)["resources"] for _ in range(2)]
        assert sorted(found) == [["c1"], ["c2"]]
        refused(visitor.post(f"{salon}/book", json=a_wish(start)), 409, "BOOKING_CONFLICT")
        day = start.astimezone(BERLIN_ZONE).date()
        assert start not in starts(asked(visitor, salon, day, day))
        assert start in starts(asked(visitor, salon, day, day, service="talk"))
        book(visitor, salon, start, "talk")

    def test_a_cancelled_visit_gives_back_what_it_took(
        self, visitor: httpx.Client, salon: str
    ) -> None:
        start = tomorrow_at(10)
        washed = book(visitor, salon, start, "wash")
        refused(visitor.post(f"{salon}/book", json=a_wish(start, "wash")), 409, "BOOKING_CONFLICT")
        visitor.post(f"{address_of(salon, washed)}/cancellation")
        assert "basin" in book(visitor, salon, start, "wash")["resources"]

    def test_a_second_cancellation_is_answered_like_the_first(
        self, visitor: httpx.Client, salon: str
    ) -> None:
        address = address_of(salon, book(visitor, salon, tomorrow_at(10), "wash"))
        first, again = (visitor.post(f"{address}/cancellation").json() for _ in range(2))
        assert first == again == visitor.get(address).json()

    def test_what_stands_at_another_location_is_of_no_use(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(
            a_business(
                location=[MITTE, TOKYO],
                staff=[works_at("ada", mitte=ALWAYS, tokyo=ALWAYS)],
                resource=[{"key": "c1", "name": "Chair", "kind": "chair", "location": "tokyo"}],
                service=[a_service(needs=["chair"])],
            )
        )
        day = tomorrow_at(12).date()
        assert starts(asked(visitor, api, day, day, location="mitte")) == []
        wish = a_wish(tomorrow_at(10), location="mitte")
        refused(visitor.post(f"{api}/book", json=wish), 422, "NOT_OFFERED")
        assert book(visitor, api, tomorrow_at(10), location="tokyo")["resources"] == ["c1"]

    def test_a_room_is_taken_with_the_buffers(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(
            a_business(
                staff=[a_staff_member("ada"), a_staff_member("bela")],
                resource=[{"key": "r1", "name": "Room", "kind": "room"}],
                service=[a_service(needs=["room"], buffer_after_min=15)],
            )
        )
        book(visitor, api, tomorrow_at(10), staff="ada")
        early, free = tomorrow_at(10, 30), tomorrow_at(10, 45)
        wish = a_wish(early, staff="bela")
        refused(visitor.post(f"{api}/book", json=wish), 409, "BOOKING_CONFLICT")
        book(visitor, api, free, staff="bela")


class TestPhases:
    PHASES = [  # noqa: RUF012
        {"duration_min": 30},
        {"duration_min": 45, "staff": False},
        {"duration_min": 15},
    ]

    def test_the_gap_is_sold_to_others(self, visitor: httpx.Client, serve_business: Serve) -> None:
        api = serve_business(
            a_business(
                service=[a_service("colour", duration_min=90, phases=self.PHASES), a_service()]
            )
        )
        start = tomorrow_at(10)
        booked = book(visitor, api, start, "colour")
        assert datetime.fromisoformat(booked["end"]) == start + timedelta(minutes=90)
        day = start.astimezone(BERLIN_ZONE).date()
        around = [
            found
            for found in starts(asked(visitor, api, day, day))
            if start - timedelta(minutes=30) <= found < start + timedelta(minutes=90)
        ]
        minutes = [round((found - start) / timedelta(minutes=1)) for found in around]
        assert minutes == [-30, 30, 45]
        book(visitor, api, start + timedelta(minutes=45))
        for taken_min in (15, 30, 60, 75):
            wish = a_wish(start + timedelta(minutes=taken_min))
            refused(visitor.post(f"{api}/book", json=wish), 409, "BOOKING_CONFLICT")

    def test_it_must_be_open_in_the_gap_too(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        week = {name: ["09:00-09:45", "10:00-12:00"] for name in ALWAYS}
        api = serve_business(
            a_business(
                staff=[a_staff_member("ada", hours=week)],
                service=[a_service("colour", duration_min=90, phases=self.PHASES)],
            )
        )
        day = tomorrow_at(12).date()
        found = starts(asked(visitor, api, day, day, service="colour"))
        assert [f"{start:%H:%M}" for start in found] == ["10:00", "10:15", "10:30"]

    def test_the_chair_is_taken_in_the_gap_too(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(
            a_business(
                resource=[{"key": "c1", "name": "Chair", "kind": "chair"}],
                service=[
                    a_service("colour", duration_min=90, phases=self.PHASES, needs=["chair"]),
                    a_service("cut", needs=["chair"]),
                    a_service("talk"),
                ],
            )
        )
        start = tomorrow_at(10)
        book(visitor, api, start, "colour")
        gap = start + timedelta(minutes=30)
        refused(visitor.post(f"{api}/book", json=a_wish(gap)), 409, "BOOKING_CONFLICT")
        book(visitor, api, gap, "talk")


def test_time_off_goes_by_the_clock_of_the_business(
    visitor: httpx.Client, serve_business: Serve
) -> None:
    day = tomorrow_at(12).date()
    away = [{"from": f"{day}T00:00", "to": f"{day + timedelta(1)}T00:00"}]
    api = serve_business(a_business(location=[TOKYO], staff=[a_staff_member("ada", time_off=away)]))
    gone = datetime(day.year, day.month, day.day, tzinfo=BERLIN_ZONE)
    found = starts(asked(visitor, api, day - timedelta(1), day + timedelta(2), tz="UTC"))
    assert all(
        start.astimezone(UTC) + timedelta(minutes=30) <= gone
        or start >= gone.astimezone(UTC) + timedelta(1)
        for start in found
    )
    assert gone - timedelta(minutes=30) in found
    assert gone + timedelta(1) in found
