"""Argon2, away from the event loop: a hash takes 64 MiB and some tens of milliseconds, so only a few
are made at once, and whoever comes when many wait already is asked to try again.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bookonce.platform.errors import TryAgainError

AT_ONCE_MAX = 2
WAITING_MAX = 40

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(AT_ONCE_MAX, "argon2")
_waiting = 0


async def hashed(password: str) -> str:
    """What is stored of a password. Raises TryAgainError."""
    return str(await _away(_hasher.hash, password))


async def matches(password_hash: str | None, password: str) -> bool:
    """Whether a password is the one. Takes as long where there is none. Raises TryAgainError."""
    return bool(await _away(_verify, password_hash, password))


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        _hasher.verify(password_hash or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")


async def _away(work: object, *args: object) -> object:
    global _waiting  # noqa: PLW0603 - a count for this process, touched by its one event loop
    if _waiting >= WAITING_MAX:
        raise TryAgainError("Many people are signing in; try again in a moment.")
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work, *args)  # type: ignore[arg-type]
    finally:
        _waiting -= 1
