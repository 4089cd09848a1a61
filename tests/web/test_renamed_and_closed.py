"""A renamed business is found at its old address; a closed one takes no bookings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from bookonce.business import versions
from bookonce.business.directories import Directories
from bookonce.business.document import Business
from bookonce.platform.actor import COMMAND_LINE
from bookonce.platform.database import Database
from tests.factories import a_business, new_slug, tomorrow_at
from tests.running import RunningServer

Serve = Callable[[Business], str]


async def rename(server: RunningServer, slug: str, new_slug: str) -> None:
    assert server.database_url is not None
    database = Database(server.database_url, connections_max=1)
    await database.open()
    business_id = (await Directories(database).current(slug)).business_id
    await versions.rename(
        database, business_id, new_slug, actor=COMMAND_LINE, now=datetime.now(UTC)
    )
    await database.close()


def a_wish(hour: int) -> dict[str, object]:
    return {
        "service": "cut",
        "start": tomorrow_at(hour).isoformat(),
        "client": {"name": "Zoe", "email": "zoe@example.com"},
    }


async def test_pages_and_api_of_the_old_address_lead_to_the_new_one(
    server: RunningServer, http: httpx.AsyncClient, serve_business: Serve
) -> None:
    old, new = new_slug(), new_slug()
    api = await asyncio.to_thread(serve_business, a_business(old))
    booked = (await http.post(f"{api}/book", json=a_wish(9))).json()
    token = booked["manage_url"].split("?")[0].rsplit("/", 1)[1]
    await rename(server, old, new)
    for path, there in (
        (f"/{old}?service=cut&lang=de", f"/{new}?service=cut&lang=de"),
        (f"/{old}/a/{token}", f"/{new}/a/{token}"),
        (f"{api}/services", f"/api/v1/{new}/services"),
        (f"{api}/availability?service=cut&from=2026-12-01&to=2026-12-02",
         f"/api/v1/{new}/availability?service=cut&from=2026-12-01&to=2026-12-02"),
    ):  # fmt: skip
        answer = await http.get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (308, there)
        assert answer.headers["cache-control"] == "no-cache"
        assert (await http.get(there)).status_code == 200
    again = await http.post(f"{api}/book", json=a_wish(12), follow_redirects=True)
    assert again.status_code == 201
    assert (await http.get(f"/{new_slug()}")).status_code == 404


async def test_capitals_lead_to_the_address_as_it_is_written(
    server: RunningServer, http: httpx.AsyncClient, serve_business: Serve
) -> None:
    slug = new_slug()
    api = await asyncio.to_thread(serve_business, a_business(slug))
    booked = (await http.post(f"{api}/book", json=a_wish(9))).json()
    token = booked["manage_url"].split("?")[0].rsplit("/", 1)[1]
    shouted = slug.upper()
    for path, there in (
        (f"/{shouted}", f"/{slug}"),
        (f"/%53{shouted[1:]}", f"/{slug}"),
        (f"/{slug.capitalize()}?service=cut&lang=de", f"/{slug}?service=cut&lang=de"),
        (f"/{shouted}/a/{token}", f"/{slug}/a/{token}"),
        (f"/{shouted}/a/{token}/move", f"/{slug}/a/{token}/move"),
        (f"/api/v1/{shouted}", f"/api/v1/{slug}"),
        (f"/api/v1/{shouted}/staff?service=cut", f"/api/v1/{slug}/staff?service=cut"),
        (f"/api/v1/{shouted}/appointments/{token}.ics", f"{api}/appointments/{token}.ics"),
    ):
        answer = await http.get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (308, there), path
        assert (await http.get(there)).status_code == 200
    again = await http.post(f"/api/v1/{shouted}/book", json=a_wish(12), follow_redirects=True)
    assert again.status_code == 201
    renamed = new_slug()
    await rename(server, slug, renamed)
    assert (await http.get(f"/{shouted}")).headers["location"] == f"/{renamed}"
    for nowhere in (new_slug().upper(), "ſalon", "\u212aeys"):
        assert (await http.get(f"/{nowhere}")).status_code == 404


@pytest.mark.parametrize("end", ["/", "/?service=cut"])
async def test_a_slash_at_the_end_leads_to_the_same_page(
    http: httpx.AsyncClient, serve_business: Serve, end: str
) -> None:
    api = await asyncio.to_thread(serve_business, a_business())
    slug = api.rpartition("/")[2]
    for address in (f"/{slug}", f"/{slug.upper()}", api, f"/api/v1/{slug.upper()}"):
        answer = await http.get(address + end, follow_redirects=True)
        assert answer.status_code == 200, address


async def test_a_closed_business_says_so_and_its_appointments_can_still_be_managed(
    server: RunningServer, http: httpx.AsyncClient, serve_business: Serve
) -> None:
    slug = new_slug()
    api = await asyncio.to_thread(serve_business, a_business(slug))
    booked = (await http.post(f"{api}/book", json=a_wish(9))).json()
    token = booked["manage_url"].split("?")[0].rsplit("/", 1)[1]
    assert "closed" not in (await http.get(api)).json()
    await asyncio.to_thread(serve_business, a_business(slug, closed=True))

    assert (await http.get(api)).json()["closed"] is True
    page = await http.get(f"/{slug}?service=cut")
    assert page.status_code == 200
    assert "We take no bookings here." in page.text
    day = f"{tomorrow_at(9):%Y-%m-%d}"
    offered = await http.get(f"{api}/availability?service=cut&from={day}&to={day}")
    assert offered.json()["days"] == [{"date": day, "slots": []}]
    assert (await http.get(f"{api}/availability/next?service=cut")).json()["slots"] == []
    refused = await http.post(f"{api}/book", json=a_wish(12))
    assert (refused.status_code, refused.json()["code"]) == (422, "NOT_OFFERED")
    assert "closed" in refused.json()["detail"]

    for path in ("", "/move", "/cancel"):
        assert (await http.get(f"/{slug}/a/{token}{path}")).status_code == 200
    moved = await http.post(
        f"{api}/appointments/{token}/move", json={"start": tomorrow_at(12).isoformat()}
    )
    assert moved.json()["code"] == "NOT_OFFERED"
    cancelled = await http.post(f"{api}/appointments/{token}/cancellation")
    assert cancelled.json()["status"] == "cancelled"
