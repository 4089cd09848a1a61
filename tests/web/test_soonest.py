"""GET …/availability/next: the next free starts, however far ahead; and display in another zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx

from bookonce.business.document import Business
from bookonce.business.hours import WEEKDAYS
from tests.factories import a_business, a_staff_member, a_visitor

Serve = Callable[[Business], str]
CLOSED: dict[str, Any] = {day: [] for day in WEEKDAYS}


async def slots(http: httpx.AsyncClient, api: str, **query: Any) -> list[dict[str, Any]]:
    answer = await http.get(f"{api}/availability/next", params={"service": "cut"} | query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["slots"]
    return found


async def test_it_works(http: httpx.AsyncClient, serve_business: Serve) -> None:
    api = serve_business(a_business())
    found = await slots(http, api)
    starts = [datetime.fromisoformat(slot["start"]) for slot in found]
    assert len(starts) == 3
    assert datetime.now(UTC) <= starts[0] <= datetime.now(UTC) + timedelta(minutes=15)
    assert [later - sooner for sooner, later in pairwise(starts)] == [timedelta(minutes=15)] * 2


async def test_it_is_the_beginning_of_what_availability_says(
    http: httpx.AsyncClient, serve_business: Serve
) -> None:
    hours = {"mon": ["09:00-10:00"], "thu": ["14:00-15:30"]}
    api = serve_business(a_business(staff=[a_staff_member("ada", hours=hours)]))
    first = date.today()
    answer = await http.get(
        f"{api}/availability",
        params={"service": "cut", "from": str(first), "to": str(first + timedelta(days=60))},
    )
    everything = [slot for day in answer.json()["days"] for slot in day["slots"]]
    assert await slots(http, api, limit=50) == everything[:50]


async def test_a_free_time_months_ahead_is_found(
    http: httpx.AsyncClient, serve_business: Serve
) -> None:
    day = date.today() + timedelta(days=80)
    staff = a_staff_member(
        "ada", hours=CLOSED, dates=[{"date": str(day), "hours": ["10:00-11:00"]}]
    )
    api = serve_business(a_business(staff=[staff], timezone="UTC"))
    found = await slots(http, api, limit=50)
    assert [slot["start"] for slot in found] == [
        f"{day}T10:00:00Z",
        f"{day}T10:15:00Z",
        f"{day}T10:30:00Z",
    ]


async def test_nothing_within_the_horizon_is_an_empty_answer(
    http: httpx.AsyncClient, serve_business: Serve
) -> None:
    api = serve_business(a_business(staff=[a_staff_member("ada", hours=CLOSED)]))
    assert await slots(http, api) == []


async def test_a_taken_time_is_not_offered_and_the_named_person_is_kept_to(
    http: httpx.AsyncClient, serve_business: Serve
) -> None:
    api = serve_business(a_business(staff=[a_staff_member("ada"), a_staff_member("bob")]))
    (first,) = await slots(http, api, limit=1, staff="ada")
    client = {"name": a_visitor().name, "email": a_visitor().email}
    wish = {"service": "cut", "start": first["start"], "staff": "ada", "client": client}
    assert (await http.post(f"{api}/book", json=wish)).status_code == 201
    (next_of_ada,) = await slots(http, api, limit=1, staff="ada", include="staff")
    assert next_of_ada["start"] > first["start"]
    assert next_of_ada["staff"] == ["ada"]


async def test_limits_and_unknown_things_are_refused(
    http: httpx.AsyncClient, serve_business: Serve
) -> None:
    api = serve_business(a_business())
    refusals: tuple[tuple[dict[str, str | int], int], ...] = (
        ({"service": "cut", "limit": 0}, 422),
        ({"service": "cut", "limit": 51}, 422),
        ({"service": "cut", "tz": "Mars/Olympus"}, 422),
        ({"service": "cut", "tz": "../../etc/passwd"}, 422),
        ({"service": "nothing"}, 404),
        ({"service": "cut", "staff": "nobody"}, 404),
        ({}, 422),
    )
    for query, status in refusals:
        answer = await http.get(f"{api}/availability/next", params=query)
        assert answer.status_code == status, (query, answer.text)


async def test_another_zone_shows_the_same_instants_by_its_own_dates(
    http: httpx.AsyncClient, serve_business: Serve
) -> None:
    api = serve_business(a_business(timezone="Europe/Berlin"))
    day = date.today() + timedelta(days=5)
    query = {"service": "cut", "from": str(day), "to": str(day), "tz": "Asia/Kathmandu"}
    answer = (await http.get(f"{api}/availability", params=query)).json()
    assert answer["timezone"] == "Asia/Kathmandu"
    (only,) = answer["days"]
    assert only["date"] == str(day)
    starts = [slot["start"] for slot in only["slots"]]
    assert starts[0] == f"{day}T00:00:00+05:45"
    assert starts[-1] == f"{day}T23:45:00+05:45"

    around = {
        "service": "cut",
        "from": str(day - timedelta(days=1)),
        "to": str(day + timedelta(days=1)),
    }
    at_home = (await http.get(f"{api}/availability", params=around)).json()
    instants = {
        datetime.fromisoformat(slot["start"]) for one in at_home["days"] for slot in one["slots"]
    }
    assert {datetime.fromisoformat(start) for start in starts} <= instants
