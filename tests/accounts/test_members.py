"""Who belongs to a business: the last owner stays, and nobody grants more than they have."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from bookonce.accounts import account_rows, members, membership_rows
from bookonce.accounts.invite import Invitation, invite
from bookonce.accounts.roles import PRESETS, SWITCHES, Post, Right, grantable_roles, may_manage
from bookonce.business.directories import Directories
from bookonce.business.directory import Directory
from bookonce.business.document import Business
from bookonce.platform.actor import COMMAND_LINE, Role
from bookonce.platform.database import Database
from bookonce.platform.errors import ForbiddenError, LastOwnerError, NotFoundError
from tests.factories import a_business

OPEN = Callable[[Business], Awaitable[str]]
OWNER, MANAGER = Post(Role.OWNER), Post(Role.MANAGER)


@pytest.fixture
async def directory(database: Database, open_business: OPEN) -> Directory:
    return await Directories(database).current(await open_business(a_business()))


async def settled(database: Database, directory: Directory, name: str, post: Post) -> UUID:
    """Somebody who belongs to the business."""
    email = f"{name}@example.com"
    await members.settle(
        database, directory.business_id, email, name, post,
        actor=COMMAND_LINE, now=datetime.now(UTC),
    )  # fmt: skip
    account = await database.run(account_rows.by_email, email)
    assert account is not None
    return account.account_id


def remove(
    database: Database, directory: Directory, account_id: UUID, by: Post | None = OWNER
) -> Awaitable[None]:
    return members.remove(
        database, directory.business_id, account_id,
        by=by, actor=COMMAND_LINE, now=datetime.now(UTC),
    )  # fmt: skip


def change(
    database: Database,
    directory: Directory,
    account_id: UUID,
    post: Post,
    by: Post | None = OWNER,
) -> Awaitable[None]:
    return members.change_post(
        database, directory.business_id, account_id, post,
        by=by, actor=COMMAND_LINE, now=datetime.now(UTC),
    )  # fmt: skip


async def owners(database: Database, directory: Directory) -> int:
    found = await members.members(database, directory.business_id)
    return sum(one.post.role is Role.OWNER for one in found)


async def test_the_last_owner_stays(database: Database, directory: Directory) -> None:
    alice = await settled(database, directory, "alice", OWNER)
    bob = await settled(database, directory, "bob", MANAGER)
    with pytest.raises(LastOwnerError):
        await remove(database, directory, alice)
    with pytest.raises(LastOwnerError):
        await change(database, directory, alice, MANAGER)
    await change(database, directory, bob, OWNER)
    await remove(database, directory, alice)
    assert await owners(database, directory) == 1


@pytest.mark.parametrize("way", ["remove", "change"])
async def test_owners_who_go_for_each_other_at_once_leave_one(
    database: Database, directory: Directory, way: str
) -> None:
    for _ in range(10):
        ids = [await settled(database, directory, name, OWNER) for name in ("alice", "bob", "cleo")]
        outcomes = await asyncio.gather(
            *(
                remove(database, directory, one)
                if way == "remove"
                else change(database, directory, one, MANAGER)
                for one in ids
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(each, LastOwnerError) for each in outcomes) == 1, outcomes
        assert await owners(database, directory) == 1
        for one in ids:  # for the next round
            post = await database.run(membership_rows.one, directory.business_id, one)
            if post is not None:
                await change(database, directory, one, OWNER)


async def test_a_stranger_is_no_member(database: Database, directory: Directory) -> None:
    await settled(database, directory, "alice", OWNER)
    with pytest.raises(NotFoundError):
        await remove(database, directory, UUID(int=7))


async def test_nobody_grants_more_than_they_have(database: Database, directory: Directory) -> None:
    alice = await settled(database, directory, "alice", OWNER)
    bob = await settled(database, directory, "bob", Post(Role.RECEPTION))
    for post in (OWNER, Post(Role.MANAGER, granted=frozenset({Right.EXPORT}))):
        with pytest.raises(ForbiddenError):
            await change(database, directory, bob, post, by=MANAGER)
        with pytest.raises(ForbiddenError):
            await invite(
                database, directory, Invitation("zoe@example.com", post),
                by=MANAGER, actor=COMMAND_LINE, now=datetime.now(UTC),
            )  # fmt: skip
    with pytest.raises(ForbiddenError):
        await remove(database, directory, alice, by=MANAGER)
    await change(database, directory, bob, Post(Role.STAFF, "ada"), by=MANAGER)


@pytest.mark.parametrize("role", Role)
def test_whoever_may_manage_somebody_has_every_right_of_theirs(role: Role) -> None:
    own = Post(role)
    for other in Role:
        for switched in (frozenset[Right](), frozenset(SWITCHES[other])):
            post = Post.of(other, None, switched)
            if may_manage(own, post):
                assert post.rights <= own.rights
                assert Right.TEAM in own.rights


def test_roles_are_as_the_table_says() -> None:
    assert PRESETS[Role.OWNER] == frozenset(Right)
    assert grantable_roles(OWNER) == tuple(Role)
    assert grantable_roles(MANAGER) == (Role.MANAGER, Role.RECEPTION, Role.STAFF)
    assert grantable_roles(Post(Role.RECEPTION)) == grantable_roles(Post(Role.STAFF)) == ()
    for role in (Role.RECEPTION, Role.STAFF):
        everything = Post.of(role, None, frozenset(SWITCHES[role])).rights
        assert not everything & {
            Right.OVERBOOK, Right.MONEY, Right.EXPORT, Right.TEAM, Right.HISTORY,
            Right.KEYS,
        }  # fmt: skip


def test_a_switch_of_another_role_counts_for_nothing() -> None:
    post = Post(Role.STAFF, granted=frozenset(Right), withheld=frozenset({Right.SEE_CALENDAR}))
    assert Right.TEAM not in post.rights
    assert Right.SEE_CALENDAR in post.rights
    assert Right.SEE_ALL_CALENDARS in post.rights
