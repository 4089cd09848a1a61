"""The office's appointments for programs: listed, booked, changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, patch, post
from litestar.params import Parameter

from bookonce.accounts.roles import Right
from bookonce.availability.installation import Installation
from bookonce.booking import client_rows
from bookonce.booking.appointment import Appointment, Status
from bookonce.business.directory import Directory
from bookonce.clients.keep import present_id
from bookonce.desk import agenda_rows, history_rows
from bookonce.desk.agenda import Scope, days_between, filter_of, seen_of, zone_of
from bookonce.desk.agenda_rows import Filter
from bookonce.desk.book import book_at_desk
from bookonce.desk.change import (
    UNDO_WINDOW,
    DeskEdit,
    attend_at_desk,
    cancel_at_desk,
    edit_at_desk,
    found_at_desk,
    move_at_desk,
    reopen_at_desk,
    undo_at_desk,
)
from bookonce.desk.request import DeskBooking, DeskChange, DeskMove
from bookonce.platform.cursor import ByTime, decoded, encoded
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.web.dependencies import Configured, Here, Slug
from bookonce.web.office.api.answers import (
    AppointmentsPage,
    OfficeAppointment,
    appointment_answer,
    entry_answer,
    history_answer,
)
from bookonce.web.office.api.cursor import LIMIT_DEFAULT, LIMIT_MAX
from bookonce.web.office.dependencies import Admitted
from bookonce.web.public.bookings import IdempotencyKey
from bookonce.web.public.documented import OFFICE_CHANGING, OFFICE_READING
from bookonce.web.requests import base_url, json_body

FirstDate = Annotated[date | None, Parameter(query="from", description="by the location's clock")]
LastDate = Annotated[date | None, Parameter(query="to", description="included")]
Listed = Annotated[str | None, Parameter(description="keys, separated by commas")]
Limit = Annotated[int, Parameter(ge=1, le=LIMIT_MAX, description="how many at most")]


@get("/", needs=Right.SEE_CALENDAR, responses=OFFICE_READING, summary="The appointments")
async def list_appointments(
    slug: Slug,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
    first: FirstDate = None,
    last: LastDate = None,
    staff: Listed = None,
    service: Listed = None,
    status: Listed = None,
    location: str | None = None,
    client: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = LIMIT_DEFAULT,
) -> AppointmentsPage:
    """Those that lie at least in part on the dates from `from` to `to`, the earliest first; of every
    status unless some are named.
    """
    directory: Directory = request.state.directory
    now = datetime.now(UTC)
    if client is not None:
        client = await present_id(installation.database, access.business_id, client)
    scope = Scope(
        staff=_keys(staff),
        location=location,
        statuses=_statuses(status),
        services=_keys(service),
        client_id=client,
    )
    seen = seen_of(directory, scope.staff, access)
    if scope.staff or not access.may(Right.SEE_ALL_CALENDARS):
        scope = replace(scope, staff=seen)
        if not seen:
            return AppointmentsPage([], None)
    after_start, after_id = decoded(cursor, ByTime) if cursor is not None else (None, None)
    query = replace(
        _between(directory, scope, first, last),
        after_start=after_start,
        after_id=after_id,
        limit=limit + 1,
    )
    found = await installation.database.run(agenda_rows.appointments, query)
    shown, rest = found[:limit], found[limit:]
    return AppointmentsPage(
        [entry_answer(entry, entry.as_of(now), access) for entry in shown],
        encoded((shown[-1].start, shown[-1].id)) if rest else None,
    )


def _between(directory: Directory, scope: Scope, first: date | None, last: date | None) -> Filter:
    zone = zone_of(directory, scope.location)
    start, end = datetime.min.replace(tzinfo=UTC, year=1970), datetime.max.replace(tzinfo=UTC)
    if first is not None and last is not None and last < first:
        raise ValidationError([FieldError("to", "must not be before from")])
    if first is not None:
        start, _ = days_between(zone, first, first)
    if last is not None:
        _, end = days_between(zone, last, last)
    query = filter_of(directory, start, end, scope)
    return query if first is not None else replace(query, known_start=start)


def _keys(listed: str | None) -> list[str]:
    return listed.split(",") if listed else []


def _statuses(listed: str | None) -> list[Status]:
    found = []
    for word in _keys(listed):
        if word not in set(Status):
            names = ", ".join(Status)
            raise ValidationError([FieldError("status", f"expected any of {names}, got {word!r}")])
        found.append(Status(word))
    return found


@get(
    "/{appointment_id:uuid}",
    needs=Right.SEE_CALENDAR,
    responses=OFFICE_READING,
    summary="One appointment, with its history",
)
async def one_appointment(
    slug: Slug, appointment_id: UUID, installation: Here, access: Admitted
) -> OfficeAppointment:
    """With everything that happened to it, the first first."""
    found = await found_at_desk(
        installation,
        slug,
        appointment_id,
        access=access,
        right=Right.SEE_CALENDAR,
        now=datetime.now(UTC),
    )
    history = await installation.database.run(
        history_rows.of_appointment, access.business_id, appointment_id
    )
    return await _answer(
        installation,
        found.appointment,
        access,
        history=history_answer(history, found.appointment.clock),
    )


@post(
    "/",
    needs=Right.BOOK,
    responses=OFFICE_CHANGING,
    before_request=json_body(DeskBooking),
    summary="Book for somebody",
)
async def book_for_client(
    slug: Slug,
    data: DeskBooking,
    request: Request[Any, Any, Any],
    installation: Here,
    settings: Configured,
    access: Admitted,
    idempotency_key: IdempotencyKey = None,
) -> Response[OfficeAppointment]:
    """The rules hold as for a visitor but for those that are broken by name; a taken time is refused
    unless it is overbooked. There is no deposit.
    """
    booked = await book_at_desk(
        installation,
        slug,
        data,
        access=access,
        now=datetime.now(UTC),
        idempotency_key=idempotency_key,
    )
    manage_url = f"{base_url(request, settings)}/{booked.directory.slug}/a/{booked.token}"
    answer = await _answer(installation, booked.appointment, access, manage_url=manage_url)
    address = f"/api/v1/{booked.directory.slug}/office/appointments/{booked.appointment.id}"
    return Response(answer, headers={"Location": address})


@post(
    "/{appointment_id:uuid}/move",
    needs=Right.MOVE,
    status_code=200,
    responses=OFFICE_CHANGING,
    before_request=json_body(DeskMove),
    summary="Move",
)
async def move_for_client(
    slug: Slug,
    appointment_id: UUID,
    data: DeskMove,
    installation: Here,
    access: Admitted,
    idempotency_key: IdempotencyKey = None,
) -> OfficeAppointment:
    """The new time is taken, and the old one kept until `undo_until`, or nothing happens (409)."""
    now = datetime.now(UTC)
    found = await move_at_desk(
        installation,
        slug,
        appointment_id,
        data,
        access=access,
        now=now,
        idempotency_key=idempotency_key,
    )
    return await _answer(installation, found.appointment, access, undo_until=now + UNDO_WINDOW)


@post(
    "/{appointment_id:uuid}/undo",
    needs=Right.MOVE,
    status_code=200,
    responses=OFFICE_CHANGING,
    summary="Undo the last move",
)
async def undo_move(
    slug: Slug, appointment_id: UUID, installation: Here, access: Admitted
) -> OfficeAppointment:
    """Back to where it was; that can't fail until `undo_until`."""
    found = await undo_at_desk(
        installation, slug, appointment_id, access=access, now=datetime.now(UTC)
    )
    return await _answer(installation, found.appointment, access)


