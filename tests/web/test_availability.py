"""Which starts are on offer, as a visitor is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import NINE_TO_FIVE, a_business, a_service, a_staff_member, tomorrow_at
from tests.web.clocks import next_clock_change
from tests.web.visitors import a_wish, address_of, book, fields, refused

Serve = Callable[[Business], str]

BERLIN = ZoneInfo("Europe/Berlin")
HALF_PAST_TWO = "02:30:00"


def asked(visitor: httpx.Client, api: str, first: date | str, last: date | str, **more: str) -> Any:
    """The answer for "cut", or another service, on some dates."""
    parameters = {"service": "cut", "from": str(first), "to": str(last)} | more
    return visitor.get(f"{api}/availability", params=parameters)


def slots(visitor: httpx.Client, api: str, first: date, last: date, **more: str) -> list[Any]:
    """Every slot of an answer that has to be a good one."""
    answer = asked(visitor, api, first, last, **more)
    assert answer.status_code == 200, answer.text
    return [slot for day in answer.json()["days"] for slot in day["slots"]]


def test_it_works(visitor: httpx.Client, serve_business: Serve) -> None:
    day = tomorrow_at(12).date()
    api = serve_business(a_business(staff=[a_staff_member("ada", hours=NINE_TO_FIVE)]))
    answer = asked(visitor, api, day, day, service="cut")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    opened = datetime(day.year, day.month, day.day, 9, tzinfo=BERLIN)
    starts = [opened + timedelta(minutes=15 * step) for step in range(31)]  # the last at 16:30
    assert answer.json() == {
        "timezone": "Europe/Berlin",
        "days": [
            {"date": day.isoformat(), "slots": [{"start": start.isoformat()} for start in starts]}
        ],
    }


def test_every_date_asked_for_is_listed_closed_ones_too(
    visitor: httpx.Client, serve_business: Serve
) -> None:
    monday = tomorrow_at(12).date()
    monday += timedelta(-monday.weekday() % 7)
    api = serve_business(a_business(staff=[a_staff_member("ada", hours={"mon": ["09:00-10:00"]})]))
    days = asked(visitor, api, monday, monday + timedelta(7)).json()["days"]
    assert [day["date"] for day in days] == [
        (monday + timedelta(number)).isoformat() for number in range(8)
    ]
    assert [len(day["slots"]) for day in days] == [3, 0, 0, 0, 0, 0, 0, 3]


def test_what_is_listed_can_be_booked_and_is_then_gone(
    visitor: httpx.Client, serve_business: Serve
) -> None:
    day = tomorrow_at(12).date()
    api = serve_business(a_business(staff=[a_staff_member("ada", hours=NINE_TO_FIVE)]))
    before = [slot["start"] for slot in slots(visitor, api, day, day)]
    for start in (before[0], before[-1]):
        book(visitor, api, start)
    after = [slot["start"] for slot in slots(visitor, api, day, day)]
    # A visit of half an hour takes the start a quarter of an hour from its own with it.
    assert after == before[2:-2]


def test_a_cancelled_time_is_on_offer_again(visitor: httpx.Client, serve_business: Serve) -> None:
    start = tomorrow_at(10)
    api = serve_business(a_business())
    before = slots(visitor, api, start.date(), start.date())
    appointment = book(visitor, api, start)
    assert slots(visitor, api, start.date(), start.date()) != before
    visitor.post(f"{address_of(api, appointment)}/cancellation")
    assert slots(visitor, api, start.date(), start.date()) == before


def test_nothing_is_offered_sooner_than_the_notice_or_later_than_the_horizon(
    visitor: httpx.Client, serve_business: Serve
) -> None:
    api = serve_business(a_business(policy={"notice_min": 600, "horizon_days": 3}))
    before = datetime.now(UTC)
    today = before.astimezone(BERLIN).date()
    found = slots(visitor, api, today, today + timedelta(5))
    after = datetime.now(UTC)
    starts = [datetime.fromisoformat(slot["start"]) for slot in found]
    step = timedelta(minutes=15)
    earliest, latest = timedelta(minutes=600), timedelta(days=3)
    assert before + earliest <= starts[0] <= after + earliest + step
    assert before + latest - step <= starts[-1] <= after + latest


class TestStaff:
    @pytest.fixture
    def api(self, serve_business: Serve) -> str:
        """Ada and Bela cut, only Bela dyes; Ada comes at nine, Bela at ten, both for an hour."""
        weekdays = list(NINE_TO_FIVE)
        return serve_business(
            a_business(
                policy={"slot_step_min": 30},
                staff=[
                    a_staff_member("ada", hours={key: ["09:00-10:30"] for key in weekdays}),
                    a_staff_member("bela", hours={key: ["10:00-11:00"] for key in weekdays}),
                ],
                service=[a_service("cut"), a_service("dye", staff=["bela"])],
            )
        )

    @staticmethod
    def clock(found: list[Any]) -> list[str]:
        return [slot["start"][11:16] for slot in found]

    def test_nobody_named_means_anyone_who_is_free(self, visitor: httpx.Client, api: str) -> None:
        day = tomorrow_at(12).date()
        expected = ["09:00", "09:30", "10:00", "10:30"]
        assert self.clock(slots(visitor, api, day, day)) == expected
        assert self.clock(slots(visitor, api, day, day, staff="any")) == expected

    def test_a_named_person_has_their_own_times(self, visitor: httpx.Client, api: str) -> None:
        day = tomorrow_at(12).date()
        found = slots(visitor, api, day, day, staff="bela")
        assert self.clock(found) == ["10:00", "10:30"]

    def test_a_person_who_does_not_perform_the_service_has_no_times(
        self, visitor: httpx.Client, api: str
    ) -> None:
        day = tomorrow_at(12).date()
        assert slots(visitor, api, day, day, service="dye", staff="ada") == []

    def test_include_staff_tells_who_is_free_at_each_start(
        self, visitor: httpx.Client, api: str
    ) -> None:
        day = tomorrow_at(12).date()
        found = slots(visitor, api, day, day, include="staff")
        assert [slot["staff"] for slot in found] == [["ada"], ["ada"], ["ada", "bela"], ["bela"]]

    def test_whoever_is_taken_is_no_longer_included(self, visitor: httpx.Client, api: str) -> None:
        day = tomorrow_at(12).date()
        at_ten = slots(visitor, api, day, day)[2]["start"]
        book(visitor, api, at_ten, staff="ada")
        found = slots(visitor, api, day, day, include="staff")
        assert [slot["staff"] for slot in found] == [["ada"], ["ada"], ["bela"], ["bela"]]

    def test_without_include_nobody_is_named(self, visitor: httpx.Client, api: str) -> None:
        day = tomorrow_at(12).date()
        assert all(set(slot) == {"start"} for slot in slots(visitor, api, day, day))

    def test_including_anything_else_is_refused(self, visitor: httpx.Client, api: str) -> None:
        day = tomorrow_at(12).date()
        answer = asked(visitor, api, day, day, include="clients")
        assert fields(refused(answer, 422, "VALIDATION")) == {"include"}

    def test_an_unknown_person_is_not_found(self, visitor: httpx.Client, api: str) -> None:
        day = tomorrow_at(12).date()
        refused(asked(visitor, api, day, day, staff="zoe"), 404, "NOT_FOUND")


class TestClockChanges:
    @pytest.fixture
    def api(self, serve_business: Serve) -> str:
        return serve_business(a_business(policy={"horizon_days": 500}))

    @pytest.mark.parametrize("forward", [True, False], ids=["spring", "autumn"])
    def test_every_start_of_the_week_has_the_offset_of_its_instant(
        self, visitor: httpx.Client, api: str, forward: bool
    ) -> None:
        change = next_clock_change(BERLIN, forward=forward)
        answer = asked(visitor, api, change - timedelta(3), change + timedelta(3)).json()
        offsets = []
        for day in answer["days"]:
            for slot in day["slots"]:
                start = datetime.fromisoformat(slot["start"])
                assert start.isoformat() == start.astimezone(BERLIN).isoformat()
                assert start.date().isoformat() == day["date"]
                offsets.append(start.utcoffset() or timedelta(0))
        winter, summer = timedelta(hours=1), timedelta(hours=2)
        assert {offsets[0], offsets[-1]} == {winter, summer}
        assert offsets == sorted(offsets, reverse=not forward)

    def test_a_day_with_a_skipped_hour_has_an_hour_less(
        self, visitor: httpx.Client, api: str
    ) -> None:
        change = next_clock_change(BERLIN, forward=True)
        found = slots(visitor, api, change, change)
        assert len(found) == 23 * 4
        assert not [slot for slot in found if slot["start"][11:13] == "02"]

    def test_in_a_repeated_hour_both_passes_are_offered(
        self, visitor: httpx.Client, api: str
    ) -> None:
        change = next_clock_change(BERLIN, forward=False)
        found = slots(visitor, api, change, change)
        assert len(found) == 25 * 4
        twice = [slot["start"][19:] for slot in found if slot["start"][11:19] == HALF_PAST_TWO]
        assert twice == ["+02:00", "+01:00"]

    def test_either_pass_can_be_booked(self, visitor: httpx.Client, api: str) -> None:
        change = next_clock_change(BERLIN, forward=False)
        for offset in ("+02:00", "+01:00"):
            start = f"{change}T{HALF_PAST_TWO}{offset}"
            assert book(visitor, api, start)["start"] == start

    def test_a_skipped_time_named_by_the_offset_before_is_the_instant_it_stands_for(
        self, visitor: httpx.Client, api: str
    ) -> None:
        change = next_clock_change(BERLIN, forward=True)
        booked = book(visitor, api, f"{change}T{HALF_PAST_TWO}+01:00")
        assert booked["start"] == f"{change}T03:30:00+02:00"


class TestDates:
    @pytest.fixture
    def api(self, serve_business: Serve) -> str:
        return serve_business(a_business())

    def test_sixty_two_days_are_answered(self, visitor: httpx.Client, api: str) -> None:
        first = tomorrow_at(12).date()
        answer = asked(visitor, api, first, first + timedelta(61))
        assert len(answer.json()["days"]) == 62

    def test_a_day_more_is_refused(self, visitor: httpx.Client, api: str) -> None:
        first = tomorrow_at(12).date()
        answer = asked(visitor, api, first, first + timedelta(62))
        assert fields(refused(answer, 422, "VALIDATION")) == {"to"}

    def test_an_end_before_the_beginning_is_refused(self, visitor: httpx.Client, api: str) -> None:
        answer = asked(visitor, api, "2026-12-02", "2026-12-01")
        assert fields(refused(answer, 422, "VALIDATION")) == {"to"}

    @pytest.mark.parametrize(
        "text",
        [
            "2026-02-30",
            "2026-13-01",
            "0000-01-01",
            "10000-01-01",
            "-1",
            "1764547200",
            "20261201",
            "2026-W49-1",
            "tomorrow",
            "",
            "2026-12-01T00:00:00Z",
            "2026-12-01\x00",
            "²026-12-01",
        ],
    )
    def test_a_date_that_does_not_exist_is_refused_by_name(
        self, visitor: httpx.Client, api: str, text: str
    ) -> None:
        answer = asked(visitor, api, text, "2026-12-31")
        assert fields(refused(answer, 422, "VALIDATION")) == {"from"}
        answer = asked(visitor, api, "2026-12-01", text)
        assert fields(refused(answer, 422, "VALIDATION")) == {"to"}

    @pytest.mark.parametrize("missing", ["service", "from", "to"])
    def test_a_missing_parameter_is_named(
        self, visitor: httpx.Client, api: str, missing: str
    ) -> None:
        parameters = {"service": "cut", "from": "2026-12-01", "to": "2026-12-01"}
        del parameters[missing]
        answer = visitor.get(f"{api}/availability", params=parameters)
        assert fields(refused(answer, 422, "VALIDATION")) == {missing}

    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin"])
    @pytest.mark.parametrize(
        "first, last",
        [("0001-01-01", "0001-03-03"), ("9999-10-31", "9999-12-31"), ("9999-12-31", "9999-12-31")],
    )
    def test_the_ends_of_the_calendar_are_closed_days(
        self, visitor: httpx.Client, serve_business: Serve, zone: str, first: str, last: str
    ) -> None:
        api = serve_business(a_business(timezone=zone))
        answer = asked(visitor, api, first, last)
        assert answer.status_code == 200
        days = answer.json()["days"]
        assert (days[0]["date"], days[-1]["date"]) == (first, last)
        assert not any(day["slots"] for day in days)

    def test_the_past_is_empty(self, visitor: httpx.Client, api: str) -> None:
        today = datetime.now(BERLIN).date()
        assert slots(visitor, api, today - timedelta(60), today - timedelta(1)) == []


class TestUnknown:
    def test_a_business_is_not_found(self, visitor: httpx.Client) -> None:
        answer = asked(visitor, "/api/v1/nobody", "2026-12-01", "2026-12-01")
        refused(answer, 404, "NOT_FOUND")

    @pytest.mark.parametrize("service", ["perm", "", "\0", "cut\0", "CUT", "cut ", "' OR 1=1 --"])
    def test_a_service_is_not_found(
        self, visitor: httpx.Client, serve_business: Serve, service: str
    ) -> None:
        api = serve_business(a_business())
        answer = asked(visitor, api, "2026-12-01", "2026-12-01", service=service)
        refused(answer, 404, "NOT_FOUND")

    @pytest.mark.parametrize(
        "slug", ["lum%00en", "%ff%fe", "%", "%zz", "%2e%2e", "a%2fb", "%F0%9F"]
    )
    def test_garbage_in_the_address_is_not_found(self, visitor: httpx.Client, slug: str) -> None:
        answer = visitor.get(
            f"/api/v1/{slug}/availability?service=cut&from=2026-12-01&to=2026-12-01"
        )
        refused(answer, 404, "NOT_FOUND")

    @pytest.mark.parametrize("garbage", ["%ff", "%00", "%", "%zz", "%ed%a0%80"])
    def test_garbage_in_the_query_is_not_found(
        self, visitor: httpx.Client, serve_business: Serve, garbage: str
    ) -> None:
        api = serve_business(a_business())
        dates = "from=2026-12-01&to=2026-12-01"
        for query in (f"service={garbage}&{dates}", f"service=cut&staff={garbage}&{dates}"):
            refused(visitor.get(f"{api}/availability?{query}"), 404, "NOT_FOUND")


def test_a_start_that_was_not_listed_can_not_be_booked(
    visitor: httpx.Client, serve_business: Serve
) -> None:
    day = tomorrow_at(12).date()
    api = serve_business(a_business(staff=[a_staff_member("ada", hours=NINE_TO_FIVE)]))
    listed = {slot["start"] for slot in slots(visitor, api, day, day)}
    opened = datetime(day.year, day.month, day.day, 9, tzinfo=BERLIN)
    for minutes in (-15, 465, 480, 1, 7):
        start = (opened + timedelta(minutes=minutes)).isoformat()
        assert start not in listed
        refused(visitor.post(f"{api}/book", json=a_wish(start)), 422, "NOT_OFFERED")
