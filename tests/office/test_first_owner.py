"""An empty installation: the first account, by the link that the server prints, and no second one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.office.cast import PASSWORD
from tests.running import RunningServer

FIRST = {"name": "Alice", "email": "Alice@Example.com", "password": PASSWORD}


@pytest.fixture
def empty(new_database: Callable[[], str], scratch: Path) -> Iterator[RunningServer]:
    """A server on an installation with nothing in it."""
    url = new_database()
    with RunningServer(url, scratch / f"first-{url.rpartition('/')[2]}") as server:
        yield server


def link(server: RunningServer) -> str:
    """The link that it prints, once it has."""
    with httpx.Client(base_url=server.base_url) as client:
        while not (found := re.search(r"/office/invitation/[\w-]{43}", server.log())):
            client.get("/healthz")
        return found[0]


def browser(server: RunningServer) -> httpx.Client:
    return httpx.Client(
        base_url=server.base_url, headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    )


def test_the_first_account_is_made_once(empty: RunningServer) -> None:
    address = link(empty)
    with browser(empty) as alice, browser(empty) as other:
        assert "first one" in alice.get(address).text
        refused = alice.post(address, data=FIRST | {"email": "no address"})
        assert refused.status_code == 422
        with ThreadPoolExecutor(2) as racing:
            answers = list(racing.map(lambda one: one.post(address, data=FIRST), (alice, other)))
        assert sorted(each.status_code for each in answers) == [303, 404]
        assert alice.get(address).status_code == 404
        inside = next(one for one in (alice, other) if one.cookies)
        assert inside.get("/office").headers["location"] == "/office/account/open"
        assert 'value="Alice"' in inside.get("/office/account/open").text
