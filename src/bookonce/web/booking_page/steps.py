"""The steps of a booking, each rendered on the server: what, where, with whom, when, and the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from litestar import MediaType, Request, Response, get

from bookonce.availability.look import bookable
from bookonce.availability.selection import SERVICES_MAX, Selection, require_offered, select
from bookonce.booking.find import access_by_token, typed
from bookonce.business.document import ANYONE, Service
from bookonce.platform.errors import NotFoundError, NotOfferedError
from bookonce.web.booking_page.address import Address
from bookonce.web.booking_page.basket import (
    can_be_booked,
    places_for,
    shortened,
    why_not_together,
)
from bookonce.web.booking_page.bots import Bots
from bookonce.web.booking_page.chosen import basket_facts, chosen, has_choice_of_people
from bookonce.web.booking_page.clocks import clocks
from bookonce.web.booking_page.form import Form
from bookonce.web.booking_page.form_page import form_page
from bookonce.web.booking_page.services import add_page, people_of, services_page
from bookonce.web.booking_page.times import times
from bookonce.web.booking_page.visit import Visit, zone_names
from bookonce.web.dependencies import Here, Watching


@get("/{slug:str}", include_in_schema=False, media_type=MediaType.HTML)
async def booking_page(
    slug: str, request: Request[Any, Any, Any], installation: Here, bots: Watching
) -> Response[str]:
    """The step that is next by what the address has chosen already."""
    visit = await Visit.of(request, installation, slug, request.query_params)
    visit.address = Address.of_query(slug, request.query_params)
    return await next_step(visit, bots)


async def next_step(
    visit: Visit, bots: Bots, *, status: int = 200, notice: str = ""
) -> Response[str]:
    """The step that is next; with a notice at the latest the choice of a time."""
    if visit.directory.is_closed:
        return visit.render("closed.html", status=status)
    notice = _gone(visit) or notice
    step = _what(visit, status=status, notice=notice) or _where(visit, status=status, notice=notice)
    if step is not None:
        return step
    everyone = select(visit.directory, replace(visit.address.choice, staff=()))
    notice = notice or _cannot_do_all(visit, everyone)
    if visit.address.staff not in (ANYONE, *everyone.performers):
        if has_choice_of_people(everyone):
            return await _people(visit, everyone, status=status, notice=notice)
        visit.address = replace(visit.address, staff=ANYONE)
    notice = notice or _not_offered(visit)
    if visit.address.start_at is not None and not notice:
        form = await _filled_in(visit, bots.form(visit.directory, datetime.now(UTC)))
        return form_page(visit, select(visit.directory, visit.address.choice), form)
    return await _times(visit, status=status, notice=notice)


def _gone(visit: Visit) -> str:
    """The notice for an address with a service, place or person that is no longer there; the address
    is then without it.
    """
    address, directory = visit.address, visit.directory
    _ = visit.language.words.gettext
    services = _known(visit)
    text = ""
    if address.staff not in (None, ANYONE, *directory.staff_ids):
        visit.address = replace(visit.address, staff=None)
        text = _("This person takes no appointments any more. Please choose again.")
    if address.location is not None and address.location not in directory.places:
        visit.address = replace(visit.address, location=None)
        text = _("This place takes no appointments any more. Please choose again.")
    elif address.location not in (None, *(place.key for place in places_for(directory, services))):
        visit.address = replace(visit.address, location=None)
        text = _("This isn't offered at that place. Please choose again.")
    if address.services and not services:
        visit.address = replace(visit.address, service=None)
        text = _("This service isn't offered any more. Please choose again.")
    visit.is_gone = bool(text)
    return text


def _not_offered(visit: Visit) -> str:
    """The notice for an address with a start that isn't on offer, whoever may be free; the address is
    then that of its day.
    """
    address, directory = visit.address, visit.directory
    start = address.start_at
    if start is None:
        return ""
    selection = select(directory, address.choice)
    try:
        require_offered(selection, start, bookable(directory, datetime.now(UTC)))
    except NotOfferedError:
        day = start.astimezone(selection.place.zone).date()
        visit.address = replace(address, start=None, date=address.date or day.isoformat())
        return visit.not_offered
    return ""


def _what(visit: Visit, *, status: int, notice: str) -> Response[str] | None:
    """The services, unless they are chosen and can be booked together."""
    was_shortened = shortened(visit)
    services = _known(visit)
    if not services:
        return services_page(visit, status=status, notice=notice)
    wrong = _wrong_with(visit, services, was_shortened=was_shortened)
    if wrong or visit.address.add:
        return add_page(visit, services, status=status, notice=wrong or notice)
    if not can_be_booked(visit.deposit_asked(services)):
        return services_page(visit, status=status, notice=cannot_be_paid(visit))
    return None


def _where(visit: Visit, *, status: int, notice: str) -> Response[str] | None:
    """The locations, unless one is chosen or there is only one."""
    services = _known(visit)
    places = places_for(visit.directory, services)
    if len(places) > 1 and visit.address.location not in {place.key for place in places}:
        return visit.render(
            "locations.html",
            status=status,
            notice=notice,
            places=[(visit.address.but(location=place.key), place) for place in places],
            **basket_facts(visit, services),
        )
    is_one_of_several = len(visit.directory.places_of_all(services)) > 1
    if len(places) == 1 and (is_one_of_several or visit.address.location is not None):
        visit.address = replace(visit.address, location=places[0].key)
    return None


def _known(visit: Visit) -> list[Service]:
    """The chosen services that there are."""
    offered = {service.key: service for service in visit.directory.business.service}
    return [offered[key] for key in visit.address.services if key in offered]


def _wrong_with(visit: Visit, services: Sequence[Service], *, was_shortened: bool) -> str:
    """Why several services can't be booked as the address has them."""
    _ = visit.language.words.gettext
    if was_shortened:
        text = _("At most %(count)s services fit into one visit. These are the first of yours.")
        return text % {"count": SERVICES_MAX}
    if len(services) < len(visit.address.services):
        return _("Not everything that was chosen is offered any more.")
    if why_not_together(visit, services):
        return _(
            "These services can't be booked in one visit: there is no place where all of them are "
            "performed. Please remove one, or book them one by one."
        )
    if len(services) > 1 and not can_be_booked(visit.deposit_asked(services)):
        return cannot_be_paid(visit)
    return ""


