"""Block: time off and blocked hours, under the same guard as appointments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Range

from bookonce.availability import block_rows, hold_rows
from bookonce.availability.block_rows import BlockClaim
from bookonce.availability.installation import Installation
from bookonce.availability.zone_rules import require_as_new
from bookonce.events import catalogue, event_rows
from bookonce.events.catalogue import BlockFacts
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.errors import (
    BlockConflictError,
    FieldError,
    NotFoundError,
    ValidationError,
)
from bookonce.platform.ids import new_id
from bookonce.platform.zones import wall

REASON_LENGTH_MAX = 200


class BlockKind(StrEnum):
    """Why a person's time is taken without an appointment."""

    TIME_OFF = "time_off"  # an absence
    BLOCKED = "blocked"  # hours kept free for something else


class Source(StrEnum):
    """Who keeps a claim that isn't an appointment's, and alone takes it away again."""

    FILE = "file"  # the business file; applying it leaves all others as they are
    OFFICE = "office"  # people, through the office or its API
    CALENDAR = "calendar"  # a calendar elsewhere


@dataclass(frozen=True, slots=True)
class Block:
    """Blocked time as it was made."""

    id: UUID
    staff: str
    start: datetime
    end: datetime
    kind: BlockKind
    reason: str | None


async def block(
    installation: Installation,
    slug: str,
    staff_key: str,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    kind: BlockKind = BlockKind.BLOCKED,
    reason: str | None = None,
    actor: Actor,
) -> Block:
    """Take somebody's time from `start` up to, not including, `end`; both aware, whole minutes.

    Raises BlockConflictError with the appointments in the way, ValidationError, NotFoundError.
    """
    _require_sound(start, end, reason)
    directory = await installation.current(slug)
    require_as_new(directory)
    directory.require_staff(staff_key)
    made = Block(new_id(), staff_key, start.astimezone(UTC), end.astimezone(UTC), kind, reason)
    event_id = new_id()
    claim = block_claim(directory.business_id, directory.staff_ids[staff_key], made, directory.zone)

    async def work(connection: Connection) -> Block:
        if await block_rows.exists(connection, directory.business_id, made.id):
            return made  # a lost attempt of ours made it
        await take_block(connection, claim, now)
        await event_rows.append(
            connection,
            directory.business_id,
            event_id,
            catalogue.BLOCKED,
            BlockFacts(staff_key, made.start, made.end, kind.value, reason),
            actor=actor,
            now=now,
        )
        return made

    return await installation.database.transaction(work)


async def unblock(
    installation: Installation,
    slug: str,
    block_id: UUID,
    *,
    now: datetime,
    actor: Actor,
) -> None:
    """Give blocked time back. Raises NotFoundError if there is no such block."""
    directory = await installation.current(slug)
    event_id = new_id()

    async def work(connection: Connection) -> None:
        gone = await block_rows.remove(connection, directory.business_id, block_id)
        if gone is None:
            if await event_rows.exists(connection, directory.business_id, event_id):
                return  # a lost attempt of ours gave it back
            raise NotFoundError("There is no such block.")
        during = gone["during"]
        await event_rows.append(
            connection,
            directory.business_id,
            event_id,
            catalogue.UNBLOCKED,
            BlockFacts(gone["key"], during.lower, during.upper, gone["kind"], gone["reason"]),
            actor=actor,
            now=now,
        )

    await installation.database.transaction(work)


def block_claim(
    business_id: UUID,
    resource_id: UUID,
    made: Block,
    zone: ZoneInfo,
    source: Source = Source.OFFICE,
) -> BlockClaim:
    """The claim of a block, as the zone's clock has it."""
    return BlockClaim(
        business_id=business_id,
        claim_id=made.id,
        resource_id=resource_id,
        during=Range(made.start, made.end),
        kind=made.kind.value,
        reason=made.reason,
        source=source.value,
        zone=zone.key,
        wall_start=wall(zone, made.start),
        wall_end=wall(zone, made.end),
    )


async def take_block(connection: Connection, claim: BlockClaim, now: datetime) -> None:
    """Insert the claim of a block inside a transaction. Raises BlockConflictError."""
    business_id, resource_id, during = claim.business_id, claim.resource_id, claim.during
    while not await block_rows.block(connection, claim):
        if await hold_rows.expire_around(connection, business_id, [resource_id], during, now):
            continue
        in_the_way = await block_rows.in_the_way(connection, business_id, resource_id, during)
        if in_the_way:
            raise BlockConflictError(
                "Something stands in this time already; move or cancel it first.",
                in_the_way=in_the_way,
                appointments=[one for one in in_the_way if one["appointment_id"]],
            )


def _require_sound(start: datetime, end: datetime, reason: str | None) -> None:
    errors = []
    for name, instant in (("start", start), ("end", end)):
        if instant.tzinfo is None:
            errors.append(FieldError(name, "expected a time with an offset"))
        elif instant.second or instant.microsecond:
            errors.append(FieldError(name, "expected a whole minute"))
    if not errors and end <= start:
        errors.append(FieldError("end", "must be after start"))
    if reason and len(reason) > REASON_LENGTH_MAX:
        errors.append(FieldError("reason", f"at most {REASON_LENGTH_MAX} characters"))
    if errors:
        raise ValidationError(errors)
