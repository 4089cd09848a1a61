"""The booking page: each step rendered on the server, and the one form that books."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.core.appointments import Appointment
from bookonce.core.business import ANYONE, Service
from bookonce.core.directory import Directory, Place
from bookonce.core.errors import (
    BookingConflictError,
    BookonceError,
    IdempotencyMismatchError,
    NotFoundError,
    NotOfferedError,
    TryAgainError,
    ValidationError,
)
from bookonce.services.availability import Asked, asked
from bookonce.services.book import BookingRequest, book
from bookonce.web import errors
from bookonce.web.booking.address import Address
from bookonce.web.booking.brand import logo_url
from bookonce.web.booking.form import TRAP, Form, wrong_fields
from bookonce.web.booking.times import now_utc, times
from bookonce.web.dependencies import Here
from bookonce.web.errors import STATUS
from bookonce.web.languages import LANGUAGES, Language, language
from bookonce.web.metrics import BOOKINGS
from bookonce.web.templates import render


class Visit:
    """One request for a page of a business: whose page, which step, which language."""

    def __init__(self, request: Request[Any, Any, Any], directory: Directory, address: Address):
        self.directory = directory
        self.address = address
        profile = directory.business.business
        accepted = request.headers.get("accept-language")
        self.language: Language = language(address.lang, accepted, profile.locale)

    @classmethod
    async def of(
        cls, request: Request[Any, Any, Any], installation: Here, slug: str, parameters: Any
    ) -> Visit:
        """Raises NotFoundError if there is no such business."""
        return cls(request, await installation.current(slug), Address.of(slug, parameters))

    def render(self, name: str, *, status: int = 200, **values: Any) -> Response[str]:
        """A page with the business around it."""
        return render(
            name,
            self.language,
            self.directory.business.page,
            status=status,
            business=self.directory.business.business,
            address=self.address,
            embed=self.address.embed,
            logo=logo_url(self.directory),
            home=self.address.but(service=None, location=None, staff=None, date=None, start=None),
            languages=[
                (code, language(code, None, "en").own_name, self.in_language(code))
                for code in LANGUAGES
            ],
            **values,
        )

    def in_language(self, code: str) -> str:
        """The address of this page in another language."""
        return self.address.but(lang=code)

    def price(self, service: Service) -> str:
        """What a service costs, as people write it; empty if nothing is said."""
        currency = self.directory.business.business.currency
        return "" if service.price is None else self.language.amount(service.price, currency)


@get("/{slug:str}", include_in_schema=False, media_type=MediaType.HTML)
async def booking_page(
    slug: str, request: Request[Any, Any, Any], installation: Here
) -> Response[str]:
    """The step that is next by what the address has chosen already."""
    visit = await Visit.of(request, installation, slug, request.query_params)
    return await _step(visit, installation)


async def _step(
    visit: Visit, installation: Here, *, status: int = 200, notice: str = ""
) -> Response[str]:
    directory, address = visit.directory, visit.address
    try:
        service = directory.service(address.service or "")
    except NotFoundError:
        services = [
            (address.but(service=each.key), each.name, each.duration_min, visit.price(each))
            for each in directory.business.service
            if directory.performers(each)
        ]
        return visit.render("services.html", services=services)
    places = directory.places_of(service)
    if len(places) > 1 and address.location not in {place.key for place in places}:
        return visit.render(
            "locations.html",
            service=service,
            places=[(address.but(location=place.key), place) for place in places],
        )
    if len(places) == 1 and address.location is not None:
        address = visit.address = replace(address, location=places[0].key)
    everyone = asked(directory, replace(address.choice, staff=None))
    if address.staff not in (ANYONE, *everyone.performers):
        if len(everyone.performers) > 1:
            people = [
                (address.but(staff=key), directory.staff_name(key)) for key in everyone.performers
            ]
            return visit.render(
                "people.html", service=service, anyone=address.but(staff=ANYONE), people=people
            )
        visit.address = address = replace(address, staff=ANYONE)
    if address.start_at is not None and not notice:
        return _form(visit, asked(directory, address.choice), Form())
    return await _times(visit, installation, status=status, notice=notice)


async def _times(
    visit: Visit, installation: Here, *, status: int = 200, notice: str = ""
) -> Response[str]:
    address = visit.address
    found = await times(
        installation,
        address.slug,
        address.choice,
        address.day,
        lambda day, start: address.but(date=day, start=start),
        visit.language,
        address.zone,
        now=now_utc(),
    )
    return visit.render(
        "times.html",
        status=status,
        notice=notice,
        times=found,
        zone=_zone_names(visit, found.asked.place),
        **_chosen(visit, found.asked),
    )


def _form(
    visit: Visit,
    asked: Asked,
    form: Form,
    *,
    status: int = 200,
    wrong: dict[str, str] | None = None,
    alternatives: list[tuple[str, str, str]] | None = None,
    notice: str = "",
) -> Response[str]:
    start = visit.address.start_at
    assert start is not None
    return visit.render(
        "form.html",
        status=status,
        form=form,
        trap=TRAP,
        errors=wrong or {},
        alternatives=alternatives,
        notice=notice,
        **when(visit, asked.place, start),
        **_chosen(visit, asked),
        zone=_zone_names(visit, asked.place),
    )


def _chosen(visit: Visit, asked: Asked) -> dict[str, Any]:
    """What stands above each later step."""
    address, directory = visit.address, visit.directory
    return {
        "service": asked.service,
        "price": visit.price(asked.service),
        "staff": ""
        if address.staff in (None, ANYONE)
        else directory.staff_name(address.staff or ""),
        "where": directory.where(asked.place.key),
        "has_choice_of_people": len(directory.performers(asked.service, asked.place)) > 1,
    }


def when(visit: Visit, place: Place, start: Any) -> dict[str, str]:
    """A start as people read it: the day and time there, and at the visitor's if it differs."""
    there = start.astimezone(place.zone)
    theirs = ""
    if visit.address.zone is not None:
        here = start.astimezone(visit.address.zone)
        if here.utcoffset() != there.utcoffset():
            theirs = f"{visit.language.day(here.date())}, {visit.language.time(here)}"
    return {
        "day": visit.language.long_day(there.date()),
        "time": visit.language.time(there),
        "theirs": theirs,
    }


