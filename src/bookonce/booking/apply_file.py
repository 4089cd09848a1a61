"""Apply and export: a business as a file, all of it or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from asyncpg import Range

from bookonce.availability import claim_rows
from bookonce.availability.block import BlockKind, take_block
from bookonce.availability.installation import new_id
from bookonce.booking import appointment_rows
from bookonce.business import (
    business_file,
    business_rows,
    location_rows,
    resource_rows,
    service_rows,
    working_hours_rows,
)
from bookonce.business.document import Business, LocalTime, Resource, Staff, TimeOff
from bookonce.events import event_rows
from bookonce.events.catalogue import BUSINESS_CHANGED, ChangeFacts
from bookonce.platform.actor import COMMAND_LINE
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import BlockConflictError, NotFoundError


@dataclass(frozen=True, slots=True)
class Applied:
    """What an application changed, a line each, and what deserves a second look."""

    changes: list[str]
    warnings: list[str]


async def apply(database: Database, business: Business, *, now: datetime) -> Applied:
    """Make a business be what the file says; applying the same again changes nothing.

    Staff and services that the file no longer names are retired, their appointments kept. Raises
    BlockConflictError if time off is in the way of an appointment: nothing is changed then.
    """
    slug = business.business.slug
    new_business_id = new_id()

    async def work(connection: Connection) -> Applied:
        business_id = await business_rows.lock(connection, slug)
        before = None
        if business_id is None:
            business_id = new_business_id
            if not await business_rows.create(connection, business_id, business, now):
                business_id = await business_rows.lock(
                    connection, slug
                )  # a rival made it meanwhile
                assert business_id is not None
        if business_id != new_business_id:
            before = await _whole(connection, business_id, slug)
            if not business_file.changes(before, business) and _ordered(before, business):
                return Applied([], [])
            await business_rows.update(connection, business_id, business)
        await _write(connection, business_id, business, now)
        changes = business_file.changes(before, business) or ["order: changed"]
        await event_rows.append(
            connection, business_id, new_id(), BUSINESS_CHANGED, ChangeFacts(tuple(changes)),
            actor=COMMAND_LINE, now=now,
        )  # fmt: skip
        return Applied(changes, await _warnings(connection, business_id, before, business, now))

    return await database.transaction(work)


async def export(database: Database, slug: str) -> Business:
    """The business as a file would say it. Raises NotFoundError."""

    async def work(connection: Connection) -> Business:
        found = await business_rows.find(connection, slug)
        if found is None:
            raise NotFoundError(f"There is no business {slug!r}.")
        return await _whole(connection, found[0], slug)

    return await database.transaction(work)


async def _whole(connection: Connection, business_id: UUID, slug: str) -> Business:
    """The stored business with its time off."""
    directory = await business_rows.load(connection, business_id, slug)
    absences: defaultdict[UUID, list[TimeOff]] = defaultdict(list)
    for row in await claim_rows.time_off(connection, business_id):
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


def _ordered(before: Business, after: Business) -> bool:
    """Whether everything stands in the same order, which pages follow."""
    return _order(before) == _order(after)


def _order(business: Business) -> list[list[str]]:
    lists = business.location, business.staff, business.resource, business.service
    return [[each.key for each in one] for one in lists]


async def _write(
    connection: Connection, business_id: UUID, business: Business, now: datetime
) -> None:
    new_ids = iter(new_id, None)
    location_ids = await location_rows.put(connection, business_id, new_ids, business)
    staff_ids, resource_ids = await resource_rows.put(
        connection, business_id, new_ids, business, location_ids
    )
    await service_rows.put(connection, business_id, new_ids, business, staff_ids, location_ids)
    await working_hours_rows.put(connection, business_id, business.staff, staff_ids, location_ids)
    owners: list[tuple[Staff | Resource, UUID]] = [
        *((each, staff_ids[each.key]) for each in business.staff),
        *((each, resource_ids[each.key]) for each in business.resource),
    ]
    zone = ZoneInfo(business.business.timezone)
    await _write_time_off(connection, business_id, zone, owners, now)


async def _write_time_off(
    connection: Connection,
    business_id: UUID,
    zone: ZoneInfo,
    owners: Sequence[tuple[Staff | Resource, UUID]],
    now: datetime,
) -> None:
    """Take and give back absences by difference, so that those that stay are never open."""
    wanted = {
        (resource_id, absence.start.instant(zone), absence.end.instant(zone)): (owner, absence)
        for owner, resource_id in owners
        for absence in owner.time_off
    }
    stored = {
        (row["resource_id"], row["during"].lower, row["during"].upper): row
        for row in await claim_rows.time_off(connection, business_id)
    }
    for key, row in stored.items():
        same = key in wanted and (row["reason"] or "") == wanted[key][1].reason
        if not same:
            await claim_rows.remove(connection, business_id, row["claim_id"])
    for key, (owner, absence) in wanted.items():
        if key in stored and (stored[key]["reason"] or "") == absence.reason:
            continue
        try:
            await take_block(
                connection, business_id, key[0], new_id(), Range(key[1], key[2]),
                BlockKind.TIME_OFF, absence.reason or None, now,
            )  # fmt: skip
        except BlockConflictError as error:
            error.facts |= {"staff": owner.key, "zone": zone}
            raise


async def _warnings(
    connection: Connection,
    business_id: UUID,
    before: Business | None,
    after: Business,
    now: datetime,
) -> list[str]:
    if before is None:
        return []
    counts = await appointment_rows.upcoming_counts(connection, business_id, now)
    return [
        f"{each.name} is no longer listed but has {upcoming} upcoming appointments"
        for table, number in (("staff", 0), ("location", 1))
        for each in getattr(before, table)
        if each.key not in {kept.key for kept in getattr(after, table)}
        and (upcoming := sum(count[2] for count in counts if count[number] == each.key))
    ]
