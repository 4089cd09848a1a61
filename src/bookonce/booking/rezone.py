"""Rezone: when a zone's rules change, what was promised by its clock stays at that time.

A business goes by one version of the zone rules. The first process that has newer ones says so under
the business's lock; from then on no process with older rules that differ books there. Then each
appointment and each absence whose clock would show something else is put where it shows what was
promised, in a transaction of its own. Until that is done, whoever books there does it first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.availability.zone_rules import is_behind, require_as_new
from bookonce.booking import rezone_rows
from bookonce.booking.shifts import CannotGoError, Item, Shift, shifted
from bookonce.business import business_rows
from bookonce.business.directory import Directory
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.zone_database import RULES
from bookonce.platform.zones import fingerprint

WAIT_S, WAITS_MAX = 0.05, 100
"""How long to wait for transactions that may not know of the new rules; then a later pass does."""
BUSINESSES_AT_ONCE = 100


class _TakenBack(Exception):
    """What was only tried is taken back."""


async def go_by_the_same_rules(
    installation: Installation, directory: Directory, now: datetime
) -> None:
    """Before something is booked: keep what was promised if the rules are new. Raises TryAgainError
    if this process is the one whose rules are old.
    """
    if not is_behind(directory):
        require_as_new(directory)
        return

    async def work() -> None:
        await keep_promises(installation.database, directory.business_id, now=now)

    await installation.single_flight.run(("rezone", directory.business_id), work)


async def behind(database: Database, after: UUID) -> Sequence[UUID]:
    """Some businesses that go by older rules, or whose promises aren't all kept, with ids after
    one.
    """
    return await database.run(rezone_rows.behind, RULES, after, BUSINESSES_AT_ONCE)


async def keep_promises(database: Database, business_id: UUID, *, now: datetime) -> list[Shift]:
    """Put what has shifted where its clock shows what was promised; what was done, and what can't.

    May be called by any number of processes at once, any number of times.
    """
    begun = await database.transaction(_begin, business_id)
    if begun is None:
        return []
    done: list[Shift] = []

    async def attempt(item: Item) -> None:
        await database.transaction(item.apply)
        done.append(item.shift)

    async def read() -> list[Item]:
        return await database.transaction(shifted, business_id, now)

    left = await _until_nothing_moves(read, attempt)
    if not left and await _wait(database, begun):
        left = await _until_nothing_moves(read, attempt)  # what was written meanwhile
        await database.transaction(_finish, business_id, now)
    return [*done, *left]


async def would_keep_promises(
    database: Database, business_id: UUID, *, now: datetime
) -> list[Shift]:
    """What `keep_promises` would do now; nothing is changed."""
    told: list[Shift] = []

    async def work(connection: Connection) -> None:
        done: list[Shift] = []

        async def attempt(item: Item) -> None:
            async with connection.transaction():
                await item.apply(connection)
            done.append(item.shift)

        async def read() -> list[Item]:
            return await shifted(connection, business_id, now)

        left = await _until_nothing_moves(read, attempt)
        told[:] = [*done, *left]
        raise _TakenBack

    with suppress(_TakenBack):
        await database.transaction(work)
    return told


async def _begin(connection: Connection, business_id: UUID) -> str | None:
    """Say that the business goes by our rules; None if there is nothing to do. Its rivals are
    changes of the business, and other processes that begin the same.
    """
    await business_rows.lock(connection, business_id)
    directory = await business_rows.load(connection, business_id)
    if directory is None or not is_behind(directory):
        return None
    if directory.zone_rules != RULES:
        ours = fingerprint(directory.business.zones)
        await rezone_rows.set_rules(connection, business_id, RULES, ours, has_shifted=True)
    return await rezone_rows.transaction_id(connection)


async def _wait(database: Database, transaction_id: str) -> bool:
    """Whether everybody who began before we said it is done, so that we see what they wrote."""
    for _ in range(WAITS_MAX):
        if await database.run(rezone_rows.is_alone, transaction_id):
            return True
        await asyncio.sleep(WAIT_S)
    return False


async def _until_nothing_moves(
    read: Callable[[], Awaitable[list[Item]]], attempt: Callable[[Item], Awaitable[None]]
) -> list[Shift]:
    """Try each in turn, and again those for which another one made room; what is left."""
    while True:
        left, moved = [], 0
        for item in sorted(await read(), key=lambda item: item.order):
            try:
                await attempt(item)
            except CannotGoError as error:
                left.append(replace(item.shift, problem=str(error)))
            else:
                moved += 1
        if not moved or not left:
            return left


async def _finish(connection: Connection, business_id: UUID, now: datetime) -> None:
    """Say that all is as promised, if it is."""
    await business_rows.lock(connection, business_id)
    directory = await business_rows.load(connection, business_id)
    if directory is None or directory.zone_rules != RULES or not directory.has_shifted:
        return
    if not await shifted(connection, business_id, now):
        ours = fingerprint(directory.business.zones)
        await rezone_rows.set_rules(connection, business_id, RULES, ours, has_shifted=False)
