"""Instants at the ends of the calendar, wherever one can be given: refused or passed over, never a
fault.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import a_business, tomorrow_at
from tests.web.surfing import ENGLISH, ZOE, slug_of
from tests.web.visitors import a_wish, address_of, book, token_of

Serve = Callable[[Business], str]

STARTS = [
    "9999-12-31T23:59:59-12:00",
    "9999-12-31T23:59:59+14:00",
    "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00-12:00",
    "0001-01-01T00:00:00+23:59:59.999999",
    "9000-01-01T00:00:00Z",
    "1970-12-31T23:00:00Z",
]
DATES = ["0001-01-01", "9999-12-31", "9000-01-01", "1970-12-31"]
ZONES = ["Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kathmandu"]


@pytest.fixture(params=ZONES)
def api(request: pytest.FixtureRequest, serve_business: Serve) -> str:
    return serve_business(a_business(timezone=request.param))


@pytest.mark.parametrize("start", STARTS)
def test_a_start(visitor: httpx.Client, api: str, start: str) -> None:
    slug, booked = slug_of(api), book(visitor, api, tomorrow_at(10))
    own = f"/{slug}/a/{token_of(booked)}"
    there = {"service": "cut", "staff": "any", "start": start, "tz": "America/Los_Angeles"}
    move = f"{address_of(api, booked)}/move"

    def page(method: str, address: str, statuses: set[int], **more: object) -> None:
        answer = visitor.request(method, address, headers=ENGLISH, **more)  # type: ignore[arg-type]
        assert answer.status_code in statuses, f"{method} {address}: {answer.text}"
        assert answer.headers["content-type"].startswith("text/html")

    page("GET", f"/{slug}", {200}, params=there)
    page("GET", f"/{slug}", {200}, params=there | {"date": start[:10], "add": "1"})
    page("POST", f"/{slug}/book", {422}, data=there | ZOE)
    page("GET", own, {200}, params={"start": start, "moved": start})
    page("GET", f"{own}/move", {200}, params={"start": start})
    page("POST", f"{own}/move", {422}, data={"start": start})
    for key in (None, "a-key"):
        headers = {} if key is None else {"Idempotency-Key": f"{key}-{start}"}
        for address, wish in ((f"{api}/book", a_wish(start)), (move, {"start": start})):
            for _again in range(2):
                answer = visitor.post(address, json=wish, headers=headers)
                assert answer.status_code == 422, answer.text
                assert answer.json()["code"] in {"NOT_OFFERED", "VALIDATION"}
    assert visitor.get(address_of(api, booked)).json()["start"] == booked["start"]


@pytest.mark.parametrize("day", DATES)
def test_a_date(visitor: httpx.Client, api: str, day: str) -> None:
    slug, booked = slug_of(api), book(visitor, api, tomorrow_at(10))
    for address in (f"/{slug}", f"/{slug}/a/{token_of(booked)}/move"):
        for zone in ZONES:
            answer = visitor.get(
                address,
                params={"service": "cut", "staff": "any", "date": day, "tz": zone},
                headers=ENGLISH,
            )
            assert answer.status_code == 200, answer.text
    for zone in ZONES:
        answer = visitor.get(
            f"{api}/availability",
            params={"service": "cut", "from": day, "to": day, "tz": zone},
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["days"] == [{"date": day, "slots": []}]
    far = visitor.get(
        f"{api}/availability", params={"service": "cut", "from": "0001-01-01", "to": "9999-12-31"}
    )
    assert far.status_code == 422
