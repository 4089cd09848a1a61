"""Today: who comes when, to whom, for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import MediaType, Response, get

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.booking.appointment import Status
from bookonce.desk.agenda import Scope, agenda
from bookonce.desk.agenda_rows import Entry
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.page import Office
from bookonce.web.office.settings.steps import shown_steps
from bookonce.web.office.words import status_name


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
    day = office.now.astimezone(office.business.zone).date()
    found = await agenda(  # elsewhere the same date begins up to a day earlier or later
        office.installation,
        office.business,
        day - timedelta(days=1),
        day + timedelta(days=1),
        Scope(),
        access=access,
        now=office.now,
    )
    todays = [each for each in found.entries if _is_today(each, office.now)]
    return office.render(
        "today.html",
        first_steps=await shown_steps(office, access),
        booking_page=f"{office.base}/{office.business.slug}",
        day=office.language.long_day(day),
        lines=[_line(office, access, each) for each in todays],
        upcoming=sum(each.status in (Status.HELD, Status.CONFIRMED) for each in todays),
        is_own_only=not access.may(Right.SEE_ALL_CALENDARS),
        lacks_staff=access.staff_key is None,
    )


def _is_today(each: Entry, now: datetime) -> bool:
    """By the clock of its place."""
    zone = ZoneInfo(each.zone)
    return each.start.astimezone(zone).date() == now.astimezone(zone).date()


def _line(office: Office, access: Access, each: Entry) -> Line:
    zone = ZoneInfo(each.zone)
    start, end = each.start.astimezone(zone), each.end.astimezone(zone)
    seen = [part for part in each.parts if access.may_see(part.staff)]
    spoken = office.language
    return Line(
        id=each.id,
        start=spoken.time(start),
        end=spoken.clock(end, start.date()),
        machine_start=start.isoformat(),
        client=each.client_name,
        services=spoken.listed([part.service_name for part in seen]),
        staff=spoken.listed(list(dict.fromkeys(part.staff_name for part in seen))),
        place=each.location_name,
        status=each.status,
        status_name=status_name(each.status, spoken.words),
        is_now=each.start <= office.now < each.end,
        is_over=each.end <= office.now,
    )
