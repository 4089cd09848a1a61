"""Accounts as stored, and the networks that they are known to sign in from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.accounts.account import Account
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement

_COLUMNS = """
    account_id, email, name, language, may_open, password_hash IS NOT NULL AS has_password,
    totp_sealed IS NOT NULL AS has_totp
"""

_BY_EMAIL = Statement(f"SELECT {_COLUMNS} FROM account WHERE email = :email")

_BY_ID = Statement(f"SELECT {_COLUMNS} FROM account WHERE account_id = :account_id")

_CREDENTIALS = Statement(
    """
    SELECT account_id, password_hash, totp_sealed, totp_step FROM account WHERE email = :email
    """
)

_CREDENTIALS_BY_ID = Statement(
    """
    SELECT account_id, password_hash, totp_sealed, totp_step
    FROM account WHERE account_id = :account_id
    """
)

_ADD = Statement(
    """
    INSERT INTO account (account_id, email, name, password_hash, may_open, created_at)
    VALUES (:account_id, :email, :name, :password_hash, :may_open, :now)
    ON CONFLICT (email) DO NOTHING
    """
)

_IS_ANYONE_IN = Statement("SELECT EXISTS (SELECT 1 FROM account)")

_IS_EMPTY = Statement(
    """
    SELECT NOT EXISTS (SELECT 1 FROM account) AND NOT EXISTS (SELECT 1 FROM business_slug)
    """
)

_SET_PASSWORD = Statement(
    "UPDATE account SET password_hash = :password_hash WHERE account_id = :account_id"
)

_SET_PROFILE = Statement(
    "UPDATE account SET name = :name, language = :language WHERE account_id = :account_id"
)

_KNOW_NETWORK = Statement(
    """
    INSERT INTO known_network (account_id, network_hash, seen_at)
    VALUES (:account_id, :network_hash, :now)
    ON CONFLICT (account_id, network_hash) DO UPDATE SET seen_at = :now
    """
)

_IS_KNOWN_NETWORK = Statement(
    """
    SELECT EXISTS (
        SELECT 1 FROM known_network JOIN account USING (account_id)
        WHERE account.email = :email AND known_network.network_hash = :network_hash)
    """
)


_SET_MAY_OPEN = Statement("UPDATE account SET may_open = :may_open WHERE email = :email")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an account proves itself with."""

    account_id: UUID
    password_hash: str | None
    totp_sealed: bytes | None
    totp_step: int | None


async def by_email(connection: Connection, email: str) -> Account | None:
    """The account with this address."""
    return _account(await _BY_EMAIL.row(connection, email=email))


async def by_id(connection: Connection, account_id: UUID) -> Account | None:
    """The account with this id."""
    return _account(await _BY_ID.row(connection, account_id=account_id))


async def credentials(connection: Connection, email: str) -> Credentials | None:
    """What the account with this address proves itself with."""
    return _credentials(await _CREDENTIALS.row(connection, email=email))


async def credentials_by_id(connection: Connection, account_id: UUID) -> Credentials | None:
    """The same by an account's id."""
    return _credentials(await _CREDENTIALS_BY_ID.row(connection, account_id=account_id))


async def add(
    connection: Connection,
    account_id: UUID,
    email: str,
    name: str,
    password_hash: str | None,
    *,
    may_open: bool,
    now: datetime,
) -> bool:
    """Make an account; False if the address has one."""
    return bool(
        await _ADD.run(
            connection,
            account_id=account_id,
            email=email,
            name=name,
            password_hash=password_hash,
            may_open=may_open,
            now=now,
        )
    )


async def is_anyone_in(connection: Connection) -> bool:
    """Whether there is any account."""
    return bool(await _IS_ANYONE_IN.value(connection))


async def is_empty(connection: Connection) -> bool:
    """Whether the installation has neither an account nor a business."""
    return bool(await _IS_EMPTY.value(connection))


async def set_password(connection: Connection, account_id: UUID, password_hash: str) -> None:
    """Give an account another password."""
    await _SET_PASSWORD.run(connection, account_id=account_id, password_hash=password_hash)


async def set_may_open(connection: Connection, email: str, may_open: bool) -> bool:
    """Whether an account may open businesses; False if there is no such account."""
    return bool(await _SET_MAY_OPEN.run(connection, email=email, may_open=may_open))


async def set_profile(
    connection: Connection, account_id: UUID, name: str, language: str | None
) -> None:
    """What they are called, and what the office speaks to them."""
    await _SET_PROFILE.run(connection, account_id=account_id, name=name, language=language)


async def know_network(
    connection: Connection, account_id: UUID, network_hash: bytes, now: datetime
) -> None:
    """Remember that an account has signed in from a network."""
    await _KNOW_NETWORK.run(connection, account_id=account_id, network_hash=network_hash, now=now)


async def is_known_network(connection: Connection, email: str, network_hash: bytes) -> bool:
    """Whether the account with this address has signed in from a network before."""
    return bool(await _IS_KNOWN_NETWORK.value(connection, email=email, network_hash=network_hash))


def _account(row: Row | None) -> Account | None:
    if row is None:
        return None
    return Account(
        row["account_id"],
        row["email"],
        row["name"],
        row["language"],
        row["has_password"],
        row["has_totp"],
        row["may_open"],
    )


def _credentials(row: Row | None) -> Credentials | None:
    if row is None:
        return None
    return Credentials(
        row["account_id"], row["password_hash"], row["totp_sealed"], row["totp_step"]
    )