def _cannot_do_all(visit: Visit, everyone: Selection) -> str:
    """What somebody is told who has chosen a person, and then a service that they don't perform."""
    key = visit.address.staff or ""
    if key in everyone.performers or key not in visit.directory.staff_ids:
        return ""
    _ = visit.language.words.gettext
    if len(everyone.parts) == 1:
        text = _("%(name)s doesn't perform this service.")
    else:
        text = _("%(name)s doesn't perform all of these services.")
    return text % {"name": visit.directory.staff_name(key)}


async def _people(visit: Visit, everyone: Selection, *, status: int, notice: str) -> Response[str]:
    address = visit.address
    return visit.render(
        "people.html",
        status=status,
        notice=notice,
        anyone=address.but(staff=ANYONE),
        people=await people_of(visit, everyone.performers),
        **basket_facts(visit, [part.service for part in everyone.parts]),
    )


async def _filled_in(visit: Visit, form: Form) -> Form:
    """The form with what was typed for an appointment whose time was lost, if this is about one;
    else with what the address has for it.
    """
    prefilled: dict[str, Any] = visit.address.prefilled
    form = replace(form, **prefilled)
    if visit.address.again is None:
        return form
    try:
        access = await access_by_token(visit.installation, visit.address.slug, visit.address.again)
    except NotFoundError:
        return form
    found = await typed(
        visit.installation, visit.directory, access.appointment_id, datetime.now(UTC)
    )
    if found is None:
        return form
    client, notes = found
    return replace(
        form, name=client.name, email=client.email, phone=client.phone or "", notes=notes or ""
    )


def cannot_be_paid(visit: Visit) -> str:
    """What somebody is told of whom a deposit is asked that this installation can't take."""
    _ = visit.language.words.gettext
    return _(
        "This service is to be paid for in advance, and that isn't possible online now. "
        "Please call us."
    )


async def _times(visit: Visit, *, status: int = 200, notice: str = "") -> Response[str]:
    address = visit.address
    everyone = select(visit.directory, replace(address.choice, staff=()))
    is_choice = has_choice_of_people(everyone)
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
        filter=await people_of(visit, everyone.performers) if is_choice else [],
        anyone=address.but(staff=ANYONE, start=None),
        zone=zone_names(visit, found.selection.place.zone, found.moments),
        clocks=clocks(
            found.selection.place.zone,
            address.zone,
            f"/{address.slug}",
            address.parameters,
            visit.language,
            found.noon,
        ),
        **chosen(visit, found.selection),
    )
