"""A business as versions of one document: changed under an expected version, told, taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.business import versions
from bookonce.business.change import Change, Edit, change
from bookonce.business.directories import Directories
from bookonce.business.document import Business
from bookonce.business.tree import from_tree
from bookonce.platform.actor import COMMAND_LINE, VISITOR, Actor, ActorKind, Role
from bookonce.platform.database import Database
from bookonce.platform.errors import (
    MovedError,
    NotFoundError,
    NotOfferedError,
    ValidationError,
    VersionConflictError,
)
from bookonce.platform.ids import new_id
from tests.availability.properties import examples
from tests.availability.strategies import business_trees
from tests.factories import a_booking, a_business, a_service, new_slug, tomorrow_at
from tests.races.harness import count

NOW = datetime.now(UTC)
Open = Callable[[Business], Awaitable[str]]
ALICE = Actor(kind=ActorKind.ACCOUNT, id=new_id(), role=Role.OWNER, name="Alice")


def named(name: str) -> Edit:
    """An edit that changes the name only."""

    def edit(business: Business) -> Business:
        profile = msgspec.structs.replace(business.business, name=name)
        return msgspec.structs.replace(business, business=profile)

    return edit


def added(key: str) -> Edit:
    """An edit that adds a service."""

    def edit(business: Business) -> Business:
        one = from_tree(
            {
                "business": {"slug": "x", "name": "X", "timezone": "UTC"},
                "service": [a_service(key)],
            }
        ).service
        return msgspec.structs.replace(business, service=(*business.service, *one))

    return edit


async def changed(database: Database, slug: str, version: int | None, edit: Edit) -> Change:
    directory = await Directories(database).current(slug)
    return await change(database, directory.business_id, version, edit, actor=ALICE, now=NOW)


class TestChange:
    async def test_it_works(self, database: Database, open_business: Open) -> None:
        slug = await open_business(a_business())
        done = await changed(database, slug, 1, named("New name"))
        assert (done.version, done.lines) == (2, ["business.name: Lumen Hair → New name"])
        found = await Directories(database).current(slug)
        assert (found.version, found.business.business.name) == (2, "New name")

    async def test_nothing_changed_makes_no_version(
        self, database: Database, open_business: Open, database_url: str
    ) -> None:
        slug = await open_business(a_business())
        done = await changed(database, slug, 1, named("Lumen Hair"))
        assert (done.version, done.lines) == (1, [])
        assert await count(database_url, "business_version") == 1
        assert await count(database_url, "event") == 1

    async def test_another_version_than_was_expected_is_a_conflict_that_tells_who_changed_what(
        self, database: Database, open_business: Open
    ) -> None:
        slug = await open_business(a_business())
        await changed(database, slug, 1, named("Hers"))
        with pytest.raises(VersionConflictError, match="Alice") as refusal:
            await changed(database, slug, 1, named("His"))
        assert refusal.value.facts["version"] == 2
        [since] = refusal.value.facts["since"]
        assert (since.version, since.at, since.actor) == (2, NOW, ALICE)
        assert since.changes == ["business.name: Lumen Hair → Hers"]

    async def test_an_edit_is_held_to_the_rules_of_the_file(
        self, database: Database, open_business: Open, database_url: str
    ) -> None:
        slug = await open_business(a_business())
        with pytest.raises(ValidationError) as refusal:
            await changed(database, slug, None, added("cut"))
        assert refusal.value.errors[0].field == "service"
        with pytest.raises(ValidationError):
            await changed(database, slug, None, named(" "))
        assert await count(database_url, "business_version") == 1

    async def test_a_business_that_is_not_there_is_not_found(self, database: Database) -> None:
        with pytest.raises(NotFoundError):
            await change(database, new_id(), None, named("x"), actor=ALICE, now=NOW)


@pytest.mark.timeout(300)  # two hundred rounds, also on a busy machine
async def test_of_two_editors_who_race_one_makes_the_version_and_one_is_told(
    database: Database, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    business_id = (await Directories(database).current(slug)).business_id
    rival = Database(database_url, connections_max=2)
    await rival.open()
    made: dict[int, str] = {}
    try:
        for version in range(1, 201):
            names = [f"{who} {version}" for who in ("Alice", "Bob")]
            done = await asyncio.gather(
                *(
                    change(each, business_id, version, named(name), actor=ALICE, now=NOW)
                    for each, name in zip((database, rival), names, strict=True)
                ),
                return_exceptions=True,
            )
            [conflict] = [one for one in done if isinstance(one, BaseException)]
            assert isinstance(conflict, VersionConflictError)
            assert conflict.facts["version"] == version + 1
            [won] = [one for one in done if isinstance(one, Change)]
            made[won.version] = won.after.business.name
    finally:
        await rival.close()
    assert list(made) == list(range(2, 202))
    for version, name in made.items():
        kept = await versions.document(database, business_id, version)
        assert kept.business.name == name
    assert await count(database_url, "business_version") == 201
    assert await count(database_url, "event") == 201


async def test_editors_who_expect_no_version_lose_nothing_of_each_other(
    database: Database, open_business: Open
) -> None:
    slug = await open_business(a_business())
    keys = [f"service-{number}" for number in range(20)]
    await asyncio.gather(*(changed(database, slug, None, added(key)) for key in keys))
    found = await Directories(database).current(slug)
    assert found.version == 21
    assert {each.key for each in found.business.service} == {"cut", *keys}
    assert set(found.service_ids) == {"cut", *keys}


class TestHistory:
    async def test_it_works(self, database: Database, open_business: Open) -> None:
        slug = await open_business(a_business())
        await changed(database, slug, None, named("Second"))
        business_id = (await Directories(database).current(slug)).business_id
        second, first = await versions.history(database, business_id, 20)
        assert (first.version, first.actor) == (1, COMMAND_LINE)
        assert first.changes == [f"business {slug}: created"]
        assert (second.version, second.actor, second.at) == (2, ALICE, NOW)
        assert second.changes == ["business.name: Lumen Hair → Second"]
        assert await versions.history(database, business_id, 1) == [second]

    async def test_reverting_gives_the_document_back(
        self, database: Database, open_business: Open
    ) -> None:
        slug = await open_business(a_business())
        await changed(database, slug, None, added("shave"))
        business_id = (await Directories(database).current(slug)).business_id
        first = await versions.document(database, business_id, 1)
        done = await changed(database, slug, None, versions.instead(first))
        assert (done.version, done.lines) == (3, ["service.shave: removed"])
        found = await Directories(database).current(slug)
        assert found.business == first
        assert set(found.service_ids) == {"cut"}

    async def test_a_version_that_never_was_is_not_found(
        self, database: Database, open_business: Open
    ) -> None:
        business_id = (
            await Directories(database).current(await open_business(a_business()))
        ).business_id
        with pytest.raises(NotFoundError, match="7"):
            await versions.document(database, business_id, 7)


@pytest.mark.timeout(300)
def test_any_version_can_be_gone_back_to_from_any_other(database_url: str) -> None:
    database = Database(database_url, connections_max=1)
    with asyncio.Runner() as runner:
        runner.run(database.open())

        @examples(12)
        @given(st.lists(business_trees(), min_size=2, max_size=3))
        def reverted(trees: list[dict[str, object]]) -> None:
            slug = new_slug()
            for tree in trees:
                business = from_tree({**tree, "business": {**tree["business"], "slug": slug}})  # type: ignore[dict-item]
                runner.run(apply_file.apply(database, business, now=NOW))
                exported = runner.run(apply_file.export(database, slug))
                assert runner.run(apply_file.apply(database, exported, now=NOW)).changes == []
            business_id = runner.run(Directories(database).current(slug)).business_id
            first = runner.run(versions.document(database, business_id, 1))
            runner.run(changed(database, slug, None, versions.instead(first)))
            assert runner.run(Directories(database).current(slug)).business == first

        try:
            reverted()
        finally:
            runner.run(database.close())


class TestRename:
    async def test_the_old_address_leads_to_the_new_one(
        self, database: Database, open_business: Open
    ) -> None:
        old, new = await open_business(a_business()), new_slug()
        directories = Directories(database)
        business_id = (await directories.current(old)).business_id
        await versions.rename(database, business_id, new, actor=COMMAND_LINE, now=NOW)
        for each in (directories, Directories(database)):
            assert (await each.current(new)).business_id == business_id
            with pytest.raises(MovedError) as moved:
                await each.current(old)
            assert moved.value.facts["slug"] == new

    async def test_an_address_once_used_is_never_another_s(
        self, database: Database, open_business: Open
    ) -> None:
        old, new = await open_business(a_business()), new_slug()
        other = await open_business(a_business())
        directories = Directories(database)
        business_id = (await directories.current(old)).business_id
        other_id = (await directories.current(other)).business_id
        await versions.rename(database, business_id, new, actor=COMMAND_LINE, now=NOW)
        for taken in (old, new):
            with pytest.raises(ValidationError, match="another business"):
                await versions.rename(database, other_id, taken, actor=COMMAND_LINE, now=NOW)
        with pytest.raises(MovedError):
            await apply_file.apply(database, a_business(old), now=NOW)
        await versions.rename(database, business_id, old, actor=COMMAND_LINE, now=NOW)
        assert (await directories.current(old)).business_id == business_id


async def test_a_closed_business_takes_no_bookings_and_keeps_those_it_has(
    installation: Installation, open_business: Open, database: Database
) -> None:
    slug = await open_business(a_business())
    held = await book(installation, slug, a_booking(tomorrow_at(9)), now=NOW, actor=VISITOR)
    business_id = held.directory.business_id
    await versions.set_closed(database, business_id, closed=True, actor=COMMAND_LINE, now=NOW)
    with pytest.raises(NotOfferedError, match="closed"):
        await book(installation, slug, a_booking(tomorrow_at(12)), now=NOW, actor=VISITOR)
    await cancel(installation, slug, held.appointment.id, now=NOW, actor=VISITOR)
    await versions.set_closed(database, business_id, closed=False, actor=COMMAND_LINE, now=NOW)
    await book(installation, slug, a_booking(tomorrow_at(12)), now=NOW, actor=VISITOR)
