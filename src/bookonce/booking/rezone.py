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
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Range

from bookonce.availability import shift_rows
from bookonce.availability.block_rows import BlockClaim
from bookonce.availability.installation import Installation
from bookonce.availability.rules import is_behind, require_as_new
from bookonce.booking import appointment_rows, rezone_rows
from bookonce.booking.facts import facts_of
from bookonce.booking.rezone_rows import AheadAppointment, AheadBlock
from bookonce.business import business_rows
from bookonce.business.directory import Directory
from bookonce.events import event_rows
from bookonce.events.catalogue import BLOCK_REZONED, REZONED, BlockFacts
from bookonce.platform.actor import SYSTEM
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.ids import new_id
from bookonce.platform.zone_database import RULES
from bookonce.platform.zones import fingerprint, promised, wall

WAIT_S, WAITS_MAX = 0.05, 100
"""How long to wait for transactions that may not know of the new rules; then a later pass does."""
BUSINESSES_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Shift:
    """Something that is no longer at the time that its clock was to show, and what became of it."""

    what: str
    """"appointment", "time_off" or "blocked"."""
    id: UUID
    zone: str
    wall_start: datetime
    """What the clock was to show at the start."""
    was: datetime
    """The instant at which it was."""
    by: timedelta
    about: str
    """What it is, and whose, for people."""
    problem: str = ""
    """Why it couldn't be put right; empty if it was."""


@dataclass(frozen=True, slots=True)
class _Item:
    """One thing ahead that is to be put elsewhere."""

    shift: Shift
    apply: Callable[[Connection], Awaitable[None]]

    @property
    def order(self) -> tuple[bool, float]:
        """So that nothing waits for a neighbour who goes the same way."""
        start_s, goes_later = self.shift.was.timestamp(), self.shift.by > timedelta()
        return goes_later, -start_s if goes_later else start_s


class _CannotGoError(Exception):
    """Something is in the way; its transaction is rolled back."""


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
    is_alone = await _wait(database, begun)
    done: list[Shift] = []

    async def attempt(item: _Item) -> None:
        await database.transaction(item.apply)
        done.append(item.shift)

    async def read() -> list[_Item]:
        return await database.transaction(_items, business_id, now)

    left = await _until_nothing_moves(read, attempt)
    await database.transaction(_finish, business_id, now, is_alone)
    return [*done, *left]


async def would_keep_promises(
    database: Database, business_id: UUID, *, now: datetime
) -> list[Shift]:
    """What `keep_promises` would do now; nothing is changed."""
    told: list[Shift] = []

    async def work(connection: Connection) -> None:
        done: list[Shift] = []

        async def attempt(item: _Item) -> None:
            async with connection.transaction():
                await item.apply(connection)
            done.append(item.shift)

        async def read() -> list[_Item]:
            return await _items(connection, business_id, now)

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
    read: Callable[[], Awaitable[list[_Item]]], attempt: Callable[[_Item], Awaitable[None]]
) -> list[Shift]:
    """Try each in turn, and again those for which somebody else made room; what is left."""
    while True:
        left, moved = [], 0
        for item in sorted(await read(), key=lambda item: item.order):
            try:
                await attempt(item)
            except _CannotGoError as error:
                left.append(_with_problem(item.shift, str(error)))
            else:
                moved += 1
        if not moved or not left:
            return left


async def _finish(connection: Connection, business_id: UUID, now: datetime, is_alone: bool) -> None:
    """Say that all is as promised, if it is."""
    await business_rows.lock(connection, business_id)
    directory = await business_rows.load(connection, business_id)
    if directory is None or directory.zone_rules != RULES or not directory.has_shifted:
        return
    if is_alone and not await _items(connection, business_id, now):
        ours = fingerprint(directory.business.zones)
        await rezone_rows.set_rules(connection, business_id, RULES, ours, has_shifted=False)


