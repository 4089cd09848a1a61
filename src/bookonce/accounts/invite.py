"""Invite somebody to a business, and take an invitation back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bookonce.accounts import link_rows
from bookonce.accounts.account import normal_email, normal_name
from bookonce.accounts.facts import member_facts
from bookonce.accounts.link_rows import Link, LinkKind
from bookonce.accounts.members import require_may_manage
from bookonce.accounts.roles import Post
from bookonce.business.directory import Directory
from bookonce.events import catalogue, event_rows
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import FieldError, NotFoundError, ValidationError
from bookonce.platform.ids import new_id
from bookonce.platform.tokens import new_token, token_hash

INVITATION_LIFETIME = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom a business asks in, as what."""

    email: str
    post: Post
    name: str = ""


async def invite(
    database: Database,
    directory: Directory,
    invitation: Invitation,
    *,
    by: Post | None,
    actor: Actor,
    now: datetime,
) -> str:
    """Make an invitation; the token that its link ends with. It takes the place of an earlier one
    to the same address.

    `by` is the post of who invites, None the operator, who may invite anyone. Raises
    ValidationError and ForbiddenError.
    """
    email, name = normal_email(invitation.email), normal_name(invitation.name)
    require_staff_key(directory, invitation.post.staff_key)
    require_may_manage(by, invitation.post)
    token = new_token()
    link = Link(
        new_id(),
        LinkKind.INVITATION,
        email,
        name,
        directory.business_id,
        invitation.post,
        now + INVITATION_LIFETIME,
    )

    async def work(connection: Connection) -> None:
        await link_rows.withdraw_for(connection, directory.business_id, email)
        await link_rows.add(connection, token_hash(token), link, now)
        await event_rows.append(
            connection,
            directory.business_id,
            new_id(),
            catalogue.MEMBER_INVITED,
            member_facts(invitation.post),
            actor=actor,
            now=now,
        )

    await database.transaction(work)
    return token


def require_staff_key(directory: Directory, staff_key: str | None) -> None:
    """Raises ValidationError unless the business has such a staff member, or none is named."""
    if staff_key is not None and staff_key not in directory.staff_ids:
        keys = ", ".join(staff.key for staff in directory.business.staff) or "there is none"
        raise ValidationError(
            [FieldError("staff", f"no staff member has the key {staff_key!r}; expected: {keys}")]
        )


async def withdraw(
    database: Database, business_id: UUID, link_id: UUID, *, by: Post, now: datetime
) -> None:
    """Take an invitation back. Raises NotFoundError and ForbiddenError."""
    invited = await database.run(link_rows.of_business, business_id, now)
    link = next((each for each in invited if each.link_id == link_id), None)
    if link is None or link.post is None:
        raise NotFoundError("There is no such invitation; it may have been accepted or be over.")
    require_may_manage(by, link.post)
    await database.run(link_rows.withdraw, business_id, link_id)


async def invitations(database: Database, business_id: UUID, *, now: datetime) -> list[Link]:
    """Who was invited and hasn't come yet."""
    return await database.run(link_rows.of_business, business_id, now)
