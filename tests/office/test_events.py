"""What happened, as programs follow it: in order, each once, none skipped; and as people read it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from bookonce.accounts.roles import Post, Right
from bookonce.business.directories import Directories
from bookonce.events import catalogue, event_rows, feed_rows
from bookonce.events.catalogue import KINDS, NoFacts
from bookonce.platform.actor import SYSTEM, Role
from bookonce.platform.database import Database
from bookonce.platform.ids import new_id
from bookonce.platform.languages import language
from bookonce.web.office.changes.words import UNTOLD, what
from tests.factories import a_business, now, tomorrow_at
from tests.office.cast import Cast
from tests.running import RunningServer

TEN = tomorrow_at(10)


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    for person in (cast.alice, cast.bob, cast.charlie):
        person.sign_in()
    yield cast
    cast.close()


def book(cast: Cast, hours: int = 0, name: str = "Zoe") -> str:
    answer = cast.alice.browser.post(
        f"/api/v1/{cast.slug}/office/appointments",
        json={
            "service": "cut",
            "start": (TEN + timedelta(hours=hours)).isoformat(),
            "staff": "ada",
            "client": {"name": name},
        },
    )
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def events(cast: Cast, **query: Any) -> dict[str, Any]:
    answer = cast.alice.browser.get(f"/api/v1/{cast.slug}/office/events", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


class TestPrograms:
    def test_it_works(self, cast: Cast) -> None:
        appointment = book(cast)
        found = events(cast)
        kinds = [one["kind"] for one in found["items"]]
        assert kinds[0] == "business.changed"
        booked = found["items"][kinds.index("appointment.booked")]
        assert booked["appointment"] == appointment
        assert booked["actor"] == {"kind": "account", "name": "Alice", "role": "owner"}
        assert booked["data"]["parts"][0]["staff"] == "ada"
        assert "Zoe" not in str(found)
        assert events(cast, after=found["cursor"])["items"] == []

    def test_page_by_page_each_once(self, cast: Cast) -> None:
        for hours in range(3):
            book(cast, hours)
        whole = [one["id"] for one in events(cast, limit=200)["items"]]
        seen, cursor = [], None
        while True:
            page = events(cast, limit=2, **({"after": cursor} if cursor else {}))
            seen += [one["id"] for one in page["items"]]
            cursor = page["cursor"]
            if not page["has_more"]:
                break
        assert seen == whole
        book(cast, 4)
        (new,) = events(cast, after=cursor)["items"]
        assert new["kind"] == "appointment.booked"

    @pytest.mark.parametrize("after", ["x", "-1", "1.5", "٣", "9" * 19, "9" * 40, ""])
    def test_what_is_no_cursor_is_named(self, cast: Cast, after: str) -> None:
        path = f"/api/v1/{cast.slug}/office/events"
        answer = cast.alice.browser.get(path, params={"after": after})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "after"

    def test_another_business_has_none_of_it(self, cast: Cast) -> None:
        appointment = book(cast)
        theirs = cast.charlie.browser.get(f"/api/v1/{cast.other_slug}/office/events")
        assert appointment not in theirs.text
        assert cast.bob.browser.get(f"/api/v1/{cast.slug}/office/events").status_code == 403


async def append(connection: Any, business_id: Any, event_id: Any) -> None:
    await event_rows.append(
        connection,
        business_id,
        event_id,
        catalogue.CLIENT_ERASED,
        NoFacts(),
        actor=SYSTEM,
        now=now(),
    )


async def read(database: Database, business_id: Any, place: int) -> list[feed_rows.Placed]:
    while await database.transaction(feed_rows.give_places, business_id):
        pass
    return await database.run(feed_rows.after, business_id, place, 1_000)


async def test_what_commits_late_is_not_skipped(
    database: Database, open_business: Any, database_url: str
) -> None:
    slug = await open_business(a_business())
    business_id = (await Directories(database).current(slug)).business_id
    early, late = new_id(), new_id()
    slow = await asyncpg.connect(database_url)
    try:
        transaction = slow.transaction()
        await transaction.start()
        await append(slow, business_id, early)
        async with database.connection() as connection:
            await append(connection, business_id, late)
        first = await read(database, business_id, 0)
        assert first[-1].id == late
        assert early not in {one.id for one in first}
        await transaction.commit()
    finally:
        await slow.close()
    rest = await read(database, business_id, first[-1].place)
    assert [one.id for one in rest] == [early]


async def test_readers_at_once_give_each_event_one_place_without_a_gap(
    database: Database, open_business: Any
) -> None:
    slug = await open_business(a_business())
    business_id = (await Directories(database).current(slug)).business_id
    written: list[Any] = []

    async def write() -> None:
        for _ in range(40):
            event_id = new_id()
            async with database.connection() as connection, connection.transaction():
                await append(connection, business_id, event_id)
                await asyncio.sleep(0)
            written.append(event_id)

    async def follow() -> list[Any]:
        seen: list[feed_rows.Placed] = []
        while True:
            is_over = len(written) == 160
            seen += await read(database, business_id, seen[-1].place if seen else 0)
            if is_over:
                return seen

    following = asyncio.gather(follow(), follow())
    await asyncio.gather(*[write() for _ in range(4)])
    one, other = await following
    for seen in (one, other):
        assert [each.place for each in seen] == list(range(1, len(seen) + 1))
        assert {each.id for each in seen} >= set(written)
    assert [each.id for each in one] == [each.id for each in other]


class TestPage:
    def test_it_works(self, cast: Cast) -> None:
        appointment = book(cast)
        page = cast.alice.get(f"/office/{cast.slug}/history")
        assert page.status_code == 200
        assert f"appointments/{appointment}" in page.text
        for said in ("Booked", "Zoe", "Cut", "Alice", "Settings changed", "Joined the team"):
            assert said in page.text

    def test_by_person_and_kind(self, cast: Cast) -> None:
        book(cast)
        path = f"/office/{cast.slug}/history"
        alice = cast.account_id(cast.alice)
        by_alice = cast.alice.get(f"{path}?who={alice}").text
        assert "Booked" in by_alice
        assert "Joined the team" not in by_alice
        by_system = cast.alice.get(f"{path}?who=system").text
        assert "<strong>Booked" not in by_system
        assert "Zoe" not in by_system
        of_team = cast.alice.get(f"{path}?kind=member").text
        assert "Joined the team" in of_team
        assert "Zoe" not in of_team

    def test_what_makes_no_sense_counts_for_nothing(self, cast: Cast) -> None:
        book(cast)
        page = cast.alice.get(f"/office/{cast.slug}/history?who=%00&kind=%27&before=x")
        assert page.status_code == 200
        assert "Zoe" in page.text

    def test_older_ones(self, cast: Cast) -> None:
        business_id = cast.business_id()

        async def many(database: Database) -> None:
            async with database.connection() as connection:
                for _ in range(60):
                    await append(connection, business_id, new_id())

        cast.do(many)
        page = cast.alice.get(f"/office/{cast.slug}/history").text
        older = page.partition('href="?before=')[2].partition('"')[0]
        assert older
        rest = cast.alice.get(f"/office/{cast.slug}/history?before={older}").text
        assert "Settings changed" in rest
        assert "Settings changed" not in page

    def test_a_manager_may_be_without(self, cast: Cast) -> None:
        cast.give_post(cast.bob, Post(Role.MANAGER, None, frozenset(), frozenset({Right.HISTORY})))
        cast.bob.sign_in()
        assert cast.bob.get(f"/office/{cast.slug}/history").status_code == 403
        assert "/history" not in cast.bob.get(f"/office/{cast.slug}").text


def test_every_kind_is_called_something() -> None:
    spoken = language("en", None, "en")
    for kind in set(KINDS) - UNTOLD:
        assert what(kind, spoken) != kind
