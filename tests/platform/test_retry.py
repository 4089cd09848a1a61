"""The retry policy, its sleep and its chance injected."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from bookonce.platform.errors import BookingConflictError, TryAgainError
from bookonce.platform.retry import RetryPolicy, is_transient

SERIALIZATION = asyncpg.SerializationError("could not serialize access")
DEADLOCK = asyncpg.DeadlockDetectedError("deadlock detected")
CONFUSED = asyncpg.InternalClientError("cannot switch to state 15")
LOST = asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")


class Slept:
    """A sleep that only writes down for how long."""

    def __init__(self) -> None:
        self.ms: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.ms.append(round(seconds * 1000, 6))


def failing(*errors: BaseException) -> Callable[[], Awaitable[str]]:
    """An operation that fails with each of these in turn, and then succeeds."""
    left = list(errors)

    async def operation() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return operation


def policy(slept: Slept, draw: float = 0.0) -> RetryPolicy:
    return RetryPolicy(sleep=slept, draw=lambda: draw)


def test_the_contract_is_five_attempts_from_100_ms_doubling() -> None:
    contract = RetryPolicy()
    assert (contract.attempts, contract.base_ms, contract.factor) == (5, 100, 2)


async def test_success_at_first_sleeps_never() -> None:
    slept = Slept()
    assert await policy(slept).run(failing()) == "done"
    assert slept.ms == []


@pytest.mark.parametrize("error", [SERIALIZATION, DEADLOCK, LOST, CONFUSED])
async def test_success_on_a_later_attempt(error: BaseException) -> None:
    slept = Slept()
    assert await policy(slept).run(failing(error, error)) == "done"
    assert slept.ms == [100, 200]


async def test_success_on_the_last_attempt() -> None:
    slept = Slept()
    assert await policy(slept).run(failing(*[DEADLOCK] * 4)) == "done"
    assert slept.ms == [100, 200, 400, 800]


async def test_after_five_attempts_it_says_try_again_and_why() -> None:
    slept = Slept()
    with pytest.raises(TryAgainError) as refusal:
        await policy(slept).run(failing(*[SERIALIZATION] * 5))
    assert slept.ms == [100, 200, 400, 800]
    assert refusal.value.__cause__ is SERIALIZATION


async def test_jitter_shortens_a_delay_by_up_to_half() -> None:
    slept = Slept()
    await policy(slept, draw=0.5).run(failing(DEADLOCK, DEADLOCK))
    assert slept.ms == [75, 150]
    shortest = policy(slept, draw=0.999999).delay_ms(1)
    assert 50 <= shortest < 50.001


async def test_each_attempt_is_counted() -> None:
    attempts: list[int] = []
    await policy(Slept()).run(failing(DEADLOCK, LOST), lambda: attempts.append(1))
    assert len(attempts) == 3


@pytest.mark.parametrize(
    "error",
    [
        BookingConflictError("taken"),
        asyncpg.UniqueViolationError("duplicate key"),
        asyncpg.ForeignKeyViolationError("no such row"),
        asyncpg.UndefinedColumnError("no such column"),
        ValueError("a bug"),
        asyncpg.InterfaceError("the number of arguments is wrong"),
    ],
)
async def test_what_is_not_transient_is_raised_at_once(error: Exception) -> None:
    slept = Slept()
    with pytest.raises(type(error)):
        await policy(slept).run(failing(error))
    assert slept.ms == []
    assert not is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.LockNotAvailableError("canceling statement due to lock timeout"),
        asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
        asyncpg.TooManyConnectionsError("too many clients"),
        asyncpg.DiskFullError("no space left"),
        TimeoutError(),
    ],
)
async def test_a_busy_database_is_not_waited_for_again(error: Exception) -> None:
    slept = Slept()
    with pytest.raises(TryAgainError):
        await policy(slept).run(failing(error))
    assert slept.ms == []


@pytest.mark.parametrize(
    "error",
    [
        SERIALIZATION,
        DEADLOCK,
        LOST,
        asyncpg.AdminShutdownError("terminating connection"),
        asyncpg.CrashShutdownError("crash of another server process"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 15; another operation is in progress"),
        ConnectionRefusedError(),
        ConnectionResetError(),
        FileNotFoundError("no socket there"),
    ],
)
def test_write_conflicts_and_lost_connections_are_transient(error: Exception) -> None:
    assert is_transient(error)
