"""Who belongs to a business: list them, change what they are, take them out. The last owner stays."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bookonce.accounts import account_rows, membership_rows, session_rows
from bookonce.accounts.access import Access
from bookonce.accounts.account import Account, Member
from bookonce.accounts.facts import member_facts
from bookonce.accounts.roles import Post, Right, may_manage
from bookonce.events import catalogue, event_rows
from bookonce.events.catalogue import Kind
from bookonce.platform.actor import Actor, Role
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import ForbiddenError, LastOwnerError, NotFoundError
from bookonce.platform.ids import new_id


async def access_of(database: Database, business_id: UUID, account: Account) -> Access | None:
    """What an account may do in a business; None if it doesn't belong to it."""
    post = await database.run(membership_rows.one, business_id, account.account_id)
    if post is None:
        return None
    return Access.of_member(business_id, account.account_id, account.label, post)


async def businesses_of(database: Database, account_id: UUID) -> list[tuple[UUID, Role]]:
    """Where an account belongs, with its role."""
    return await database.run(membership_rows.of_account, account_id)


async def belongs(connection: Connection, business_id: UUID, account_id: UUID) -> bool:
    """Whether an account belongs to a business, within a transaction."""
    return await membership_rows.one(connection, business_id, account_id) is not None


async def members(database: Database, business_id: UUID) -> list[Member]:
    """Who belongs to a business, owners first."""
    return await database.run(membership_rows.members, business_id)


async def settle(
    database: Database,
    business_id: UUID,
    email: str,
    name: str,
    post: Post,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Have the address belong to a business in this post, with an account without a password if it
    has none. Doing it again changes nothing.
    """

    async def work(connection: Connection) -> None:
        await account_rows.add(connection, new_id(), email, name, None, may_open=False, now=now)
        account = await account_rows.by_email(connection, email)
        assert account is not None
        await join(connection, business_id, account.account_id, post, actor=actor, now=now)

    await database.transaction(work)


async def join(
    connection: Connection,
    business_id: UUID,
    account_id: UUID,
    post: Post,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Have an account belong to a business, within a transaction. Who belongs to it already keeps
    what they are: an invitation that lay about takes nothing away.
    """
    if await belongs(connection, business_id, account_id):
        return
    await membership_rows.put(connection, business_id, account_id, post, now)
    await _told(connection, business_id, catalogue.MEMBER_JOINED, post, account_id, actor, now)


def require_may_manage(by: Post | None, post: Post) -> None:
    """Raises ForbiddenError unless who acts may give or take such a post. None: the operator."""
    if by is None or may_manage(by, post):
        return
    if Right.TEAM not in by.rights:
        raise ForbiddenError(
            f"You lack the right {Right.TEAM.value!r} in this business.", right=Right.TEAM.value
        )
    raise ForbiddenError("Nobody can give or take more than they may do themselves.")


async def change_post(
    database: Database,
    business_id: UUID,
    account_id: UUID,
    post: Post,
    *,
    by: Post | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Give a member another role, calendar or switches.

    Raises NotFoundError, ForbiddenError and LastOwnerError.
    """

    async def work(connection: Connection) -> None:
        before = await _locked(connection, business_id, account_id, by)
        require_may_manage(by, post)
        if before.post == post:
            return
        if post.role is not Role.OWNER:
            _require_other_owner(before)
        await membership_rows.put(connection, business_id, account_id, post, now)
        await session_rows.have_rotated(connection, account_id)
        await _told(connection, business_id, catalogue.MEMBER_CHANGED, post, account_id, actor, now)

    await database.transaction(work)


async def remove(
    database: Database,
    business_id: UUID,
    account_id: UUID,
    *,
    by: Post | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Take a member out of a business. Raises NotFoundError, ForbiddenError and LastOwnerError."""

    async def work(connection: Connection) -> None:
        before = await _locked(connection, business_id, account_id, by)
        _require_other_owner(before)
        assert before.post is not None
        await membership_rows.remove(connection, business_id, account_id)
        await session_rows.have_rotated(connection, account_id)
        await _told(
            connection, business_id, catalogue.MEMBER_REMOVED, before.post, account_id, actor, now
        )

    await database.transaction(work)


async def _locked(
    connection: Connection, business_id: UUID, account_id: UUID, by: Post | None
) -> membership_rows.Locked:
    before = await membership_rows.locked(connection, business_id, account_id)
    if before.post is None:
        raise NotFoundError("There is no such member.")
    require_may_manage(by, before.post)
    return before


def _require_other_owner(before: membership_rows.Locked) -> None:
    assert before.post is not None
    if before.post.role is Role.OWNER and before.owners == 1:
        raise LastOwnerError("A business keeps at least one owner. Make somebody else owner first.")


async def _told(
    connection: Connection,
    business_id: UUID,
    kind: Kind,
    post: Post,
    account_id: UUID,
    actor: Actor,
    now: datetime,
) -> None:
    await event_rows.append(
        connection,
        business_id,
        new_id(),
        kind,
        member_facts(post, account_id),
        actor=actor,
        now=now,
    )
