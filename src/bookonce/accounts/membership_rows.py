"""Memberships as stored: what an account is in a business."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.accounts.account import Member
from bookonce.accounts.roles import Post, read_rights
from bookonce.platform.actor import Role
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement

_ONE = Statement(
    """
    SELECT role, staff_key, granted, withheld FROM membership
    WHERE business_id = :business_id AND account_id = :account_id
    """
)

# Whoever changes or removes an owner waits here for whoever does the same, so that of two who go
# for the last two owners at once, the second sees one.
_LOCKED = Statement(
    """
    SELECT account_id, role, staff_key, granted, withheld FROM membership
    WHERE business_id = :business_id AND (account_id = :account_id OR role = 'owner')
    ORDER BY account_id
    FOR UPDATE
    """
)

_MEMBERS = Statement(
    """
    SELECT account.account_id, account.email, account.name, membership.role, membership.staff_key,
           membership.granted, membership.withheld, membership.created_at,
           account.totp_sealed IS NOT NULL OR EXISTS (
               SELECT 1 FROM passkey WHERE passkey.account_id = account.account_id
           ) AS has_second_factor,
           (SELECT max(session.seen_at) FROM session
            WHERE session.account_id = account.account_id) AS seen_at
    FROM membership JOIN account ON account.account_id = membership.account_id
    WHERE membership.business_id = :business_id
    ORDER BY array_position(ARRAY['owner', 'manager', 'reception', 'staff'], membership.role),
             account.name, account.email
    """
)

_OF_ACCOUNT = Statement(
    """
    SELECT membership.business_id, membership.role FROM membership
    WHERE account_id = :account_id
    ORDER BY business_id
    """
)

_BUSINESSES = Statement(
    """
    SELECT business_id FROM membership
    UNION
    SELECT business_id FROM account_link
    WHERE business_id IS NOT NULL AND used_at IS NULL AND expires_at > :now
    """
)

_PUT = Statement(
    """
    INSERT INTO membership (
        business_id, account_id, role, staff_key, granted, withheld, created_at
    )
    VALUES (:business_id, :account_id, :role, :staff_key, :granted, :withheld, :now)
    ON CONFLICT (business_id, account_id) DO UPDATE
    SET role = :role, staff_key = :staff_key, granted = :granted, withheld = :withheld
    """
)

_REMOVE = Statement(
    "DELETE FROM membership WHERE business_id = :business_id AND account_id = :account_id"
)


@dataclass(frozen=True, slots=True)
class Locked:
    """Somebody's post while nobody else can change it, and how many owners there are."""

    post: Post | None
    owners: int


async def one(connection: Connection, business_id: UUID, account_id: UUID) -> Post | None:
    """What an account is in a business; None if it doesn't belong to it."""
    row = await _ONE.row(connection, business_id=business_id, account_id=account_id)
    return _post(row) if row else None


async def locked(connection: Connection, business_id: UUID, account_id: UUID) -> Locked:
    """The same, held until the transaction ends, with the number of owners."""
    rows = await _LOCKED.rows(connection, business_id=business_id, account_id=account_id)
    found = next((_post(row) for row in rows if row["account_id"] == account_id), None)
    return Locked(found, sum(row["role"] == Role.OWNER for row in rows))


async def members(connection: Connection, business_id: UUID) -> list[Member]:
    """Who belongs to a business, owners first."""
    rows = await _MEMBERS.rows(connection, business_id=business_id)
    return [
        Member(
            row["account_id"],
            row["email"],
            row["name"],
            _post(row),
            row["created_at"],
            row["has_second_factor"],
            row["seen_at"],
        )
        for row in rows
    ]


async def of_account(connection: Connection, account_id: UUID) -> list[tuple[UUID, Role]]:
    """The businesses that an account belongs to, with its role in each."""
    rows = await _OF_ACCOUNT.rows(connection, account_id=account_id)
    return [(row["business_id"], Role(row["role"])) for row in rows]


async def businesses(connection: Connection, now: datetime) -> list[UUID]:
    """The businesses that anyone belongs to or is invited to."""
    return [row["business_id"] for row in await _BUSINESSES.rows(connection, now=now)]


async def put(
    connection: Connection, business_id: UUID, account_id: UUID, post: Post, now: datetime
) -> None:
    """Have an account belong to a business in this post."""
    await _PUT.run(
        connection,
        business_id=business_id,
        account_id=account_id,
        role=post.role.value,
        staff_key=post.staff_key,
        granted=sorted(post.granted),
        withheld=sorted(post.withheld),
        now=now,
    )


async def remove(connection: Connection, business_id: UUID, account_id: UUID) -> bool:
    """Have an account belong to a business no longer; whether it did."""
    return bool(await _REMOVE.run(connection, business_id=business_id, account_id=account_id))


def _post(row: Row) -> Post:
    return Post(
        Role(row["role"]),
        row["staff_key"],
        read_rights(row["granted"]),
        read_rights(row["withheld"]),
    )
