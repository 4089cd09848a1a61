"""When a place is open, by what its business says or by who works there."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from bookonce.business.directory import Directory
from bookonce.business.opening import Opening, State
from tests.factories import a_business, a_staff_member

MONDAY = date(2026, 11, 30)
MORNING, AFTERNOON, NIGHT = ["09:00-12:00"], ["11:00-18:00"], ["20:00-02:00"]


def opening(staff: list[dict[str, Any]], location: dict[str, Any] | None = None) -> Opening:
    listed = [{"key": "main", "name": "Main", **location}] if location else []
    business = a_business(staff=staff, location=listed)
    directory = Directory(
        business_id=UUID(int=1),
        version=1,
        secret=UUID(int=8),
        business=business,
        location_ids={"main": UUID(int=2)},
        resource_ids={},
        staff_ids={each.key: UUID(int=3) for each in business.staff},
        service_ids={service.key: UUID(int=9) for service in business.service},
    )
    return Opening.of(directory.places["main"])


def ada(**hours: Any) -> dict[str, Any]:
    return a_staff_member("ada", **({"hours": {"mon": MORNING}} | hours))


def test_it_is_open_whenever_somebody_works() -> None:
    bob = a_staff_member("bob", hours={"mon": AFTERNOON})
    assert opening([ada(), bob]).on(MONDAY) == ((540, 1080),)


def test_a_break_of_all_is_a_break() -> None:
    found = opening([ada(hours={"mon": ["09:00-12:00", "13:00-17:00"]})])
    assert found.on(MONDAY) == ((540, 720), (780, 1020))


def test_a_location_s_hours_are_what_is_told() -> None:
    found = opening([ada()], {"hours": {"mon": ["08:00-20:00"]}})
    assert found.on(MONDAY) == ((480, 1200),)


def test_dates_of_a_location_without_hours_close_it() -> None:
    found = opening([ada()], {"dates": [{"date": MONDAY, "hours": []}]})
    assert found.on(MONDAY) == ()
    assert found.usually()[0] == ((540, 720),)


def test_days_that_are_not_as_usual_are_found() -> None:
    dates = [{"date": MONDAY, "hours": []}, {"date": date(2026, 12, 1), "hours": MORNING}]
    found = opening([ada(dates=dates)])
    assert found.unusual(MONDAY) == [(MONDAY, ()), (date(2026, 12, 1), ((540, 720),))]


def test_other_hours_on_an_open_day_are_told_by_that_day_only() -> None:
    found = opening([ada(dates=[{"date": MONDAY, "hours": AFTERNOON}])])
    assert found.unusual(MONDAY) == []
    assert found.on(MONDAY) == ((660, 1080),)


@pytest.mark.parametrize(
    "hours, now, expected",
    [
        (MORNING, "2026-11-30T09:00", State(True, datetime(2026, 11, 30, 12))),
        (MORNING, "2026-11-30T11:59", State(True, datetime(2026, 11, 30, 12))),
        (MORNING, "2026-11-30T12:00", State(False, datetime(2026, 12, 7, 9))),
        (MORNING, "2026-11-30T08:00", State(False, datetime(2026, 11, 30, 9))),
        (MORNING, "2026-11-29T23:00", State(False, datetime(2026, 11, 30, 9))),
        (NIGHT, "2026-12-01T01:59", State(True, datetime(2026, 12, 1, 2))),
        (NIGHT, "2026-12-01T02:00", State(False, datetime(2026, 12, 7, 20))),
    ],
)
def test_it_says_whether_it_is_open_and_until_when(
    hours: list[str], now: str, expected: State
) -> None:
    assert opening([ada(hours={"mon": hours})]).now(datetime.fromisoformat(now)) == expected


def test_a_place_where_nobody_works_says_nothing() -> None:
    assert opening([ada(hours={})]).now(datetime(2026, 11, 30, 9)) == State(False, None)
