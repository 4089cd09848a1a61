"""Passkeys as stored, and the challenges that they have to sign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement, StatementOf


@dataclass(frozen=True, slots=True)
class StoredPasskey:
    """A new passkey."""

    credential_id: bytes
    passkey_id: UUID
    account_id: UUID
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its account's list shows it."""

    credential_id: bytes
    passkey_id: UUID
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Key:
    """What proves a passkey, and whose it is."""

    credential_id: bytes
    account_id: UUID
    public_key: bytes
    sign_count: int


_ADD = StatementOf(
    """
    INSERT INTO passkey (
        credential_id, passkey_id, account_id, public_key, sign_count, name, created_at
    )
    VALUES (
        :credential_id, :passkey_id, :account_id, :public_key, :sign_count, :name, :created_at
    )
    ON CONFLICT DO NOTHING
    """,
    StoredPasskey,
)

_OF_ACCOUNT = Statement(
    """
    SELECT credential_id, passkey_id, name, created_at, used_at FROM passkey
    WHERE account_id = :account_id ORDER BY created_at, passkey_id
    """
)

_BY_CREDENTIAL = Statement(
    """
    SELECT credential_id, account_id, public_key, sign_count FROM passkey
    WHERE credential_id = :credential_id
    """
)

_USED = Statement(
    """
    UPDATE passkey SET sign_count = greatest(sign_count, :sign_count), used_at = :now
    WHERE credential_id = :credential_id
    """
)

_REMOVE = Statement(
    "DELETE FROM passkey WHERE account_id = :account_id AND passkey_id = :passkey_id"
)

_CHALLENGE = Statement(
    """
    INSERT INTO passkey_challenge (challenge, account_id, expires_at)
    VALUES (:challenge, :account_id, :expires_at)
    """
)

_USE_CHALLENGE = Statement(
    """
    DELETE FROM passkey_challenge
    WHERE challenge = :challenge AND account_id IS NOT DISTINCT FROM :account_id::uuid
      AND expires_at > :now
    """
)


async def add(connection: Connection, passkey: StoredPasskey) -> bool:
    """Keep a passkey; False if there is one of this id."""
    return bool(await _ADD.run(connection, passkey))


async def of_account(connection: Connection, account_id: UUID) -> list[Passkey]:
    """An account's passkeys."""
    rows = await _OF_ACCOUNT.rows(connection, account_id=account_id)
    return [
        Passkey(
            row["credential_id"],
            row["passkey_id"],
            row["name"],
            row["created_at"],
            row["used_at"],
        )
        for row in rows
    ]


async def by_credential(connection: Connection, credential_id: bytes) -> Key | None:
    """The passkey that calls itself so."""
    row = await _BY_CREDENTIAL.row(connection, credential_id=credential_id)
    if row is None:
        return None
    return Key(row["credential_id"], row["account_id"], row["public_key"], row["sign_count"])


async def used(
    connection: Connection, credential_id: bytes, sign_count: int, now: datetime
) -> None:
    """Note that a passkey was used."""
    await _USED.run(connection, credential_id=credential_id, sign_count=sign_count, now=now)


async def remove(connection: Connection, account_id: UUID, passkey_id: UUID) -> bool:
    """Forget one of an account's passkeys; whether there was one."""
    return bool(await _REMOVE.run(connection, account_id=account_id, passkey_id=passkey_id))


async def challenge(
    connection: Connection, challenge: bytes, account_id: UUID | None, expires_at: datetime
) -> None:
    """Keep a challenge until it is signed."""
    await _CHALLENGE.run(
        connection, challenge=challenge, account_id=account_id, expires_at=expires_at
    )


async def use_challenge(
    connection: Connection, challenge: bytes, account_id: UUID | None, now: datetime
) -> bool:
    """Use a challenge up; False if it isn't ours, is over, or was used."""
    return bool(
        await _USE_CHALLENGE.run(connection, challenge=challenge, account_id=account_id, now=now)
    )
