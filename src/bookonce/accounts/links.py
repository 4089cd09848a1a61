"""Links that are good once: making them, looking at them, and using them up.

Looking uses nothing up, since mail scanners follow links; using is a POST.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bookonce.accounts import account_rows, hashing, link_rows, sessions
from bookonce.accounts.account import Account, normal_email, normal_name
from bookonce.accounts.link_rows import Link, LinkKind
from bookonce.accounts.members import join
from bookonce.accounts.passwords import require_password
from bookonce.accounts.sign_in import Browser
from bookonce.platform.actor import Actor, ActorKind
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import (
    FieldError,
    NotFoundError,
    StatusConflictError,
    ValidationError,
)
from bookonce.platform.ids import new_id
from bookonce.platform.tokens import is_token, new_token, token_hash

SIGN_IN_LIFETIME = timedelta(minutes=15)
FIRST_OWNER_LIFETIME = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a newcomer says: what to call them, and their password. `email` is the first owner's;
    an invitation has one already.
    """

    name: str
    password: str
    email: str = ""


async def make_sign_in_link(database: Database, email: str, *, now: datetime) -> str:
    """The token of a link that signs an account in. Raises NotFoundError."""
    email = normal_email(email)
    account = await database.run(account_rows.by_email, email)
    if account is None:
        raise NotFoundError(f"No account has the address {email}.")
    token = new_token()
    link = Link(new_id(), LinkKind.SIGN_IN, email, "", None, None, now + SIGN_IN_LIFETIME)
    await database.run(link_rows.add, token_hash(token), link, now)
    return token


async def make_first_owner_link(database: Database, *, now: datetime) -> str | None:
    """The token of a link that makes the first account; None if the installation has an account or
    a business already. It takes the place of one that was made before.
    """
    token = new_token()
    link = Link(new_id(), LinkKind.FIRST_OWNER, None, "", None, None, now + FIRST_OWNER_LIFETIME)

    async def work(connection: Connection) -> bool:
        if not await account_rows.is_empty(connection):
            return False
        await link_rows.withdraw_kind(connection, LinkKind.FIRST_OWNER)
        await link_rows.add(connection, token_hash(token), link, now)
        return True

    return token if await database.transaction(work) else None


async def look(
    database: Database, token: str, *kinds: LinkKind, now: datetime
) -> tuple[Link, Account | None]:
    """A link of one of these kinds that is good still, and the account of its address if there is
    one. Raises NotFoundError.
    """
    link = None
    if is_token(token):
        link = await database.run(link_rows.find, token_hash(token), *kinds, now=now)
    if link is None:
        raise _gone()
    account = await database.run(account_rows.by_email, link.email) if link.email else None
    return link, account


async def sign_in_by_link(
    database: Database, token: str, browser: Browser, *, now: datetime
) -> str:
    """Use a sign-in link up; the id of the session that begins. Raises NotFoundError."""

    async def work(connection: Connection) -> str:
        link = await _use(connection, token, LinkKind.SIGN_IN, now)
        account = await account_rows.by_email(connection, link.email or "")
        if account is None:
            raise _gone()
        return await _begin(connection, account, browser, now)

    return await database.transaction(work)


async def accept_as_newcomer(
    database: Database, token: str, welcome: Welcome, browser: Browser, *, now: datetime
) -> str:
    """Use an invitation up, or the first owner's link, by making an account; the id of the session
    that begins. Raises NotFoundError, ValidationError, and StatusConflictError if the address has
    an account: whoever holds a link isn't that one yet.
    """
    kinds = (LinkKind.INVITATION, LinkKind.FIRST_OWNER)
    link, _ = await look(database, token, *kinds, now=now)
    email, name = link.email or normal_email(welcome.email), normal_name(welcome.name)
    if not name:
        raise ValidationError([FieldError("name", "is required")])
    password_hash = await hashing.hashed(require_password(welcome.password, (email, name)))
    is_first = link.kind is LinkKind.FIRST_OWNER

    async def work(connection: Connection) -> str:
        used = await _use(connection, token, link.kind, now)
        if is_first and await account_rows.is_anyone_in(connection):
            raise _gone()
        account_id = new_id()
        if not await account_rows.add(
            connection, account_id, email, name, password_hash, may_open=is_first, now=now
        ):
            raise StatusConflictError(
                "This address has an account already. Sign in, then open the link again."
            )
        account = await account_rows.by_id(connection, account_id)
        assert account is not None
        await _join(connection, used, account, now)
        return await _begin(connection, account, browser, now)

    return await database.transaction(work)


async def accept_as_member(
    database: Database, token: str, account: Account, *, now: datetime
) -> None:
    """Use an invitation up as the account that it is for, which is signed in. Raises NotFoundError,
    and StatusConflictError if it is for somebody else.
    """

    async def work(connection: Connection) -> None:
        used = await _use(connection, token, LinkKind.INVITATION, now)
        if used.email != account.email:
            raise StatusConflictError(f"This invitation is for {used.email}.")
        await _join(connection, used, account, now)

    await database.transaction(work)


async def _join(connection: Connection, link: Link, account: Account, now: datetime) -> None:
    if link.business_id is None or link.post is None:
        return
    actor = Actor(
        kind=ActorKind.ACCOUNT, id=account.account_id, role=link.post.role, name=account.label
    )
    await join(connection, link.business_id, account.account_id, link.post, actor=actor, now=now)


async def _use(connection: Connection, token: str, kind: LinkKind, now: datetime) -> Link:
    link = None
    if is_token(token):
        link = await link_rows.use(connection, token_hash(token), kind, now=now)
    if link is None:
        raise _gone()
    return link


async def _begin(connection: Connection, account: Account, browser: Browser, now: datetime) -> str:
    await account_rows.know_network(
        connection, account.account_id, browser.caller.network_hash, now
    )
    return await sessions.begin(
        connection,
        account.account_id,
        instead_of=browser.token,
        lacks_code=False,
        user_agent=browser.user_agent,
        now=now,
    )


def _gone() -> NotFoundError:
    return NotFoundError("This link was used already, or its time is over. Ask for a new one.")
