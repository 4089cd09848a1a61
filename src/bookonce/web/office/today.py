"""Today: who comes when, to whom, for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from litestar import MediaType, Response, get

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.booking import day_rows
from bookonce.booking.appointment import Status
from bookonce.booking.day_rows import ListedAppointment
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.page import Office
from bookonce.web.office.words import status_name

SHOWN = (Status.HELD, Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW)
ZONES_APART_MAX = timedelta(hours=26)
"""How far apart the same date begins around the world."""


@dataclass(frozen=True, slots=True)
class Line:
    """An appointment as the list shows it, by the clock of its place."""

    id: UUID
    start: str
    end: str
    machine_start: str
    client: str
    services: str
    staff: str
    place: str
    status: Status
    status_name: str
    is_now: bool
    is_over: bool


@get(
    "/{slug:str}",
    include_in_schema=False,
    media_type=MediaType.HTML,
    needs=Right.SEE_CALENDAR,
)
async def today(office: Page, access: Admitted) -> Response[str]:
    """The appointments of today, those of others only for who may see them."""
    assert office.directory is not None
    day = office.now.astimezone(office.directory.zone).date()
    midnight = datetime.combine(day, time(), office.directory.zone)
    found = await office.installation.database.run(
        day_rows.between,
        office.directory.business_id,
        midnight - ZONES_APART_MAX,
        midnight + timedelta(days=1) + ZONES_APART_MAX,
        SHOWN,
        None if access.may(Right.SEE_ALL_CALENDARS) else _own(access),
    )
    todays = [
        each
        for each in found
        if each.start.astimezone(each.zone).date() == office.now.astimezone(each.zone).date()
        and not (each.status is Status.HELD and _has_run_out(each, office.now))
    ]
    return office.render(
        "today.html",
        day=office.language.long_day(day),
        lines=[_line(office, access, each) for each in todays],
        upcoming=sum(each.status in (Status.HELD, Status.CONFIRMED) for each in todays),
        is_own_only=not access.may(Right.SEE_ALL_CALENDARS),
        lacks_staff=access.staff_key is None,
    )


def _own(access: Access) -> str:
    return access.staff_key or ""  # no staff member has an empty key


def _has_run_out(each: ListedAppointment, now: datetime) -> bool:
    return each.hold_expires_at is not None and each.hold_expires_at <= now


def _line(office: Office, access: Access, each: ListedAppointment) -> Line:
    start, end = each.start.astimezone(each.zone), each.end.astimezone(each.zone)
    seen = [part for part in each.parts if access.may_see(part.staff)]
    spoken = office.language
    return Line(
        id=each.appointment_id,
        start=spoken.time(start),
        end=spoken.clock(end, start.date()),
        machine_start=start.isoformat(),
        client=each.client_name,
        services=spoken.listed([part.service for part in seen]),
        staff=spoken.listed(list(dict.fromkeys(part.staff_name for part in seen))),
        place=each.location_name,
        status=each.status,
        status_name=status_name(each.status, spoken.words),
        is_now=each.start <= office.now < each.end,
        is_over=each.end <= office.now,
    )
