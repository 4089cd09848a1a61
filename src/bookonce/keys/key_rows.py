"""Keys as stored: only a hash of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.keys.scopes import Scope
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a business. `shown` is its beginning; `expires_at` None: it doesn't."""

    id: UUID
    business_id: UUID
    name: str
    scopes: frozenset[Scope]
    shown: str
    made_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = None


_COLUMNS = """
    key_id, business_id, name, scopes, shown, made_by, created_at, expires_at, last_used_at
"""

_ADD = Statement(
    """
    INSERT INTO api_key (
        key_hash, key_id, business_id, name, scopes, shown, made_by, created_at, expires_at
    )
    VALUES (
        :key_hash, :key_id, :business_id, :name, :scopes, :shown, :made_by, :created_at, :expires_at
    )
    """
)

_FIND = Statement(
    f"""
    SELECT {_COLUMNS} FROM api_key
    WHERE key_hash = :key_hash AND (expires_at IS NULL OR expires_at > :now)
    """
)

_OF_BUSINESS = Statement(
    f"""
    SELECT {_COLUMNS} FROM api_key WHERE business_id = :business_id
    ORDER BY created_at DESC, key_id DESC
    """
)

_COUNT = Statement("SELECT count(*) FROM api_key WHERE business_id = :business_id")

_REVOKE = Statement(
    f"""
    DELETE FROM api_key WHERE business_id = :business_id AND key_id = :key_id RETURNING {_COLUMNS}
    """
)

# Not with each request: that would be a write for each that reads.
_USED = Statement(
    """
    UPDATE api_key SET last_used_at = :now
    WHERE business_id = :business_id AND key_id = :key_id
        AND (last_used_at IS NULL OR last_used_at < :before)
    """
)


async def add(connection: Connection, key_hash: bytes, key: Key) -> None:
    """Keep a new key."""
    await _ADD.run(
        connection,
        key_hash=key_hash,
        key_id=key.id,
        business_id=key.business_id,
        name=key.name,
        scopes=sorted(key.scopes),
        shown=key.shown,
        made_by=key.made_by,
        created_at=key.created_at,
        expires_at=key.expires_at,
    )


async def find(connection: Connection, key_hash: bytes, now: datetime) -> Key | None:
    """The key with a hash, if it is good still."""
    row = await _FIND.row(connection, key_hash=key_hash, now=now)
    return _key(row) if row else None


async def of_business(connection: Connection, business_id: UUID) -> list[Key]:
    """A business's keys, the newest first, with those that are over."""
    return [_key(row) for row in await _OF_BUSINESS.rows(connection, business_id=business_id)]


async def count(connection: Connection, business_id: UUID) -> int:
    """How many keys a business has."""
    number: int = await _COUNT.value(connection, business_id=business_id)
    return number


async def revoke(connection: Connection, business_id: UUID, key_id: UUID) -> Key | None:
    """Take a key away at once; which one it was, None if there is none."""
    row = await _REVOKE.row(connection, business_id=business_id, key_id=key_id)
    return _key(row) if row else None


async def mark_used(connection: Connection, key: Key, now: datetime, before: datetime) -> None:
    """Note that a key was used, if that wasn't noted since `before`."""
    await _USED.run(connection, business_id=key.business_id, key_id=key.id, now=now, before=before)


def _key(row: Row) -> Key:
    known = {scope.value for scope in Scope}  # a later version may have written others
    scopes = frozenset(Scope(name) for name in row["scopes"] if name in known)
    return Key(
        row["key_id"],
        row["business_id"],
        row["name"],
        scopes,
        row["shown"],
        row["made_by"],
        row["created_at"],
        row["expires_at"],
        row["last_used_at"],
    )