async def _items(connection: Connection, business_id: UUID, now: datetime) -> list[_Item]:
    """What isn't where its clock shows what was promised. Of what was made before that was written
    down, what the clock shows now is written down.
    """
    appointments = await rezone_rows.appointments_ahead(connection, business_id, now)
    if walls := {
        one.appointment_id: wall(ZoneInfo(one.zone), one.starts_at)
        for one in appointments
        if one.wall_start is None
    }:
        await rezone_rows.write_walls(connection, business_id, walls, RULES)
    blocks = await rezone_rows.blocks_ahead(connection, business_id, now)
    if walls_of_blocks := {
        one.claim_id: (
            wall(ZoneInfo(one.zone), one.starts_at),
            wall(ZoneInfo(one.zone), one.ends_at),
        )
        for one in blocks
        if one.wall_start is None
    }:
        await rezone_rows.write_walls_of_blocks(connection, business_id, walls_of_blocks)
    found = [_appointment_item(business_id, one, now) for one in appointments]
    found += [_block_item(business_id, one, now) for one in blocks]
    return [item for item in found if item is not None]


def _appointment_item(business_id: UUID, ahead: AheadAppointment, now: datetime) -> _Item | None:
    if ahead.wall_start is None:
        return None
    there = promised(ZoneInfo(ahead.zone), ahead.wall_start, ahead.starts_at)
    if there == ahead.starts_at:
        return None
    by = timedelta() if there is None else there - ahead.starts_at
    shift = Shift(
        "appointment",
        ahead.appointment_id,
        ahead.zone,
        ahead.wall_start,
        ahead.starts_at,
        by,
        ahead.about,
    )

    async def apply(connection: Connection) -> None:
        await _put_appointment(connection, business_id, shift, now)

    return _Item(shift, apply if by else _never_shown)


def _block_item(business_id: UUID, ahead: AheadBlock, now: datetime) -> _Item | None:
    if ahead.wall_start is None or ahead.wall_end is None:
        return None
    zone = ZoneInfo(ahead.zone)
    start = _at_or_after(zone, ahead.wall_start, ahead.starts_at)
    if ahead.starts_at <= now:
        start = ahead.starts_at  # what is past stays as it was
    end = _at_or_after(zone, ahead.wall_end, ahead.ends_at)
    if (start, end) == (ahead.starts_at, ahead.ends_at) or end <= start:
        return None
    by = start - ahead.starts_at or end - ahead.ends_at
    about = " · ".join(text for text in (ahead.resource, ahead.reason) if text)
    shift = Shift(
        ahead.kind, ahead.claim_id, ahead.zone, ahead.wall_start, ahead.starts_at, by, about
    )
    claim = BlockClaim(
        business_id, ahead.claim_id, ahead.resource_id, Range(start, end), ahead.kind, ahead.reason,
        ahead.source, ahead.zone, ahead.wall_start, ahead.wall_end,
    )  # fmt: skip
    facts = BlockFacts(ahead.resource, start, end, ahead.kind, ahead.reason)

    async def apply(connection: Connection) -> None:
        if not await shift_rows.replace_block(connection, claim, now):
            raise _CannotGoError("an appointment is in the way")
        await event_rows.append(
            connection, business_id, new_id(), BLOCK_REZONED, facts, actor=SYSTEM, now=now
        )

    return _Item(shift, apply)


def _at_or_after(zone: ZoneInfo, wall_time: datetime, near: datetime) -> datetime:
    """When a clock shows a time; if it skips it, the first instant after the gap."""
    shown = promised(zone, wall_time, near)
    minute = timedelta(minutes=1)
    while shown is None:
        wall_time += minute
        shown = promised(zone, wall_time, near)
    return shown


async def _put_appointment(
    connection: Connection, business_id: UUID, shift: Shift, now: datetime
) -> None:
    """One transaction: the claims, the appointment, the event. Raises _CannotGoError."""
    await appointment_rows.lock(connection, business_id, shift.id)
    appointment = await appointment_rows.by_id(connection, business_id, shift.id)
    if appointment is None or appointment.start != shift.was or not appointment.takes_time(now):
        raise _CannotGoError("it was changed at the same moment")
    if not await shift_rows.shift(connection, business_id, shift.id, shift.by, now):
        raise _CannotGoError("the time is taken")
    await rezone_rows.shift(connection, business_id, shift.id, shift.by, RULES)
    await event_rows.append(
        connection,
        business_id,
        new_id(),
        REZONED,
        facts_of(appointment.later(shift.by)),
        actor=SYSTEM,
        now=now,
        appointment_id=shift.id,
    )


async def _never_shown(_: Connection) -> None:
    raise _CannotGoError("the clock there doesn't show this time on that day any more")


def _with_problem(shift: Shift, problem: str) -> Shift:
    return replace(shift, problem=problem)
