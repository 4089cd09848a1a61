"""The pool of connections and the two ways to use it: a read, and a transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Concatenate, ParamSpec, TypeVar

import asyncpg

from bookonce.platform.connection import Connection
from bookonce.platform.hosts import Hosts, Opened
from bookonce.platform.retry import DATABASE_ERRORS, RetryPolicy, is_connection_loss
from bookonce.platform.wake import Waker

T = TypeVar("T")
P = ParamSpec("P")

_after_commit: ContextVar[list[Callable[[Database], None]] | None] = ContextVar(
    "after_commit", default=None
)

LOCK_TIMEOUT_MS = 2_000  # longer than deadlock_timeout (1 s), so that deadlocks are told apart
STATEMENT_TIMEOUT_MS = 10_000
_SESSION = f"""
    SET lock_timeout = {LOCK_TIMEOUT_MS};
    SET statement_timeout = {STATEMENT_TIMEOUT_MS};
    SET idle_in_transaction_session_timeout = {STATEMENT_TIMEOUT_MS}
"""
CONNECT_TIMEOUT_S = 5.0
ACQUIRE_TIMEOUT_S = 10.0


def after_commit(act: Callable[[Database], None]) -> None:
    """Have something done once the statement or transaction under way has committed; never, if it
    is rolled back. Outside of `Database.run` and `Database.transaction` nothing happens.
    """
    acts = _after_commit.get()
    if acts is not None and act not in acts:
        acts.append(act)


class Database:
    """PostgreSQL as the verbs see it: work that is retried by one policy.

    `on_attempt` is called before each attempt of an operation, for metrics.
    """

    def __init__(
        self,
        url: str,
        *,
        connections_max: int = 10,
        retry: RetryPolicy | None = None,
        on_attempt: Callable[[], None] = lambda: None,
    ) -> None:
        self.url = url
        self._hosts = Hosts(url)
        self.retry = retry or RetryPolicy()
        self._connections_max = connections_max
        self._on_attempt = on_attempt
        self._opened: asyncpg.Pool[asyncpg.Record] | None = None
        self._waker = Waker(self.connection)

    async def open(self) -> None:
        """Ready the pool. Connects to nothing yet: a server starts while its database is away."""
        self._opened = await asyncpg.create_pool(
            self.url,
            connect=self._connect,
            min_size=0,
            max_size=self._connections_max,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=STATEMENT_TIMEOUT_MS / 1000 + 2,
            max_inactive_connection_lifetime=300,
            reset=_leave_as_it_is,
            server_settings={"application_name": "bookonce", "timezone": "UTC"},
        )

    async def _connect(self, dsn: str | None = None, **options: Any) -> Opened:
        """A connection with our timeouts. They are set once it is there: poolers know few settings
        that come with the connection, and refuse the others."""
        del dsn  # the pool's; it is `url`
        connection = await self._hosts.connect(**options)
        try:
            await connection.execute(_SESSION)
        except BaseException:
            connection.terminate()
            raise
        return connection

    @property
    def _pool(self) -> asyncpg.Pool[asyncpg.Record]:
        assert self._opened is not None, "open the database first"
        return self._opened

    async def close(self) -> None:
        """Close the connections that nobody uses, and the others when they are done."""
        await self._pool.close()

    async def run(
        self,
        statement: Callable[Concatenate[Connection, P], Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a function of one statement, which is its own transaction, under the retry policy.

        It is called with a connection and what follows it here.
        """

        async def attempt() -> T:
            async with self.connection() as connection:
                return await statement(connection, *args, **kwargs)

        return await self._with_retries(attempt)

    async def transaction(
        self,
        work: Callable[Concatenate[Connection, P], Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `work` in one transaction under the retry policy; an exception rolls it back."""

        async def attempt() -> T:
            async with self.connection() as connection, connection.transaction():
                return await work(connection, *args, **kwargs)

        return await self._with_retries(attempt)

    async def _with_retries(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What one attempt asked to have done after its commit is done by the one that succeeds."""

        async def fresh() -> T:
            acts: list[Callable[[Database], None]] = []
            token = _after_commit.set(acts)
            try:
                result = await attempt()
            finally:
                _after_commit.reset(token)
            for act in acts:
                act(self)
            return result

        return await self.retry.run(fresh, self._on_attempt)

    def wake_workers(self) -> None:
        """Wake the jobs' workers soon, wherever they are; never waits."""
        self._waker.wake()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of the pool, for this block only. Bounded wait: raises TimeoutError."""
        # Where one is free nobody waits; a timer for that costs more than taking it.
        timeout_s = None if self._pool.get_idle_size() else ACQUIRE_TIMEOUT_S
        async with self._pool.acquire(timeout=timeout_s) as connection:
            try:
                yield connection
            except DATABASE_ERRORS as error:
                if is_connection_loss(error):
                    connection.terminate()  # or the next one would be given what is broken
                raise

    @property
    def connections_open(self) -> int:
        """Connections the pool holds now."""
        return self._pool.get_size()

    @property
    def connections_idle(self) -> int:
        """Connections of the pool that nobody uses now."""
        return self._pool.get_idle_size()


async def _leave_as_it_is(_: Connection) -> None:
    """Ready a connection for its next user, without the round trip that the pool spends by default.

    The pool has rolled back a transaction that was left open. We set nothing else on a session, and
    what it would reset are our timeouts.
    """
