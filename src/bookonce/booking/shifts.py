"""Shifts: what isn't at the time that its clock was to show, and how each is put there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Range

from bookonce.availability import shift_rows
from bookonce.availability.block_rows import BlockClaim
from bookonce.booking import appointment_rows, rezone_rows
from bookonce.booking.facts import facts_of
from bookonce.booking.rezone_rows import AheadAppointment, AheadBlock
from bookonce.events import event_rows
from bookonce.events.catalogue import BLOCK_REZONED, REZONED, BlockFacts
from bookonce.platform.actor import SYSTEM
from bookonce.platform.connection import Connection
from bookonce.platform.ids import new_id
from bookonce.platform.zone_database import RULES
from bookonce.platform.zones import promised, wall


@dataclass(frozen=True, slots=True)
class Shift:
    """Something that is no longer at the time that its clock was to show, and what became of it."""

    what: str
    """An appointment, or the kind of a block."""
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
class Item:
    """One thing ahead that is to be put elsewhere."""

    shift: Shift
    apply: Callable[[Connection], Awaitable[None]]

    @property
    def order(self) -> tuple[bool, float]:
        """So that nothing waits for a neighbour who goes the same way."""
        start_s, goes_later = self.shift.was.timestamp(), self.shift.by > timedelta()
        return goes_later, -start_s if goes_later else start_s


class CannotGoError(Exception):
    """Something is in the way; its transaction is rolled back."""


async def shifted(connection: Connection, business_id: UUID, now: datetime) -> list[Item]:
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


def _appointment_item(business_id: UUID, ahead: AheadAppointment, now: datetime) -> Item | None:
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

    return Item(shift, apply if by else _never_shown)


def _block_item(business_id: UUID, ahead: AheadBlock, now: datetime) -> Item | None:
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
            raise CannotGoError("an appointment is in the way")
        await event_rows.append(
            connection, business_id, new_id(), BLOCK_REZONED, facts, actor=SYSTEM, now=now
        )

    return Item(shift, apply)


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
    """One transaction: the claims, the appointment, the event. Raises CannotGoError."""
    await appointment_rows.lock(connection, business_id, shift.id)
    appointment = await appointment_rows.by_id(connection, business_id, shift.id)
    if appointment is None or appointment.start != shift.was or not appointment.takes_time(now):
        raise CannotGoError("it was changed at the same moment")
    if not await shift_rows.shift(connection, business_id, shift.id, shift.by, now):
        raise CannotGoError("the time is taken")
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
    raise CannotGoError("the clock there doesn't show this time on that day any more")
