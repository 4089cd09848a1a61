"""Apply and export: a business as a file, all of it or nothing."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from bookonce.availability import block_rows
from bookonce.availability.block import Block, BlockKind, Source, block_claim, take_block
from bookonce.booking.change_business import (
    WHATEVER_FITS,
    Applied,
    Mode,
    in_mode,
    locked,
    unfit_since,
)
from bookonce.business import business_rows
from bookonce.business.change import create, put, tell
from bookonce.business.diff import changes
from bookonce.business.directory import Directory
from bookonce.business.document import Business, LocalTime, Resource, Staff, TimeOff
from bookonce.business.versions import instead
from bookonce.platform.actor import COMMAND_LINE, Actor
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import BlockConflictError, MovedError, NotFoundError
from bookonce.platform.ids import new_id


async def apply(
    database: Database,
    business: Business,
    *,
    now: datetime,
    actor: Actor = COMMAND_LINE,
    mode: Mode = WHATEVER_FITS,
) -> Applied:
    """Make a business be what the file says; applying the same again changes nothing.

    Staff and services that the file no longer names are retired, their appointments kept. Of
    absences only those of the file are touched, whatever the office has entered. Raises
    BlockConflictError if an absence is in the way of an appointment, or of one that isn't the
    file's, MovedError if the file has an address that the business had before, and UnfitError in
    strict mode: nothing is changed then.
    """
    new_business_id, event_id = new_id(), new_id()
    zone = ZoneInfo(business.business.timezone)

    async def work(connection: Connection) -> Applied:
        slug = business.business.slug
        business_id = await business_rows.addressed(connection, slug)
        if business_id is None:
            made = await create(connection, new_business_id, business, actor=actor, now=now)
            if made is not None:
                await _write_absences(connection, new_business_id, business, now)
                await tell(
                    connection, new_business_id, event_id, made.version, made.lines, actor, now
                )
                return Applied(new_business_id, made.version, made.lines, [], zone)
            business_id = await business_rows.addressed(connection, slug)  # a rival made it
            assert business_id is not None
        before = await locked(connection, business_id)
        _require_current(before, slug)
        lines = changes(await _with_absences(connection, before), business)
        if not lines:
            return Applied(business_id, before.version, [], [], zone)
        done = await put(connection, business_id, None, instead(business), actor=actor, now=now)
        await _write_absences(connection, business_id, business, now)
        await tell(connection, business_id, event_id, done.version, lines, actor, now)
        unfit = await unfit_since(connection, before, now)
        return Applied(business_id, done.version, lines, unfit, zone)

    return await in_mode(database, work, event_id, mode)


async def export(database: Database, slug: str) -> Business:
    """The business as a file would say it. Raises NotFoundError and MovedError."""
    return await database.transaction(_exported, slug)


async def _exported(connection: Connection, slug: str) -> Business:
    business_id = await business_rows.addressed(connection, slug)
    directory = business_id and await business_rows.load(connection, business_id)
    if not directory:
        raise NotFoundError(f"There is no business {slug!r}.")
    _require_current(directory, slug)
    return await _with_absences(connection, directory)


def _require_current(directory: Directory, slug: str) -> None:
    if directory.slug != slug:
        raise MovedError(
            f"The business that was at {slug!r} is at {directory.slug!r} now.", slug=directory.slug
        )


async def _with_absences(connection: Connection, directory: Directory) -> Business:
    """The business with the absences that its file states."""
    absences: defaultdict[UUID, list[TimeOff]] = defaultdict(list)
    for row in await block_rows.absences_of_file(connection, directory.business_id):
        absences[row["resource_id"]].append(
            TimeOff(
                LocalTime.at(row["during"].lower, directory.zone),
                LocalTime.at(row["during"].upper, directory.zone),
                row["reason"] or "",
            )
        )
    return msgspec.structs.replace(
        directory.business,
        staff=tuple(
            msgspec.structs.replace(each, time_off=tuple(absences[directory.staff_ids[each.key]]))
            for each in directory.business.staff
        ),
        resource=tuple(
            msgspec.structs.replace(
                each, time_off=tuple(absences[directory.resource_ids[each.key]])
            )
            for each in directory.business.resource
        ),
    )


async def _write_absences(
    connection: Connection, business_id: UUID, business: Business, now: datetime
) -> None:
    """Take and give back the file's absences by difference, so that those that stay are never
    open.
    """
    directory = await locked(connection, business_id)
    zone = ZoneInfo(business.business.timezone)
    owners: list[tuple[Staff | Resource, UUID]] = [
        *((each, directory.staff_ids[each.key]) for each in business.staff),
        *((each, directory.resource_ids[each.key]) for each in business.resource),
    ]
    listed = {
        (resource_id, absence.start.instant(zone), absence.end.instant(zone)): (owner, absence)
        for owner, resource_id in owners
        for absence in owner.time_off
    }
    stored = {
        (row["resource_id"], row["during"].lower, row["during"].upper): row
        for row in await block_rows.absences_of_file(connection, business_id)
    }
    for key, row in stored.items():
        same = key in listed and (row["reason"] or "") == listed[key][1].reason
        if not same:
            await block_rows.remove(connection, business_id, row["claim_id"])
    for key, (owner, absence) in listed.items():
        if key in stored and (stored[key]["reason"] or "") == absence.reason:
            continue
        try:
            made = Block(
                new_id(), owner.key, key[1], key[2], BlockKind.TIME_OFF, absence.reason or None
            )
            claim = block_claim(business_id, key[0], made, zone, Source.FILE)
            await take_block(connection, claim, now)
        except BlockConflictError as error:
            raise _explained(error, owner, absence, zone) from None


def _explained(
    error: BlockConflictError, owner: Staff | Resource, absence: TimeOff, zone: ZoneInfo
) -> BlockConflictError:
    """Whose absence can't be taken, and what to do about it."""
    detail = error.detail
    others = [one for one in error.facts["in_the_way"] if one["source"] is not None]
    if others:
        one = others[0]
        start, end = (one[name].astimezone(zone) for name in ("start", "end"))
        reason = f" ({one['reason']})" if one["reason"] else ""
        detail = (
            f"The absence of {owner.key} from {absence.start:%Y-%m-%d %H:%M} overlaps one of the "
            f"{one['source']}, {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}{reason}. "
            "An absence has one source: take it out of the file, or out of there."
        )
    return BlockConflictError(detail, **error.facts | {"staff": owner.key, "zone": zone})
