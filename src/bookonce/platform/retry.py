"""When an operation on the database is tried again, and when it must not be.

What may be retried: serialization failures and deadlocks (the database rolled the transaction
back and asks for another try), and a lost connection. After a lost connection the outcome is
unknown; running the operation again is safe because every verb is made so that doing it twice is
doing it once: a booking carries an idempotency key, a move or a cancellation is conditional on the
appointment's sequence, a block has its own id.

What must not: a refusal (BookingConflictError and its kin are answers, not accidents), and a lock
that stayed taken for the whole of `lock_timeout` (waiting again would be waiting long).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import asyncpg

from bookonce.platform.errors import TryAgainError

T = TypeVar("T")

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
UNIQUE_VIOLATION = "23505"
FOREIGN_KEY_VIOLATION = "23503"
LOCK_NOT_AVAILABLE = "55P03"

READ_ONLY = "25006"
DISK_FULL = "53100"

DATABASE_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # its own confusion, and "no host can be written to"
    OSError,  # a TimeoutError is one
)
"""Whatever a database that is away, stopping, or in trouble makes the driver raise."""
_WRITE_CONFLICTS = frozenset({SERIALIZATION_FAILURE, DEADLOCK_DETECTED})
# Class 08 is connection exceptions; the 57P0x are a server that stops, crashed, or starts;
# 25006 is a primary that has become a standby.
_CONNECTION_LOST = frozenset({"57P01", "57P02", "57P03", READ_ONLY})
# Who we are, which database, what we may do: an operator sees to that.
_CLOSED_TO_US = frozenset({"28000", "28P01", "3D000", "42501"})
# Locks, statement time, connections and disk.
_OVERLOADED = frozenset({LOCK_NOT_AVAILABLE, "57014", "53000", DISK_FULL, "53200", "53300"})


def sqlstate(error: BaseException) -> str | None:
    """The five-character code PostgreSQL gave, if it was PostgreSQL."""
    return error.sqlstate if isinstance(error, asyncpg.PostgresError) else None


def is_write_conflict(error: BaseException) -> bool:
    """A serialization failure or a deadlock: rolled back whole, made to be tried again."""
    return sqlstate(error) in _WRITE_CONFLICTS


def is_connection_loss(error: BaseException) -> bool:
    """The connection ended under the operation, or couldn't be made: the outcome is unknown."""
    code = sqlstate(error)
    if code is not None:
        return code in _CONNECTION_LOST or code.startswith("08")
    if isinstance(error, asyncpg.InternalClientError):
        return True  # the driver lost its place in the protocol, seen when the server was killed
    if isinstance(error, asyncpg.InterfaceError):
        # A bug of ours raises InterfaceError too; only those that speak of the connection count.
        return "connect" in str(error).lower()
    return isinstance(error, OSError) and not isinstance(error, TimeoutError)


def is_overload(error: BaseException) -> bool:
    """The database had no lock, time, connection or disk for us; waiting again would be long."""
    return isinstance(error, TimeoutError) or sqlstate(error) in _OVERLOADED


def is_closed_to_us(error: BaseException) -> bool:
    """The database doesn't let us in, or not do this. Another try is no help; the installation is."""
    return sqlstate(error) in _CLOSED_TO_US


def is_transient(error: BaseException) -> bool:
    """Whether the policy tries again."""
    return is_write_conflict(error) or is_connection_loss(error)


def in_words(error: BaseException) -> str:
    """Why nothing came of it, for whoever asked; operators find the error itself in the log."""
    code = sqlstate(error)
    if code == DISK_FULL:
        return "Nothing can be stored at the moment: a disk is full. Try again later."
    if code == READ_ONLY:
        return "The calendar can be looked at but not changed at the moment; try again later."
    if is_overload(error):
        return "The calendar is busy; try again in a moment."
    return "The calendar can't be reached; try again in a moment."


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Up to `attempts` tries, `base_ms` × 2ⁿ milliseconds apart, less up to `jitter` of that.

    With the defaults: 100, 200, 400 and 800 ms, each shortened by up to half at random so that
    those who collided once don't collide again. `sleep` takes seconds; `draw` gives [0, 1).
    """

    attempts: int = 5
    base_ms: int = 100
    factor: int = 2
    jitter: float = 0.5
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    draw: Callable[[], float] = random.random

    def delay_ms(self, failures: int) -> float:
        """How long to wait after the nth failure, counted from 1."""
        full_ms = float(self.base_ms * self.factor ** (failures - 1))
        return full_ms * (1 - self.jitter * self.draw())

    async def run(
        self,
        operation: Callable[[], Awaitable[T]],
        on_attempt: Callable[[], None] = lambda: None,
    ) -> T:
        """Run `operation` until it answers, refuses, or attempts run out.

        Raises whatever isn't transient at once, and TryAgainError when attempts ran out, or the
        database is overloaded or doesn't let us in.
        """
        for attempt in range(1, self.attempts + 1):
            on_attempt()
            try:
                return await operation()
            except DATABASE_ERRORS as error:
                if not (is_overload(error) or is_closed_to_us(error) or is_transient(error)):
                    raise
                if attempt == self.attempts or not is_transient(error):
                    raise TryAgainError(in_words(error)) from error
            await self.sleep(self.delay_ms(attempt) / 1000)
        raise AssertionError("a policy allows at least one attempt")
