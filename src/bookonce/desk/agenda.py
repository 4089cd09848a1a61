"""The agenda: what is in the calendar between two dates, for those who may see it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.availability.installation import Installation
from bookonce.availability.selection import SERVICES_MAX
from bookonce.booking.appointment import Status
from bookonce.business.directory import Directory
from bookonce.desk import agenda_rows
from bookonce.desk.agenda_rows import BlockedTime, Entry, Filter
from bookonce.platform.zones import wall_start_of_day_s

IN_CALENDAR = (Status.HELD, Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW)
"""What a calendar shows unless it is asked for more."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """What there is on some dates, the earliest first."""

    entries: Sequence[Entry]
    blocks: Sequence[BlockedTime]


@dataclass(frozen=True, slots=True)
class Scope:
    """Of whom, where and what; nothing: of all."""

    staff: Sequence[str] = ()
    location: str | None = None
    statuses: Sequence[Status] = IN_CALENDAR
    services: Sequence[str] = ()
    client_id: UUID | None = None


async def agenda(
    installation: Installation,
    directory: Directory,
    first: date,
    last: date,
    scope: Scope,
    *,
    access: Access,
    now: datetime,
) -> Agenda:
    """The appointments and the blocked time on the dates `first` to `last`, both included, of the
    clock of the location in `scope`, else the business's.

    Of those whom `access` may see; of what several perform, all. Raises ForbiddenError and
    NotFoundError.
    """
    access.require(Right.SEE_CALENDAR)
    zone = zone_of(directory, scope.location)
    start, end = days_between(zone, first, last)
    seen = seen_of(directory, scope.staff, access)
    if not seen:
        return Agenda((), ())
    if not scope.staff and access.may(Right.SEE_ALL_CALENDARS):
        query = filter_of(directory, start, end, scope)  # those who left have appointments, too
    else:
        query = filter_of(directory, start, end, replace(scope, staff=seen))
    entries = await installation.database.run(agenda_rows.appointments, query)
    blocks = await installation.database.run(
        agenda_rows.blocks,
        directory.business_id,
        [directory.staff_ids[key] for key in seen if key in directory.staff_ids],
        start,
        end,
    )
    return Agenda(list(without_expired(entries, now)), blocks)


def filter_of(directory: Directory, start: datetime, end: datetime, scope: Scope) -> Filter:
    """What the database is asked for."""
    return Filter(
        business_id=directory.business_id,
        first=start,
        end=end,
        known_start=start - longest(directory),
        statuses=[status.value for status in scope.statuses],
        staff=list(scope.staff),
        services=list(scope.services),
        location=scope.location,
        client_id=scope.client_id,
    )


def longest(directory: Directory) -> timedelta:
    """No appointment takes longer; a day at least, since services may have been longer once."""
    longest_min = max((each.duration_min for each in directory.business.service), default=0)
    return max(timedelta(days=1), SERVICES_MAX * timedelta(minutes=longest_min))


def zone_of(directory: Directory, location: str | None) -> ZoneInfo:
    """The clock of a location, by its key; the business's if none is named."""
    return directory.zone if location is None else directory.zone_at(location)


def seen_of(directory: Directory, staff: Collection[str], access: Access) -> list[str]:
    """The keys of those of `staff`, or of all if none is named, whose calendars may be seen, in the
    business's order. Raises NotFoundError if somebody who is named isn't there.
    """
    for key in staff:
        directory.require_staff(key)
    return [
        key for key in directory.staff_ids if (not staff or key in staff) and access.may_see(key)
    ]


def days_between(zone: ZoneInfo, first: date, last: date) -> tuple[datetime, datetime]:
    """From when to when some dates of a zone's clock last."""
    return (
        datetime.fromtimestamp(wall_start_of_day_s(zone, first), UTC),
        datetime.fromtimestamp(wall_start_of_day_s(zone, last + timedelta(days=1)), UTC),
    )


def without_expired(entries: Iterable[Entry], now: datetime) -> Iterable[Entry]:
    """Holds that have run out are in nobody's calendar."""
    return (entry for entry in entries if entry.as_of(now) is not Status.EXPIRED)
