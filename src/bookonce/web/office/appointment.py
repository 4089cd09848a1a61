"""One appointment: what it is, what happened to it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.booking import client_rows
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.find import Found
from bookonce.business.document import ANYONE
from bookonce.clients import client_rows as clients
from bookonce.desk import history_rows
from bookonce.desk.change import (
    DeskEdit,
    attend_at_desk,
    cancel_at_desk,
    edit_at_desk,
    found_at_desk,
    move_at_desk,
    reopen_at_desk,
    undo_at_desk,
)
from bookonce.desk.request import DeskChange, DeskMove, Overbook
from bookonce.messages.office_log import messages_of_appointment
from bookonce.platform import money
from bookonce.platform.errors import BookonceError, NotFoundError
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.desk_form import DeskForm, status_of, told
from bookonce.web.office.history import Line, lines
from bookonce.web.office.messages.lines import message_lines
from bookonce.web.office.page import Office
from bookonce.web.office.rebook import again
from bookonce.web.office.words import status_name

PATH = "/{slug:str}/appointments/{appointment_id:uuid}"
Answer = Response[str] | Redirect


@get(PATH, include_in_schema=False, media_type=MediaType.HTML, needs=Right.SEE_CALENDAR)
async def appointment_page(office: Page, access: Admitted, appointment_id: UUID) -> Response[str]:
    """The appointment as it is, with its history."""
    done = office.request.query_params.get("done", "")
    return await _page(office, access, appointment_id, done=done)


@post(f"{PATH}/move", include_in_schema=False, media_type=MediaType.HTML, needs=Right.MOVE)
async def move_by_form(office: Page, access: Admitted, appointment_id: UUID) -> Answer:
    """To another time or person."""

    async def move(form: DeskForm) -> str:
        found = await _found(office, access, appointment_id)
        reason = form.optional("overbook_reason")
        await move_at_desk(
            office.installation,
            office.business.slug,
            appointment_id,
            DeskMove(
                start=form.instant(found.appointment.clock),
                staff=form.optional("staff"),
                break_rules=form.broken_rules(),
                overbook=Overbook(reason) if reason else None,
                notify=form.is_on("notify"),
            ),
            access=access,
            now=office.now,
        )
        return "moved"

    return await _changed(office, access, appointment_id, move)


@post(f"{PATH}/undo", include_in_schema=False, media_type=MediaType.HTML, needs=Right.MOVE)
async def undo_by_form(office: Page, access: Admitted, appointment_id: UUID) -> Answer:
    """Back to where it was."""

    async def undo(_: DeskForm) -> str:
        await undo_at_desk(
            office.installation, office.business.slug, appointment_id, access=access, now=office.now
        )
        return "undone"

    return await _changed(office, access, appointment_id, undo)


@post(
    f"{PATH}/cancellation", include_in_schema=False, media_type=MediaType.HTML, needs=Right.CANCEL
)
async def cancel_by_form(office: Page, access: Admitted, appointment_id: UUID) -> Answer:
    """Gives the time back."""

    async def cancel(form: DeskForm) -> str:
        await cancel_at_desk(
            office.installation,
            office.business.slug,
            appointment_id,
            DeskChange(reason=form.optional("reason"), notify=form.is_on("notify")),
            access=access,
            now=office.now,
        )
        return "cancelled"

    return await _changed(office, access, appointment_id, cancel)


@post(f"{PATH}/completion", include_in_schema=False, media_type=MediaType.HTML, needs=Right.MARK)
async def complete_by_form(office: Page, access: Admitted, appointment_id: UUID) -> Answer:
    """The visit took place."""
    return await _attended(office, access, appointment_id, Status.COMPLETED)


@post(f"{PATH}/no-show", include_in_schema=False, media_type=MediaType.HTML, needs=Right.MARK)
async def miss_by_form(office: Page, access: Admitted, appointment_id: UUID) -> Answer:
    """The client did not come."""
    return await _attended(office, access, appointment_id, Status.NO_SHOW)


@post(f"{PATH}/reopening", include_in_schema=False, media_type=MediaType.HTML, needs=Right.MARK)
async def reopen_by_form(office: Page, access: Admitted, appointment_id: UUID) -> Answer:
    """Confirms it again."""

    async def reopen(form: DeskForm) -> str:
        await reopen_at_desk(
            office.installation,
            office.business.slug,
            appointment_id,
            DeskChange(notify=form.is_on("notify")),
            access=access,
            now=office.now,
        )
        return "reopened"

    return await _changed(office, access, appointment_id, reopen)


@post(f"{PATH}/notes", include_in_schema=False, media_type=MediaType.HTML, needs=Right.BOOK)
async def note_by_form(office: Page, access: Admitted, appointment_id: UUID) -> Answer:
    """Keeps a note."""

    async def note(form: DeskForm) -> str:
        await edit_at_desk(
            office.installation,
            office.business.slug,
            appointment_id,
            DeskEdit(notes=form.text("notes")),
            access=access,
            now=office.now,
        )
        return "noted"

    return await _changed(office, access, appointment_id, note)


async def _attended(
    office: Office, access: Access, appointment_id: UUID, outcome: Status
) -> Answer:
    async def attend(_: DeskForm) -> str:
        await attend_at_desk(
            office.installation,
            office.business.slug,
            appointment_id,
            outcome,
            DeskChange(),
            access=access,
            now=office.now,
        )
        return outcome.value

    return await _changed(office, access, appointment_id, attend)


async def _changed(
    office: Office,
    access: Access,
    appointment_id: UUID,
    change: Callable[[DeskForm], Awaitable[str]],
) -> Answer:
    """The page again after a change, or with why it was refused."""
    request: Request[Any, Any, Any] = office.request
    try:
        done = await change(DeskForm(await request.form()))
    except NotFoundError:
        raise
    except BookonceError as error:
        return await _page(office, access, appointment_id, refused=error)
    return office.redirect(
        f"/office/{office.business.slug}/appointments/{appointment_id}?done={done}"
    )


@dataclass(frozen=True, slots=True)
class _May:
    """What can be done with an appointment now, by who looks at it."""

    move: bool
    cancel: bool
    close: bool
    reopen: bool
    edit: bool
    break_rules: bool
    overbook: bool


async def _page(
    office: Office,
    access: Access,
    appointment_id: UUID,
    *,
    done: str = "",
    refused: BookonceError | None = None,
) -> Response[str]:
    found = await _found(office, access, appointment_id)
    appointment, language = found.appointment, office.language
    directory = found.directory
    run = office.installation.database.run
    history = await run(history_rows.of_appointment, access.business_id, appointment_id)
    guest = await run(client_rows.particulars, access.business_id, appointment_id)
    messages = await messages_of_appointment(
        office.installation, directory, appointment_id, access=access
    )
    zone = appointment.clock
    start, end = appointment.start.astimezone(zone), appointment.end.astimezone(zone)
    sees = access.may(Right.SEE_CLIENTS)
    known = (
        await run(clients.found, access.business_id, guest.client_id)
        if sees and guest and guest.client_id
        else None
    )
    return office.render(
        "appointment.html",
        status=status_of(refused) if refused else 200,
        refused=told(refused, language) if refused else "",
        is_conflict=refused is not None and refused.code == "BOOKING_CONFLICT",
        done=_done(done, office),
        appointment=appointment,
        client=appointment.client_name or language.words.gettext("Walk-in"),
        phone=guest.phone if guest and sees else None,
        email=guest.email if guest and sees else None,
        known=known,
        when=language.stretch(start, end),
        day=start.date().isoformat(),
        clock=f"{start:%H:%M}",
        status_name=status_name(appointment.status, language.words),
        parts=[
            (
                language.time(part.start.astimezone(zone)),
                part.service_name,
                part.staff_name,
            )
            for part in appointment.parts
        ],
        where=appointment.where,
        price=language.amount(
            money.major(appointment.price_minor, appointment.currency), appointment.currency
        )
        if appointment.price_minor is not None
        else "",
        history=list[Line](lines(history, language, zone)),
        again=await again(office, access, appointment),
        messages=message_lines(messages, directory, language, access),
        may=_may(appointment, access, office),
        can_undo=done == "moved",
        people=[
            (staff.key, staff.name)
            for staff in directory.business.staff
            if access.may_see(staff.key)
        ],
        anyone=ANYONE,
        back=f"/office/{directory.slug}/calendar?date={start.date()}&view=day",
    )


def _may(appointment: Appointment, access: Access, office: Office) -> _May:
    is_confirmed = appointment.status is Status.CONFIRMED
    is_own = not access.is_own_only or all(
        key == access.staff_key for key in appointment.performers
    )
    has_begun = office.now >= appointment.start
    return _May(
        move=is_confirmed and is_own and access.may(Right.MOVE),
        cancel=appointment.status in (Status.CONFIRMED, Status.HELD)
        and is_own
        and access.may(Right.CANCEL),
        close=is_confirmed and has_begun and is_own and access.may(Right.MARK),
        reopen=appointment.status in (Status.CANCELLED, Status.COMPLETED, Status.NO_SHOW)
        and is_own
        and access.may(Right.MARK),
        edit=is_own and access.may(Right.BOOK),
        break_rules=access.may(Right.BREAK_RULES),
        overbook=access.may(Right.OVERBOOK),
    )


def _done(done: str, office: Office) -> str:
    _ = office.language.words.gettext
    return {
        "booked": _("Booked."),
        "moved": _("Moved."),
        "undone": _("Back where it was."),
        "cancelled": _("Cancelled."),
        "completed": _("Marked as done."),
        "no_show": _("Marked as missed."),
        "reopened": _("Confirmed again."),
        "noted": _("Saved."),
        "resent": _("The message is being sent again, as it is true now."),
    }.get(done, "")


async def _found(office: Office, access: Access, appointment_id: UUID) -> Found:
    return await found_at_desk(
        office.installation,
        office.business.slug,
        appointment_id,
        access=access,
        right=Right.SEE_CALENDAR,
        now=office.now,
    )


HANDLERS = [
    appointment_page,
    move_by_form,
    undo_by_form,
    cancel_by_form,
    complete_by_form,
    miss_by_form,
    reopen_by_form,
    note_by_form,
]
