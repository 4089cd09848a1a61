"""The steps of a booking, each rendered on the server: what, where, with whom, when, and the form."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from litestar import MediaType, Request, Response, get

from bookonce.availability.selection import Selection, select
from bookonce.booking.find import access_by_token, typed
from bookonce.business.document import ANYONE
from bookonce.platform.errors import NotFoundError
from bookonce.web.booking_page.bots import Bots
from bookonce.web.booking_page.deposit import Terms
from bookonce.web.booking_page.form import TRAP, Form
from bookonce.web.booking_page.times import times
from bookonce.web.booking_page.visit import Visit, when, zone_names
from bookonce.web.dependencies import Here, Watching


@get("/{slug:str}", include_in_schema=False, media_type=MediaType.HTML)
async def booking_page(
    slug: str, request: Request[Any, Any, Any], installation: Here, bots: Watching
) -> Response[str]:
    """The step that is next by what the address has chosen already."""
    visit = await Visit.of(request, installation, slug, request.query_params)
    return await next_step(visit, bots)


async def next_step(
    visit: Visit, bots: Bots, *, status: int = 200, notice: str = ""
) -> Response[str]:
    """The step that is next; with a notice at the latest the choice of a time."""
    if visit.directory.is_closed:
        return visit.render("closed.html", status=status)
    return await _next_choice(visit, bots, status=status, notice=notice)


async def _next_choice(visit: Visit, bots: Bots, *, status: int, notice: str) -> Response[str]:
    directory, address = visit.directory, visit.address
    try:
        services = [directory.service(key) for key in address.services]
    except NotFoundError:
        services = []
    if not services:
        return _services(visit, status=status, notice=notice)
    if not _can_be_booked(visit.terms(services)):
        return _services(visit, status=status, notice=cannot_be_paid(visit))
    title = ", ".join(service.name for service in services)
    places = directory.places_of_all(services)
    if len(places) > 1 and address.location not in {place.key for place in places}:
        return visit.render(
            "locations.html",
            status=status,
            notice=notice,
            title=title,
            places=[(address.but(location=place.key), place) for place in places],
        )
    if len(places) == 1 and address.location is not None:
        address = visit.address = replace(address, location=places[0].key)
    everyone = select(directory, replace(address.choice, staff=()))
    if address.staff not in (ANYONE, *everyone.performers):
        if len(everyone.performers) > 1:
            people = [
                (address.but(staff=key), directory.staff_name(key)) for key in everyone.performers
            ]
            return visit.render(
                "people.html",
                status=status,
                notice=notice,
                title=title,
                anyone=address.but(staff=ANYONE),
                people=people,
            )
        visit.address = address = replace(address, staff=ANYONE)
    if address.start_at is not None and not notice:
        form = await _filled_in(visit, bots.form(directory, datetime.now(UTC)))
        return form_page(visit, select(directory, address.choice), form)
    return await _times(visit, status=status, notice=notice)


async def _filled_in(visit: Visit, form: Form) -> Form:
    """The form with what was typed for an appointment whose time was lost, if this is about one."""
    if visit.address.again is None:
        return form
    try:
        access = await access_by_token(visit.installation, visit.address.slug, visit.address.again)
    except NotFoundError:
        return form
    found = await typed(visit.installation, visit.directory, access.appointment_id)
    if found is None:
        return form
    client, notes = found
    return replace(
        form, name=client.name, email=client.email, phone=client.phone or "", notes=notes or ""
    )


def _services(visit: Visit, *, status: int, notice: str) -> Response[str]:
    described = [
        (each, visit.terms([each]))
        for each in visit.directory.business.service
        if visit.directory.performers(each)
    ]
    services = [
        (
            visit.address.but(service=each.key) if _can_be_booked(terms) else "",
            each.name,
            each.duration_min,
            visit.price([each]),
            terms,
        )
        for each, terms in described
    ]
    return visit.render("services.html", status=status, notice=notice, services=services)


def cannot_be_paid(visit: Visit) -> str:
    """What somebody is told of whom a deposit is asked that this installation can't take."""
    _ = visit.language.words.gettext
    return _(
        "This service is to be paid for in advance, and that isn't possible online now. "
        "Please call us."
    )


def _can_be_booked(terms: Terms | None) -> bool:
    """Whether anybody can: one whose deposit can't be taken is still for those it isn't asked of."""
    return terms is None or terms.can_be_taken or not terms.is_for_all


async def _times(visit: Visit, *, status: int = 200, notice: str = "") -> Response[str]:
    address = visit.address
    found = await times(
        visit.installation,
        address.slug,
        address.choice,
        address.day,
        lambda day, start: address.but(date=day, start=start),
        visit.language,
        address.zone,
        now=datetime.now(UTC),
    )
    return visit.render(
        "times.html",
        status=status,
        notice=notice,
        times=found,
        zone=zone_names(visit, found.selection.place),
        **_chosen(visit, found.selection),
    )


def form_page(
    visit: Visit,
    selection: Selection,
    form: Form,
    *,
    status: int = 200,
    wrong: dict[str, str] | None = None,
    alternatives: list[tuple[str, str, str]] | None = None,
    notice: str = "",
    is_unsure: bool = False,
) -> Response[str]:
    """The form for the start that the address has chosen; `is_unsure`: with a proof of work to be
    sent again with.
    """
    start = visit.address.start_at
    assert start is not None
    return visit.render(
        "form.html",
        status=status,
        form=form,
        trap=TRAP,
        is_unsure=is_unsure,
        asks_for_proof=is_unsure or visit.directory.business.protection.proof_of_work,
        errors=wrong or {},
        alternatives=alternatives,
        notice=notice,
        **when(visit, selection.place, start),
        **_chosen(visit, selection),
        zone=zone_names(visit, selection.place),
    )


def _chosen(visit: Visit, selection: Selection) -> dict[str, Any]:
    """What stands above each later step."""
    address, directory = visit.address, visit.directory
    services = [part.service for part in selection.parts]
    return {
        "title": ", ".join(service.name for service in services),
        "duration_min": selection.duration_min,
        "price": visit.price(services),
        "terms": visit.terms(services),
        "staff": ""
        if address.staff in (None, ANYONE)
        else directory.staff_name(address.staff or ""),
        "where": directory.where(selection.place.key),
        "has_choice_of_people": len(select(directory, replace(address.choice, staff=())).performers)
        > 1,
    }
