"""Links that are good once, as stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from bookonce.accounts.roles import Post, read_rights
from bookonce.platform.actor import Role
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement


class LinkKind(StrEnum):
    """What a link is good for. The database refuses any other word."""

    INVITATION = "invitation"
    SIGN_IN = "sign_in"
    FIRST_OWNER = "first_owner"


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it was made. Business and post are an invitation's."""

    link_id: UUID
    kind: LinkKind
    email: str | None
    name: str
    business_id: UUID | None
    post: Post | None
    expires_at: datetime


_ADD = Statement(
    """
    INSERT INTO account_link (
        token_hash, link_id, kind, email, name, business_id, role, staff_key, granted, withheld,
        created_at, expires_at
    )
    VALUES (
        :token_hash, :link_id, :kind, :email, :name, :business_id, :role, :staff_key, :granted,
        :withheld, :now, :expires_at
    )
    """
)

_OPEN = """
    token_hash = :token_hash AND kind = ANY(:kinds) AND used_at IS NULL AND expires_at > :now
"""
_COLUMNS = """
    link_id, kind, email, name, business_id, role, staff_key, granted, withheld, expires_at
"""

_FIND = Statement(f"SELECT {_COLUMNS} FROM account_link WHERE {_OPEN}")

# One statement, so that of two who use a link at once one does.
_USE = Statement(f"UPDATE account_link SET used_at = :now WHERE {_OPEN} RETURNING {_COLUMNS}")

_OF_BUSINESS = Statement(
    f"""
    SELECT {_COLUMNS} FROM account_link
    WHERE business_id = :business_id AND used_at IS NULL AND expires_at > :now
    ORDER BY created_at, link_id
    """
)

_WITHDRAW = Statement(
    """
    DELETE FROM account_link
    WHERE business_id = :business_id AND link_id = :link_id AND used_at IS NULL
    """
)

_WITHDRAW_FOR = Statement(
    """
    DELETE FROM account_link
    WHERE business_id = :business_id AND email = :email AND used_at IS NULL
    """
)

_WITHDRAW_KIND = Statement("DELETE FROM account_link WHERE kind = :kind AND used_at IS NULL")


async def add(connection: Connection, token_hash: bytes, link: Link, now: datetime) -> None:
    """Keep a new link."""
    post = link.post
    await _ADD.run(
        connection,
        token_hash=token_hash,
        link_id=link.link_id,
        kind=link.kind.value,
        email=link.email,
        name=link.name,
        business_id=link.business_id,
        role=post.role.value if post else None,
        staff_key=post.staff_key if post else None,
        granted=sorted(post.granted) if post else [],
        withheld=sorted(post.withheld) if post else [],
        now=now,
        expires_at=link.expires_at,
    )


async def find(
    connection: Connection, token_hash: bytes, *kinds: LinkKind, now: datetime
) -> Link | None:
    """A link that is good still, of one of these kinds. Looking doesn't use it up."""
    row = await _FIND.row(
        connection, token_hash=token_hash, kinds=[kind.value for kind in kinds], now=now
    )
    return _link(row) if row else None


async def use(
    connection: Connection, token_hash: bytes, *kinds: LinkKind, now: datetime
) -> Link | None:
    """The same, and it is good no longer. None if somebody was quicker."""
    row = await _USE.row(
        connection, token_hash=token_hash, kinds=[kind.value for kind in kinds], now=now
    )
    return _link(row) if row else None


async def of_business(connection: Connection, business_id: UUID, now: datetime) -> list[Link]:
    """The invitations to a business that are good still."""
    rows = await _OF_BUSINESS.rows(connection, business_id=business_id, now=now)
    return [_link(row) for row in rows]


async def withdraw(connection: Connection, business_id: UUID, link_id: UUID) -> bool:
    """Take an invitation back; whether there was one."""
    return bool(await _WITHDRAW.run(connection, business_id=business_id, link_id=link_id))


async def withdraw_for(connection: Connection, business_id: UUID, email: str) -> bool:
    """Take the invitations of one address back; whether there was one."""
    return bool(await _WITHDRAW_FOR.run(connection, business_id=business_id, email=email))


async def withdraw_kind(connection: Connection, kind: LinkKind) -> None:
    """Take every link of a kind back."""
    await _WITHDRAW_KIND.run(connection, kind=kind.value)


def _link(row: Row) -> Link:
    post = None
    if row["role"]:
        post = Post(
            Role(row["role"]),
            row["staff_key"],
            read_rights(row["granted"]),
            read_rights(row["withheld"]),
        )
    return Link(
        row["link_id"],
        LinkKind(row["kind"]),
        row["email"],
        row["name"],
        row["business_id"],
        post,
        row["expires_at"],
    )
