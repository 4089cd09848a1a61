"""Sign in with a password, and with the code of the second factor after it.

Whether an address has an account, whether it has a password, and whether that was wrong can't be
told apart, by the answer or by the time it takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.accounts import account_rows, attempts, hashing, session_rows, sessions
from bookonce.accounts.account import normal_email
from bookonce.accounts.attempts import Caller, Counted
from bookonce.accounts.passwords import LENGTH_MAX, normal_password
from bookonce.accounts.second_factor import uses_code
from bookonce.accounts.sessions import Session
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import ValidationError
from bookonce.platform.tokens import new_token, token_hash

NOBODYS_ADDRESS = "nobody@invalid"


@dataclass(frozen=True, slots=True)
class Browser:
    """From where somebody signs in: the id of the session that the browser had, what it calls
    itself, and the network.
    """

    token: str | None
    user_agent: str
    caller: Caller


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has begun, and whether it waits for the code of a second factor."""

    token: str
    lacks_code: bool


async def sign_in(
    database: Database, email: str, password: str, browser: Browser, *, now: datetime
) -> SignedIn | None:
    """Begin a session if the password is the account's; None if not, for whatever reason.

    Raises SlowDownError and TryAgainError.
    """
    try:
        email = normal_email(email)
    except ValidationError:
        email = NOBODYS_ADDRESS
    counts = await attempts.of_sign_in(database, email, browser.caller)
    await attempts.begin(database, counts, now=now)
    found = await database.run(account_rows.credentials, email)
    known_hash = found.password_hash if found else None
    is_right = await hashing.matches(known_hash, normal_password(password)[: LENGTH_MAX + 1])
    if found is None or not is_right:
        return None
    lacks_code = found.totp_sealed is not None

    async def work(connection: Connection) -> str:
        await _welcome(connection, found.account_id, counts, browser, now, known=not lacks_code)
        return await sessions.begin(
            connection,
            found.account_id,
            instead_of=browser.token,
            lacks_code=lacks_code,
            user_agent=browser.user_agent,
            now=now,
        )

    return SignedIn(await database.transaction(work), lacks_code)


async def show_code(
    database: Database,
    session: Session,
    code: str,
    browser: Browser,
    *,
    secret_key: str,
    now: datetime,
) -> str | None:
    """Finish signing in by the second factor's code or a recovery code; the id of the session that
    begins. None if the code is wrong. Raises SlowDownError.
    """
    account_id = session.account.account_id
    counts = [attempts.counted(attempts.OF_CODE, account_id.bytes)]
    if not await uses_code(database, account_id, code, counts, secret_key=secret_key, now=now):
        return None

    async def work(connection: Connection) -> str:
        await _welcome(connection, account_id, counts, browser, now, known=True)
        return await sessions.begin(
            connection,
            account_id,
            instead_of=session.token,
            lacks_code=False,
            user_agent=browser.user_agent,
            now=now,
        )

    return await database.transaction(work)


async def prove(
    database: Database,
    session: Session,
    password: str,
    code: str,
    *,
    secret_key: str,
    now: datetime,
) -> str | None:
    """Prove once more who is at the keyboard: by the code if the account has a second factor, else
    by the password. The session's new id; None if it was wrong. Raises SlowDownError.
    """
    account_id = session.account.account_id
    counts = [attempts.counted(attempts.OF_PROOF, account_id.bytes)]
    if session.account.has_totp:
        counts = [attempts.counted(attempts.OF_CODE, account_id.bytes)]
        is_right = await uses_code(
            database, account_id, code, counts, secret_key=secret_key, now=now
        )
    else:
        await attempts.begin(database, counts, now=now)
        found = await database.run(account_rows.credentials_by_id, account_id)
        known_hash = found.password_hash if found else None
        is_right = await hashing.matches(known_hash, normal_password(password)[: LENGTH_MAX + 1])
    if not is_right:
        return None
    new = new_token()

    async def work(connection: Connection) -> bool:
        await attempts.succeeded(connection, counts)
        return await session_rows.prove(connection, token_hash(session.token), token_hash(new), now)

    return new if await database.transaction(work) else None


async def _welcome(
    connection: Connection,
    account_id: UUID,
    counts: list[Counted],
    browser: Browser,
    now: datetime,
    *,
    known: bool,
) -> None:
    await attempts.succeeded(connection, counts)
    if known:
        await account_rows.know_network(
            connection,
            account_id,
            browser.caller.network_hash,
            now,
        )