def _zone_names(visit: Visit, place: Place) -> tuple[str, str]:
    """The location's zone, and the visitor's if they told one whose clocks differ now."""
    now, theirs = now_utc(), visit.address.zone
    differ = theirs and now.astimezone(theirs).utcoffset() != now.astimezone(place.zone).utcoffset()
    return (
        visit.language.zone(place.zone, now),
        visit.language.zone(theirs, now) if theirs and differ else "",
    )


@post("/{slug:str}/book", include_in_schema=False, media_type=MediaType.HTML, status_code=200)
async def book_by_form(
    slug: str, request: Request[Any, Any, Any], installation: Here
) -> Response[str] | Redirect:
    """Books, and leads to the client's own page; or shows the form again with what is wrong."""
    fields = await request.form()
    visit = await Visit.of(request, installation, slug, fields)
    address, form = visit.address, Form.of(fields)
    _ = visit.language.words.gettext
    if address.start_at is None or not address.service:
        return await _step(visit, installation, status=422)
    wanted = asked(visit.directory, address.choice)
    if fields.get(TRAP):
        return _form(
            visit, wanted, form.again(), status=422,
            notice=_("That looked like a program to us. Please send the form once more."),
        )  # fmt: skip
    return await _book(visit, installation, wanted, form)


async def _book(
    visit: Visit, installation: Here, wanted: Asked, form: Form
) -> Response[str] | Redirect:
    address, start = visit.address, visit.address.start_at
    assert start is not None
    _ = visit.language.words.gettext
    try:
        held = await book(
            installation,
            address.slug,
            BookingRequest(
                service=wanted.service.key,
                start=start,
                client=form.client,
                staff=address.staff,
                location=address.location,
                notes=form.notes or None,
            ),
            now=now_utc(),
            idempotency_key=form.key,
        )
    except ValidationError as error:
        BOOKINGS.labels(error.code.lower()).inc()
        return _form(
            visit, wanted, form, status=422, wrong=wrong_fields(error.errors, visit.language.words)
        )
    except BookingConflictError as error:
        BOOKINGS.labels(error.code.lower()).inc()
        alternatives = [
            (start.isoformat(), *when(visit, wanted.place, start).values())[:3]
            for start, _staff in error.facts["alternatives"]
        ]
        return _form(visit, wanted, form.again(), status=409, alternatives=alternatives)
    except (NotOfferedError, IdempotencyMismatchError) as error:
        BOOKINGS.labels(error.code.lower()).inc()
        notice = _("This time can't be booked any more. Please choose another one.")
        return await _step(visit, installation, status=422, notice=notice)
    except TryAgainError as error:
        BOOKINGS.labels(error.code.lower()).inc()
        notice = _("We couldn't reach our calendar. Nothing is lost: please send the form again.")
        return _form(visit, wanted, form, status=503, notice=notice)
    BOOKINGS.labels("booked").inc()
    return Redirect(address.own(held.token, new="1"), status_code=303)


def refused(
    request: Request[Any, Any, Any], error: BookonceError
) -> Response[str] | Response[bytes]:
    """A refusal that no page could show: for people in their language, for programs as such."""
    if MediaType.HTML not in request.headers.get("accept", ""):
        return errors.refused(request, error)
    spoken = language(None, request.headers.get("accept-language"), "en")
    _ = spoken.words.gettext
    status = STATUS[error.code]
    heading = _("There is nothing here") if status == 404 else _("That didn't work")
    text = (
        _("The address may be mistyped, or what was here is gone.")
        if status == 404
        else _("Please try again in a moment.")
    )
    return render(
        "problem.html", spoken, status=status, business=None, embed=None, languages=[],
        heading=heading, text=text,
    )  # fmt: skip


def booked_facts(appointment: Appointment, zone: ZoneInfo) -> dict[str, str]:
    """What a page that frames ours is told of a booking, times in a zone."""
    return {
        "id": str(appointment.id),
        "service": appointment.service,
        "staff": appointment.staff,
        "start": appointment.start.astimezone(zone).isoformat(),
        "end": appointment.end.astimezone(zone).isoformat(),
    }
