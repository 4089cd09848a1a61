"""The next visit of a client, from the page of one."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bookonce.accounts.roles import Post, Right
from bookonce.desk.rebook import weeks_between
from bookonce.platform.actor import Role
from tests.factories import tomorrow_at
from tests.office.cast import Cast
from tests.running import RunningServer

TEN = tomorrow_at(10)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    cast.alice.sign_in()
    cast.bob.sign_in()
    yield cast
    cast.close()


def book(cast: Cast, weeks: int = 0, client: object = "new") -> dict[str, object]:
    answer = cast.alice.browser.post(
        f"/api/v1/{cast.slug}/office/appointments",
        json={
            "service": "cut",
            "start": (TEN + timedelta(weeks=weeks)).isoformat(),
            "staff": "ada",
            "client": {"name": "Zoe"} if client == "new" else client,
        },
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


def link(cast: Cast, appointment: object) -> str:
    page = cast.alice.get(f"/office/{cast.slug}/appointments/{appointment}").text
    found = re.search(r'href="([^"]*appointments/new[^"]*)"[^>]*>Again in (\d+) week', page)
    assert found, page
    return html.unescape(found[1])


def test_it_works(cast: Cast) -> None:
    first = book(cast)
    client = first["client"]
    assert isinstance(client, dict)
    second = book(cast, 6, {"id": client["id"]})
    there = link(cast, second["id"])
    day = (TEN + timedelta(weeks=12)).astimezone(BERLIN)
    assert f"date={day.date()}" in there
    form = cast.alice.get(there).text
    assert f'value="{client["id"]}" checked' in form
    assert 'value="ada" selected' in form
    key = re.search(r'name="key" value="([^"]+)"', form)
    assert key
    answer = cast.alice.post(
        f"/office/{cast.slug}/appointments/new",
        key=key[1],
        client_id=client["id"],
        service="cut",
        staff="ada",
        date=str(day.date()),
        time=f"{TEN.astimezone(BERLIN):%H:%M}",
    )
    assert answer.status_code == 303, answer.text


def test_a_client_of_another_business_is_none(cast: Cast) -> None:
    cast.charlie.sign_in()
    first = book(cast)
    client = first["client"]
    assert isinstance(client, dict)
    page = cast.charlie.get(
        f"/office/{cast.other_slug}/appointments/new?client_id={client['id']}"
    ).text
    assert "Zoe" not in page
    assert cast.alice.get(f"/office/{cast.slug}/appointments/new?client_id=x").status_code == 200


def test_a_walk_in_stays_one(cast: Cast) -> None:
    assert "walk_in=1" in link(cast, book(cast, client=None)["id"])


def test_whoever_may_not_book_has_no_link(cast: Cast) -> None:
    appointment = book(cast)["id"]
    cast.give_post(cast.bob, Post.of(Role.STAFF, "ben", [Right.BOOK, Right.SEE_ALL_CALENDARS]))
    cast.bob.sign_in()
    page = cast.bob.get(f"/office/{cast.slug}/appointments/{appointment}").text
    assert "Again in" not in page


@pytest.mark.parametrize(
    ("days", "weeks"),
    [
        ([], 4),
        ([0], 4),
        ([0, 1, 2], 4),
        ([0, 42], 6),
        ([0, 28, 56, 156], 4),
        ([0, 1, 42, 43], 6),
        ([0, 4], 1),
        ([0, 3000], 52),
    ],
)
def test_the_usual_interval(days: list[int], weeks: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert weeks_between([start + timedelta(days=day) for day in reversed(days)]) == weeks
