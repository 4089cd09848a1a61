"""Sessions: who is signed in, for how long, where; and signing out.

The id is in a cookie; only its hash is stored, so a copy of the database signs nobody in.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from bookonce.accounts import session_rows
from bookonce.accounts.account import Account
from bookonce.accounts.session_rows import Listed, StoredSession
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import ProofRequiredError
from bookonce.platform.ids import new_id
from bookonce.platform.tokens import is_token, new_token, token_hash

IDLE = timedelta(days=7)
LIFETIME = timedelta(days=30)
CODE_LIFETIME = timedelta(minutes=10)
"""How long a password that was right waits for its second factor."""
PROOF = timedelta(minutes=10)
SEEN_STEP = timedelta(minutes=1)
"""How exactly it is known when a session was last used; each use would be a write otherwise."""
USER_AGENT_LENGTH_MAX = 80

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_PLAIN = re.compile(r"[^\w ./()-]")


@dataclass(frozen=True, slots=True)
class Session:
    """A session that was found by its id, with whose it is."""

    token: str
    session_id: UUID
    account: Account
    lacks_code: bool
    is_to_rotate: bool
    proved_at: datetime
    ends_at: datetime

    def with_token(self, token: str) -> Session:
        """The same session with another id."""
        return replace(self, token=token, is_to_rotate=False)

    def new_form_token(self) -> str:
        """What a form of this session carries: another site can't know it, and another session has
        another one. It differs from page to page, so that nothing is learnt from how well pages
        with it are compressed.
        """
        salt = secrets.token_urlsafe(12)
        return f"{salt}.{self._form_digest(salt)}"

    def owns_form(self, sent: str) -> bool:
        """Whether a form was made for this session."""
        salt, _, digest = sent.partition(".")
        return hmac.compare_digest(
            self._form_digest(salt).encode(), digest.encode(errors="replace")
        )

    def _form_digest(self, salt: str) -> str:
        key, said = self.token.encode(), f"form {salt}".encode(errors="replace")
        return urlsafe_b64encode(hmac.digest(key, said, sha256)).rstrip(b"=").decode()

    def has_proof(self, now: datetime) -> bool:
        """Whether they proved who they are a moment ago."""
        return now < self.proved_at + PROOF

    def require_proof(self, now: datetime) -> None:
        """Raises ProofRequiredError: money, exports and roles need a proof of the last ten
        minutes, because a session left open at a desk proves nothing.
        """
        if not self.has_proof(now):
            raise ProofRequiredError("Prove once more who you are, then try again.")


async def begin(
    connection: Connection,
    account_id: UUID,
    *,
    instead_of: str | None,
    lacks_code: bool,
    user_agent: str,
    now: datetime,
) -> str:
    """Begin a session within a transaction; its id. `instead_of` is the session that the browser
    had, which ends: an id from before signing in is never one from after it.
    """
    if instead_of is not None and is_token(instead_of):
        await session_rows.end(connection, token_hash(instead_of))
    token = new_token()
    lifetime = CODE_LIFETIME if lacks_code else LIFETIME
    await session_rows.add(
        connection,
        StoredSession(
            session_hash=token_hash(token),
            session_id=new_id(),
            account_id=account_id,
            lacks_code=lacks_code,
            created_at=now,
            idle_ends_at=now + min(IDLE, lifetime),
            ends_at=now + lifetime,
            proved_at=now,
            user_agent=short_user_agent(user_agent),
        ),
    )
    return token


async def find(database: Database, token: str, *, now: datetime) -> Session | None:
    """The session with this id, unless it is over. Using it puts off its end."""
    if not is_token(token):
        return None
    row = await database.run(session_rows.find, token_hash(token), now)
    if row is None:
        return None
    if not row.lacks_code and now >= row.seen_at + SEEN_STEP:
        await database.run(session_rows.touch, token_hash(token), now, min(row.ends_at, now + IDLE))
    return Session(
        token,
        row.session_id,
        row.account,
        row.lacks_code,
        row.is_to_rotate,
        row.proved_at,
        row.ends_at,
    )


async def rotate(database: Database, token: str) -> str | None:
    """Give a session another id; None if it had another one by then."""
    new = new_token()
    rotated = await database.run(session_rows.rotate, token_hash(token), token_hash(new))
    return new if rotated else None


async def sign_out(database: Database, token: str) -> None:
    """End a session. One that is over already is no fault."""
    await database.run(session_rows.end, token_hash(token))


async def sign_out_everywhere(
    database: Database, account_id: UUID, *, except_for: UUID | None = None
) -> int:
    """End an account's sessions, all or all but one; how many."""
    return await database.run(session_rows.end_of_account, account_id, except_for)


async def revoke(database: Database, account_id: UUID, session_id: UUID) -> bool:
    """End one of an account's own sessions; whether there was one."""
    return await database.run(session_rows.end_one, account_id, session_id)


async def listed(database: Database, account_id: UUID, *, now: datetime) -> list[Listed]:
    """An account's sessions, the one used last first."""
    return await database.run(session_rows.of_account, account_id, now)


def short_user_agent(text: str) -> str:
    """Browser and system, as people know them; what a header says beyond that isn't kept."""
    browser = next((name for sign, name in _BROWSERS if sign in text), None)
    system = next((name for sign, name in _SYSTEMS if sign in text), None)
    if browser and system:
        return f"{browser}, {system}"
    return browser or system or _PLAIN.sub("", text.partition("/")[0])[:USER_AGENT_LENGTH_MAX]
