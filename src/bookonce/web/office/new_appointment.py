"""A new appointment: for a client who is found, for somebody new, or for a walk-in."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.business.country import country_of
from bookonce.business.directory import Directory
from bookonce.business.document import ANYONE
from bookonce.clients import client_rows, said, search_rows
from bookonce.clients.scope import performer_of
from bookonce.clients.search_rows import FoundClient
from bookonce.desk.book import book_at_desk
from bookonce.desk.request import DeskBooking, DeskClient, Overbook
from bookonce.platform.errors import (
    BookingConflictError,
    BookonceError,
    FieldError,
    NotFoundError,
    ValidationError,
)
from bookonce.platform.ids import new_id
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.desk_form import DeskForm, status_of, told
from bookonce.web.office.page import Office

PATH = "/{slug:str}/appointments/new"
WHOM = ("client_id", "name", "phone", "email", "walk_in", "q")
FIELDS = ("service", "then", "staff", "date", "time", "location", "notes", *WHOM)


@get(PATH, include_in_schema=False, media_type=MediaType.HTML, needs=Right.BOOK)
async def new_page(office: Page, access: Admitted) -> Response[str]:
    """The form, with what the address says filled in."""
    return await _page(office, access, DeskForm(dict(office.request.query_params)))


@post(PATH, include_in_schema=False, media_type=MediaType.HTML, needs=Right.BOOK)
async def book_by_form(office: Page, access: Admitted) -> Response[str] | Redirect:
    """Books, or shows the form again with why not."""
    request: Request[Any, Any, Any] = office.request
    form = DeskForm(await request.form())
    directory = office.business
    try:
        booked = await book_at_desk(
            office.installation,
            directory.slug,
            _booking(form, directory),
            access=access,
            now=office.now,
            idempotency_key=form.optional("key"),
        )
    except NotFoundError as error:
        return await _page(office, access, form, refused=error)
    except BookonceError as error:
        return await _page(office, access, form, refused=error)
    return office.redirect(
        f"/office/{directory.slug}/appointments/{booked.appointment.id}?done=booked"
    )


def _booking(form: DeskForm, directory: Directory) -> DeskBooking:
    """What the form asks for. Raises ValidationError."""
    location = form.optional("location")
    zone = directory.zone_at(location) if location else directory.zone
    services = tuple(key for key in (form.text("service"), form.text("then")) if key)
    if not services:
        raise ValidationError([FieldError("service", "choose one")])
    staff = form.optional("staff")
    reason = form.optional("overbook_reason")
    return DeskBooking(
        start=form.instant(zone),
        client=_client(form),
        services=services,
        staff=None if staff == ANYONE else staff,
        location=location,
        notes=form.optional("notes"),
        break_rules=form.broken_rules(),
        overbook=Overbook(reason) if reason else None,
        notify=form.is_on("notify"),
    )


def _client(form: DeskForm) -> DeskClient | None:
    if form.is_on("walk_in"):
        return None
    if chosen := form.text("client_id"):
        try:
            return DeskClient(id=UUID(chosen))
        except ValueError:
            raise ValidationError([FieldError("client_id", "choose one of those found")]) from None
    return DeskClient(
        name=form.text("name"), email=form.optional("email"), phone=form.optional("phone")
    )


async def _page(
    office: Office, access: Access, form: DeskForm, refused: BookonceError | None = None
) -> Response[str]:
    directory, language = office.business, office.language
    found = await _found(office, access, form) if access.may(Right.SEE_CLIENTS) else []
    here = office.now.astimezone(directory.zone)
    step = timedelta(minutes=directory.policy.slot_step_min)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    next_start = midnight + ((here - midnight) // step + (0 if form.is_on("walk_in") else 1)) * step
    values = {name: form.text(name) for name in FIELDS} | {
        "date": form.text("date") or next_start.date().isoformat(),
        "time": form.text("time") or f"{next_start:%H:%M}",
    }
    own = access.staff_key if access.is_own_only else None
    staff = [
        (each.key, each.name)
        for each in directory.business.staff
        if access.may_see(each.key) and (own is None or each.key == own)
    ]
    alternatives = []
    if isinstance(refused, BookingConflictError):
        zone = refused.facts["zone"]
        alternatives = [
            (
                language.moment(start.astimezone(zone)),
                directory.staff_name(key) if key != ANYONE else "",
                "?"
                + urlencode(
                    {name: value for name, value in values.items() if value}
                    | {
                        "date": start.astimezone(zone).date().isoformat(),
                        "time": f"{start.astimezone(zone):%H:%M}",
                        "staff": key,
                    }
                ),
            )
            for start, key in refused.facts["alternatives"]
        ]
    errors = refused.errors if isinstance(refused, ValidationError) else []
    return office.render(
        "new_appointment.html",
        status=status_of(refused) if refused else 200,
        refused=told(refused, language) if refused else "",
        errors=defaultdict(
            str, {error.field.removeprefix("client."): error.message for error in errors}
        ),
        alternatives=alternatives,
        is_conflict=isinstance(refused, BookingConflictError),
        values=values,
        found=found,
        services=[(each.key, each.name) for each in directory.business.service],
        staff=staff,
        anyone="" if own else ANYONE,
        places=[(key, place.name) for key, place in directory.places.items()]
        if directory.lists_locations
        else [],
        may_search=access.may(Right.SEE_CLIENTS),
        may_break=access.may(Right.BREAK_RULES),
        may_overbook=access.may(Right.OVERBOOK),
        key=form.text("key") or new_id().hex,
        back=f"/office/{directory.slug}/calendar?date={values['date']}",
    )


async def _found(office: Office, access: Access, form: DeskForm) -> list[FoundClient]:
    """Those of whom something was said, and whoever was chosen already: by a page that led here."""
    run, performer_id = office.installation.database.run, performer_of(office.business, access)
    found = await run(
        search_rows.search,
        access.business_id,
        said.read(form.text("q"), country_of(office.business)),
        performer_id=performer_id,
    )
    try:
        chosen = UUID(form.text("client_id"))
    except ValueError:
        return found
    if any(each.id == chosen for each in found):
        return found
    known = await run(client_rows.found, access.business_id, chosen, performer_id)
    if known is None:
        return found
    who = known.particulars
    return [FoundClient(known.id, who.name, who.email, who.phone, who.flags, 0), *found]


HANDLERS = [new_page, book_by_form]
