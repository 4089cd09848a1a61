"""Apply and export: a business as a file, all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from asyncpg import Range, Record

from bookonce.core import business_file
from bookonce.core.business import Business, Directory, LocalTime, Staff, TimeOff
from bookonce.core.errors import BlockConflictError, NotFoundError
from bookonce.services.block import BlockKind, take_block
from bookonce.services.installation import new_id
from bookonce.store import appointments, businesses, claims, events
from bookonce.store.database import Connection, Database


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
    new_business_id, location_id = new_id(), new_id()

    async def work(connection: Connection) -> Applied:
        business_id = await businesses.lock(connection, slug)
        before = None
        if business_id is None:
            business_id = new_business_id
            if not await businesses.create(connection, business_id, location_id, business, now):
                business_id = await businesses.lock(connection, slug)  # a rival made it meanwhile
                assert business_id is not None
        if business_id != new_business_id:
            before = await _whole(connection, business_id, slug)
            if not business_file.changes(before, business) and _ordered(before, business):
                return Applied([], [])
            await businesses.update(connection, business_id, business)
        await _write(connection, business_id, business)
        changes = business_file.changes(before, business) or ["order: changed"]
        await events.append(
            connection, business_id, new_id(), "business.applied", "business", now,
            facts=msgspec.json.encode({"changes": changes}).decode(),
        )  # fmt: skip
        return Applied(changes, await _warnings(connection, business_id, before, business, now))

    return await database.transaction(work)


async def export(database: Database, slug: str) -> Business:
    """The business as a file would say it. Raises NotFoundError."""

    async def work(connection: Connection) -> Business:
        found = await businesses.find(connection, slug)
        if found is None:
            raise NotFoundError(f"There is no business {slug!r}.")
        return await _whole(connection, found[0], slug)

    return await database.transaction(work)


async def _whole(connection: Connection, business_id: UUID, slug: str) -> Business:
    """The stored business with its time off."""
    directory = await businesses.load(connection, business_id, slug)
    absences = await claims.time_off(connection, business_id)
    return msgspec.structs.replace(
        directory.business,
        staff=tuple(
            msgspec.structs.replace(staff, time_off=_time_off(directory, staff, absences))
            for staff in directory.business.staff
        ),
    )


def _time_off(
    directory: Directory, staff: Staff, absences: Sequence[Record]
) -> tuple[TimeOff, ...]:
    staff_id = directory.staff_ids[staff.key]
    return tuple(
        TimeOff(
            LocalTime.at(row["during"].lower, directory.zone),
            LocalTime.at(row["during"].upper, directory.zone),
            row["reason"] or "",
        )
        for row in absences
        if row["resource_id"] == staff_id
    )


def _ordered(before: Business, after: Business) -> bool:
    """Whether staff and services stand in the same order, which pages follow."""
    return [staff.key for staff in before.staff] == [staff.key for staff in after.staff] and [
        service.key for service in before.service
    ] == [service.key for service in after.service]


async def _write(connection: Connection, business_id: UUID, business: Business) -> None:
    staff_ids = await businesses.put_staff(
        connection, business_id, [(new_id(), staff) for staff in business.staff]
    )
    await businesses.put_services(
        connection,
        business_id,
        [(new_id(), service) for service in business.service],
        business.business.currency,
        staff_ids,
    )
    await businesses.put_hours(connection, business_id, business.staff, staff_ids)
    await _write_time_off(connection, business_id, business, staff_ids)


async def _write_time_off(
    connection: Connection, business_id: UUID, business: Business, staff_ids: dict[str, UUID]
) -> None:
    """Take and give back absences by difference, so that those that stay are never open."""
    zone = ZoneInfo(business.business.timezone)
    wanted = {
        (staff_ids[staff.key], absence.start.instant(zone), absence.end.instant(zone)): (
            staff,
            absence,
        )
        for staff in business.staff
        for absence in staff.time_off
    }
    stored = {
        (row["resource_id"], row["during"].lower, row["during"].upper): row
        for row in await claims.time_off(connection, business_id)
    }
    for key, row in stored.items():
        same = key in wanted and (row["reason"] or "") == wanted[key][1].reason
        if not same:
            await claims.remove(connection, business_id, row["claim_id"])
    for key, (staff, absence) in wanted.items():
        if key in stored and (stored[key]["reason"] or "") == absence.reason:
            continue
        try:
            await take_block(
                connection, business_id, key[0], new_id(), Range(key[1], key[2]),
                BlockKind.TIME_OFF, absence.reason or None,
            )  # fmt: skip
        except BlockConflictError as error:
            error.facts |= {"staff": staff.key, "zone": zone}
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
    upcoming = await appointments.upcoming_counts(connection, business_id, now)
    kept = {staff.key for staff in after.staff}
    return [
        f"{staff.name} is no longer listed but has {upcoming[staff.key]} upcoming appointments"
        for staff in before.staff
        if staff.key not in kept and upcoming.get(staff.key)
    ]
