"""Forms act only when our own pages send them, and each books once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.factories import a_business, a_staff_member, tomorrow_at
from tests.running import RunningServer
from tests.web.ledger import Ledger
from tests.web.surfing import ENGLISH, ZOE, Surfer, slug_of, to_the_form
from tests.web.visitors import book, token_of

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://shop.book.example.com"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "anything"},
    {"Sec-Fetch-Site": ""},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "https://127.0.0.1.evil.example"},
    {"Origin": "javascript://127.0.0.1"},
]
OURS: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    # As a browser has it whose page has no-referrer.
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
]


@pytest.fixture(scope="module")
def salon(new_database: Callable[[], str], scratch: Path) -> Iterator[tuple[Surfer, str, str]]:
    """A visitor of a server with two workers, a salon's path, and the database."""
    settings = {"BOOKONCE_WORKERS": "2"}
    with RunningServer(new_database(), scratch / "elsewhere", environment=settings) as server:
        business = a_business(staff=[a_staff_member(f"ada{n}") for n in range(30)])
        server.apply(business)
        assert server.database_url is not None
        with httpx.Client(base_url=server.base_url, timeout=30) as client:
            yield Surfer(client), f"/api/v1/{business.business.slug}", server.database_url


def appointments(url: str) -> int:
    with Ledger(url) as ledger:
        return ledger.contents()["appointment"][0]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_site_books_nothing(
    salon: tuple[Surfer, str, str], headers: dict[str, str]
) -> None:
    surfer, api, url = salon
    page, before = to_the_form(surfer, api), appointments(url)
    answer = surfer.client.post(page.action, data=page.fields | ZOE, headers=ENGLISH | headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert appointments(url) == before
    api_answer = surfer.client.post(page.action, data=page.fields | ZOE, headers=headers)
    assert api_answer.json()["code"] == "FORBIDDEN"


@pytest.mark.parametrize("form", ["cancel", "move", "payment"])
def test_nor_does_it_change_what_is_booked(salon: tuple[Surfer, str, str], form: str) -> None:
    surfer, api, _ = salon
    booked = book(surfer.client, api, tomorrow_at(20))
    address = f"/{slug_of(api)}/a/{token_of(booked)}/{form}"
    data = {"start": tomorrow_at(21).isoformat(), "means": "received"}
    for headers in FOREIGN:
        assert surfer.client.post(address, data=data, headers=headers).status_code == 403
    found = surfer.client.get(f"{api}/appointments/{token_of(booked)}").json()
    assert (found["status"], found["start"]) == ("confirmed", booked["start"])


def test_our_own_pages_book(salon: tuple[Surfer, str, str]) -> None:
    surfer, api, _ = salon
    origins = [str(surfer.client.base_url), f"http://{surfer.client.base_url.netloc.decode()}"]
    for number, headers in enumerate([*OURS, *({"Origin": each} for each in origins)]):
        page = to_the_form(surfer, api, start=tomorrow_at(1 + number).isoformat())
        answer = surfer.client.post(page.action, data=page.fields | ZOE, headers=ENGLISH | headers)
        assert answer.status_code == 303, (headers, answer.text)


def test_a_name_that_the_browser_asked_for_is_ours_behind_any_proxy(
    salon: tuple[Surfer, str, str],
) -> None:
    surfer, api, _ = salon
    page = to_the_form(surfer, api, start=tomorrow_at(9).isoformat())
    headers = ENGLISH | {"Host": "Salon.example", "Origin": "https://salon.example"}
    answer = surfer.client.post(page.action, data=page.fields | ZOE, headers=headers)
    assert answer.status_code == 303


def test_a_stamp_is_good_for_one_booking_on_all_workers(salon: tuple[Surfer, str, str]) -> None:
    """25 bookings were made with one stamp, each with a key and an address of its own."""
    surfer, api, url = salon
    page, before = to_the_form(surfer, api, start=tomorrow_at(12).isoformat()), appointments(url)

    def send(number: int) -> int:
        fields: dict[str, Any] = page.fields | {
            "name": f"Zoe {number}", "email": f"zoe{number}@example.com", "key": f"key-{number}",
            "start": (tomorrow_at(12) + timedelta(minutes=30 * (number % 2))).isoformat(),
        }  # fmt: skip
        address = f"{surfer.client.base_url}{page.action}"
        return httpx.post(address, data=fields, headers=ENGLISH, timeout=30).status_code

    with ThreadPoolExecutor(8) as senders:
        codes = list(senders.map(send, range(25)))
    assert set(codes) == {422}
    assert appointments(url) == before


def test_a_form_is_good_for_one_booking_on_all_workers(salon: tuple[Surfer, str, str]) -> None:
    surfer, api, url = salon
    page, before = to_the_form(surfer, api, start=tomorrow_at(13).isoformat()), appointments(url)

    def send(number: int) -> int:
        fields = page.fields | {"name": f"Zoe {number}", "email": f"zoe{number}@example.com"}
        address = f"{surfer.client.base_url}{page.action}"
        return httpx.post(address, data=fields, headers=ENGLISH, timeout=30).status_code

    with ThreadPoolExecutor(8) as senders:
        codes = list(senders.map(send, range(25)))
    assert sorted(codes) == [303] + [409] * 24
    assert appointments(url) == before + 1


def test_whoever_loses_a_race_books_with_the_form_that_is_shown_then(
    salon: tuple[Surfer, str, str],
) -> None:
    surfer, api, _ = salon
    start = tomorrow_at(15)
    page = to_the_form(surfer, api, staff="ada1", start=start.isoformat())
    rival = {"name": "Eve", "email": "eve@example.com"}
    book(surfer.client, api, start, staff="ada1", client=rival)
    lost = surfer.send(page, **ZOE)
    assert lost.answer.status_code == 409
    assert lost.fields["key"] != page.fields["key"]
    done = surfer.send(lost, start=lost.others[0])
    assert done.answer.status_code == 200
    assert "/a/" in str(done.answer.url)
