"""Open a business in the browser: who opens it owns it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bookonce.accounts import members
from bookonce.accounts.account import Account
from bookonce.accounts.roles import Post
from bookonce.business.change import create, tell
from bookonce.business.document import Business
from bookonce.desk import first_steps_rows
from bookonce.platform.actor import Actor, ActorKind, Role
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import FieldError, ForbiddenError, ValidationError
from bookonce.platform.ids import new_id


def require_may_open(account: Account) -> None:
    """Raises ForbiddenError unless the account may open a business on this installation."""
    if not account.may_open:
        raise ForbiddenError(
            "You may not open a business here. Ask whoever runs the installation.", is_opening=True
        )


async def open_business(
    database: Database, business_id: UUID, business: Business, account: Account, *, now: datetime
) -> None:
    """Make a business, with the account as its owner and the first person's calendar as theirs.

    Doing it again with the same id changes nothing: a form may be sent twice. Raises ForbiddenError,
    and ValidationError if the address is, or was, somebody else's.
    """
    require_may_open(account)
    event_id = new_id()
    actor = Actor(
        kind=ActorKind.ACCOUNT, id=account.account_id, role=Role.OWNER, name=account.name or None
    )
    first = business.staff[0].key if business.staff else None

    async def work(connection: Connection) -> None:
        if await members.belongs(connection, business_id, account.account_id):
            return
        made = await create(connection, business_id, business, actor=actor, now=now)
        if made is None:
            slug = business.business.slug
            raise ValidationError(
                [
                    FieldError(
                        "business.slug", f"{slug!r} is the address of another business, or was"
                    )
                ]
            )
        post = Post(Role.OWNER, first)
        await members.join(connection, business_id, account.account_id, post, actor=actor, now=now)
        await first_steps_rows.begin(connection, business_id, now)
        await tell(connection, business_id, event_id, made.version, made.lines, actor, now)

    await database.transaction(work)
