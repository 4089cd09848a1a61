"""What an account says of itself: name, language, password."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bookonce.accounts import account_rows, hashing, session_rows
from bookonce.accounts.account import normal_name
from bookonce.accounts.passwords import require_password
from bookonce.accounts.sessions import Session
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.languages import LANGUAGES
from bookonce.platform.tokens import new_token, token_hash


async def change_profile(
    database: Database, account_id: UUID, name: str, language: str | None
) -> None:
    """Another name or language; None: as the browser says. Raises ValidationError."""
    name = normal_name(name)
    if not name:
        raise ValidationError([FieldError("name", "is required")])
    if language is not None and language not in LANGUAGES:
        raise ValidationError([FieldError("language", f"one of {', '.join(LANGUAGES)}")])
    await database.run(account_rows.set_profile, account_id, name, language)


async def change_password(
    database: Database, session: Session, password: str, *, now: datetime
) -> str | None:
    """Another password: every other session of the account ends, this one gets another id, which is
    the answer; None if this one is over by now. Raises ValidationError, ProofRequiredError and
    TryAgainError.
    """
    session.require_proof(now)
    account = session.account
    password_hash = await hashing.hashed(require_password(password, (account.email, account.name)))
    new = new_token()

    async def work(connection: Connection) -> bool:
        await account_rows.set_password(connection, account.account_id, password_hash)
        await session_rows.end_of_account(connection, account.account_id, session.session_id)
        return await session_rows.rotate(connection, token_hash(session.token), token_hash(new))

    return new if await database.transaction(work) else None
