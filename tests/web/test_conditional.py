"""A repeated look costs no transfer, and never shows a taken slot as free."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import httpx

from bookonce.business.document import Business
from tests.factories import a_business

Serve = Callable[[Business], str]


def look(api: str) -> tuple[str, dict[str, Any]]:
    day = date.today() + timedelta(days=3)
    return f"{api}/availability", {"service": "cut", "from": str(day), "to": str(day)}


async def test_the_same_look_again_is_not_sent_again(
    http: httpx.AsyncClient, serve_business: Serve
) -> None:
    path, query = look(serve_business(a_business()))
    first = await http.get(path, params=query)
    again = await http.get(path, params=query, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


async def test_a_browser_must_ask_before_it_uses_what_it_kept(
    http: httpx.AsyncClient, serve_business: Serve
) -> None:
    path, query = look(serve_business(a_business()))
    assert (await http.get(path, params=query)).headers["cache-control"] == "no-cache"


async def test_after_a_booking_the_old_look_is_no_longer_confirmed(
    http: httpx.AsyncClient, serve_business: Serve
) -> None:
    api = serve_business(a_business())
    path, query = look(api)
    first = await http.get(path, params=query)
    start = first.json()["days"][0]["slots"][8]["start"]
    client = {"name": "Zoe", "email": "zoe@example.com"}
    booked = await http.post(
        f"{api}/book", json={"service": "cut", "start": start, "client": client}
    )
    assert booked.status_code == 201

    again = await http.get(path, params=query, headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 200
    assert start not in [slot["start"] for slot in again.json()["days"][0]["slots"]]


async def test_lists_weak_tags_and_any_are_understood(
    http: httpx.AsyncClient, serve_business: Serve
) -> None:
    api = serve_business(a_business())
    tag = (await http.get(f"{api}/services")).headers["etag"]
    for condition, status in (
        (f'"other", {tag}', 304),
        (f"W/{tag}", 304),
        ("*", 304),
        ('"other"', 200),
    ):
        answer = await http.get(f"{api}/services", headers={"If-None-Match": condition})
        assert answer.status_code == status, condition


async def test_errors_and_appointments_are_never_kept(
    http: httpx.AsyncClient, serve_business: Serve
) -> None:
    api = serve_business(a_business())
    missing = await http.get(f"{api}/appointments/{'x' * 43}", headers={"If-None-Match": "*"})
    assert missing.status_code == 404
    assert missing.headers["cache-control"] == "no-store"
    assert "etag" not in missing.headers
    unknown = await http.get(f"{api}/staff", params={"service": "nothing"})
    assert (unknown.status_code, unknown.headers["cache-control"]) == (404, "no-store")


async def test_head_is_the_answer_without_its_body(
    http: httpx.AsyncClient, serve_business: Serve
) -> None:
    api = serve_business(a_business())
    whole, head = await http.get(f"{api}/services"), await http.head(f"{api}/services")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == whole.headers["etag"]
    assert (await http.head(f"{api}/nothing")).status_code == 404
    assert (await http.head("/readyz")).status_code == 200
