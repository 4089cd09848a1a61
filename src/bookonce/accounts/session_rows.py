"""Sessions as stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.accounts.account import Account
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement, StatementOf


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A new session."""

    session_hash: bytes
    session_id: UUID
    account_id: UUID
    lacks_code: bool
    created_at: datetime
    idle_ends_at: datetime
    ends_at: datetime
    proved_at: datetime
    user_agent: str


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A session that isn't over, with whose it is."""

    session_id: UUID
    account: Account
    lacks_code: bool
    is_to_rotate: bool
    seen_at: datetime
    proved_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A session as its account's list shows it."""

    session_id: UUID
    user_agent: str
    created_at: datetime
    seen_at: datetime


_ADD = StatementOf(
    """
    INSERT INTO session (
        session_hash, session_id, account_id, lacks_code, created_at, seen_at, idle_ends_at,
        ends_at, proved_at, user_agent
    )
    VALUES (
        :session_hash, :session_id, :account_id, :lacks_code, :created_at, :created_at,
        :idle_ends_at, :ends_at, :proved_at, :user_agent
    )
    """,
    StoredSession,
)

_FIND = Statement(
    """
    SELECT session.session_id, session.lacks_code, session.is_to_rotate, session.seen_at,
           session.proved_at, session.ends_at,
           account.account_id, account.email, account.name, account.language, account.may_open,
           account.password_hash IS NOT NULL AS has_password,
           account.totp_sealed IS NOT NULL AS has_totp
    FROM session JOIN account USING (account_id)
    WHERE session.session_hash = :session_hash
      AND session.ends_at > :now AND session.idle_ends_at > :now
    """
)

_TOUCH = Statement(
    """
    UPDATE session SET seen_at = :now, idle_ends_at = :idle_ends_at
    WHERE session_hash = :session_hash AND seen_at < :now
    """
)

# The old id must still be the session's, so that of two pages at once one gives it another id.
_ROTATE = Statement(
    """
    UPDATE session SET session_hash = :new_hash, is_to_rotate = false
    WHERE session_hash = :session_hash
    """
)

_PROVE = Statement(
    """
    UPDATE session SET session_hash = :new_hash, is_to_rotate = false, proved_at = :now
    WHERE session_hash = :session_hash AND NOT lacks_code
    """
)

_HAVE_ROTATED = Statement(
    "UPDATE session SET is_to_rotate = true WHERE account_id = :account_id AND NOT lacks_code"
)

_END = Statement("DELETE FROM session WHERE session_hash = :session_hash")

_END_ONE = Statement(
    "DELETE FROM session WHERE account_id = :account_id AND session_id = :session_id"
)

_END_OF_ACCOUNT = Statement(
    """
    DELETE FROM session
    WHERE account_id = :account_id
      AND (:except_for::uuid IS NULL OR session_id <> :except_for)
    """
)

_OF_ACCOUNT = Statement(
    """
    SELECT session_id, user_agent, created_at, seen_at FROM session
    WHERE account_id = :account_id AND NOT lacks_code AND ends_at > :now AND idle_ends_at > :now
    ORDER BY seen_at DESC, session_id
    """
)


async def add(connection: Connection, session: StoredSession) -> None:
    """Keep a new session."""
    await _ADD.run(connection, session)


async def find(connection: Connection, session_hash: bytes, now: datetime) -> FoundSession | None:
    """The session with this hash, unless it is over."""
    row = await _FIND.row(connection, session_hash=session_hash, now=now)
    if row is None:
        return None
    return FoundSession(
        row["session_id"],
        Account(
            row["account_id"],
            row["email"],
            row["name"],
            row["language"],
            row["has_password"],
            row["has_totp"],
            row["may_open"],
        ),
        row["lacks_code"],
        row["is_to_rotate"],
        row["seen_at"],
        row["proved_at"],
        row["ends_at"],
    )


async def touch(
    connection: Connection, session_hash: bytes, now: datetime, idle_ends_at: datetime
) -> None:
    """Put off the end of a session that is used."""
    await _TOUCH.run(connection, session_hash=session_hash, now=now, idle_ends_at=idle_ends_at)


async def rotate(connection: Connection, session_hash: bytes, new_hash: bytes) -> bool:
    """Give a session another id; whether it still had the old one."""
    return bool(await _ROTATE.run(connection, session_hash=session_hash, new_hash=new_hash))


async def prove(
    connection: Connection, session_hash: bytes, new_hash: bytes, now: datetime
) -> bool:
    """Note a fresh proof, with another id; whether the session still had the old one."""
    return bool(await _PROVE.run(connection, session_hash=session_hash, new_hash=new_hash, now=now))


async def have_rotated(connection: Connection, account_id: UUID) -> None:
    """Have each session of an account get another id with its next page."""
    await _HAVE_ROTATED.run(connection, account_id=account_id)


async def end(connection: Connection, session_hash: bytes) -> None:
    """End a session."""
    await _END.run(connection, session_hash=session_hash)


async def end_one(connection: Connection, account_id: UUID, session_id: UUID) -> bool:
    """End one of an account's sessions; whether there was one."""
    return bool(await _END_ONE.run(connection, account_id=account_id, session_id=session_id))


async def end_of_account(connection: Connection, account_id: UUID, except_for: UUID | None) -> int:
    """End an account's sessions but for one; how many."""
    return await _END_OF_ACCOUNT.run(connection, account_id=account_id, except_for=except_for)


async def of_account(connection: Connection, account_id: UUID, now: datetime) -> list[Listed]:
    """An account's sessions that aren't over."""
    rows = await _OF_ACCOUNT.rows(connection, account_id=account_id, now=now)
    return [
        Listed(row["session_id"], row["user_agent"], row["created_at"], row["seen_at"])
        for row in rows
    ]
