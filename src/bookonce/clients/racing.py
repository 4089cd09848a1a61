"""Doing a change again that lost a race for a mail address or an idempotency key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import TryAgainError

T = TypeVar("T")
RACES_LOST_MAX = 20


async def until_won(database: Database, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Run a transaction again while a rival takes what it needs; whoever comes then finds the
    rival's row and does without. Raises TryAgainError.
    """
    for _ in range(RACES_LOST_MAX):
        try:
            return await database.transaction(work)
        except asyncpg.UniqueViolationError:
            continue
    raise TryAgainError("These clients keep changing; try again in a moment.")