@post(
    "/{appointment_id:uuid}/cancellation",
    needs=Right.CANCEL,
    status_code=200,
    responses=OFFICE_CHANGING,
    before_request=json_body(DeskChange, required=False),
    summary="Cancel",
)
async def cancel_for_client(
    slug: Slug,
    appointment_id: UUID,
    installation: Here,
    access: Admitted,
    data: DeskChange | None = None,
) -> OfficeAppointment:
    """Gives the time back, and all of a deposit."""
    found = await cancel_at_desk(
        installation,
        slug,
        appointment_id,
        data or DeskChange(),
        access=access,
        now=datetime.now(UTC),
    )
    return await _answer(installation, found.appointment, access)


@post(
    "/{appointment_id:uuid}/completion",
    needs=Right.MARK,
    status_code=200,
    responses=OFFICE_CHANGING,
    before_request=json_body(DeskChange, required=False),
    summary="The visit took place",
    operation_id="office_complete_appointment",
)
async def complete(
    slug: Slug,
    appointment_id: UUID,
    installation: Here,
    access: Admitted,
    data: DeskChange | None = None,
) -> OfficeAppointment:
    """From its start on."""
    return await _attend(installation, slug, appointment_id, Status.COMPLETED, data, access)


@post(
    "/{appointment_id:uuid}/no-show",
    needs=Right.MARK,
    status_code=200,
    responses=OFFICE_CHANGING,
    before_request=json_body(DeskChange, required=False),
    summary="The client did not come",
    operation_id="office_mark_no_show",
)
async def miss(
    slug: Slug,
    appointment_id: UUID,
    installation: Here,
    access: Admitted,
    data: DeskChange | None = None,
) -> OfficeAppointment:
    """From its start on."""
    return await _attend(installation, slug, appointment_id, Status.NO_SHOW, data, access)


@post(
    "/{appointment_id:uuid}/reopening",
    needs=Right.MARK,
    status_code=200,
    responses=OFFICE_CHANGING,
    before_request=json_body(DeskChange, required=False),
    summary="Confirm it again",
    operation_id="office_reopen_appointment",
)
async def reopen(
    slug: Slug,
    appointment_id: UUID,
    installation: Here,
    access: Admitted,
    data: DeskChange | None = None,
) -> OfficeAppointment:
    """What was completed, missed or cancelled is confirmed again; what was cancelled takes its time
    again, or nothing happens (409).
    """
    found = await reopen_at_desk(
        installation,
        slug,
        appointment_id,
        data or DeskChange(),
        access=access,
        now=datetime.now(UTC),
    )
    return await _answer(installation, found.appointment, access)


@patch(
    "/{appointment_id:uuid}",
    needs=Right.BOOK,
    responses=OFFICE_CHANGING,
    before_request=json_body(DeskEdit),
    summary="Put it right",
)
async def edit_appointment(
    slug: Slug, appointment_id: UUID, data: DeskEdit, installation: Here, access: Admitted
) -> OfficeAppointment:
    """The note, or whom it is for; what is absent stays."""
    found = await edit_at_desk(
        installation, slug, appointment_id, data, access=access, now=datetime.now(UTC)
    )
    return await _answer(installation, found.appointment, access)


async def _attend(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    outcome: Status,
    data: DeskChange | None,
    access: Admitted,
) -> OfficeAppointment:
    found = await attend_at_desk(
        installation,
        slug,
        appointment_id,
        outcome,
        data or DeskChange(),
        access=access,
        now=datetime.now(UTC),
    )
    return await _answer(installation, found.appointment, access)


async def _answer(
    installation: Installation, appointment: Appointment, access: Admitted, **more: Any
) -> OfficeAppointment:
    """With the client's particulars, which a verb's answer need not have."""
    row = await installation.database.run(
        client_rows.particulars, access.business_id, appointment.id
    )
    if row is not None:
        appointment = msgspec.structs.replace(
            appointment,
            client_id=row.client_id,
            client_name=row.name,
            client_phone=row.phone,
        )
    return appointment_answer(appointment, access, email=row.email if row else None, **more)


router = Router(
    "/appointments",
    route_handlers=[
        list_appointments,
        one_appointment,
        book_for_client,
        move_for_client,
        undo_move,
        cancel_for_client,
        complete,
        miss,
        reopen,
        edit_appointment,
    ],
)
