"""The one form that books."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.availability.selection import Selection, select
from bookonce.booking.appointment import Status
from bookonce.booking.book import book
from bookonce.booking.replay import Booked, booked_under
from bookonce.booking.request import BookingRequest
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import (
    AlreadyBookedError,
    BookingConflictError,
    BookonceError,
    IdempotencyMismatchError,
    NotFoundError,
    NotOfferedError,
    PaymentUnavailableError,
    TooManyBookingsError,
    TryAgainError,
    ValidationError,
)
from bookonce.web.automation import automation_of
from bookonce.web.booking_page.already import Already
from bookonce.web.booking_page.bots import Bots, Verdict
from bookonce.web.booking_page.form import Form, wrong_fields
from bookonce.web.booking_page.form_page import form_page
from bookonce.web.booking_page.questions import answers_in
from bookonce.web.booking_page.steps import cannot_be_paid, next_step
from bookonce.web.booking_page.visit import Visit, when
from bookonce.web.client_address import client_address, network_of
from bookonce.web.dependencies import Configured, Here, Watching
from bookonce.web.forms import form_fields
from bookonce.web.metrics import BOOKINGS


@post("/{slug:str}/book", include_in_schema=False, media_type=MediaType.HTML, status_code=200)
async def book_by_form(
    slug: str,
    request: Request[Any, Any, Any],
    installation: Here,
    settings: Configured,
    bots: Watching,
) -> Response[str] | Redirect:
    """Books, and leads to the client's own page; or shows the form again with what is wrong."""
    fields = await form_fields(request)
    visit = await Visit.of(request, installation, slug, fields)
    address, form = visit.address, Form.of(fields)
    _ = visit.language.words.gettext
    if address.start_at is None or not address.service:
        return await next_step(visit, bots, status=422)
    gone = _("This time can't be booked any more. Please choose another one.")
    try:
        selection = select(visit.directory, address.choice)
    except (NotFoundError, ValidationError):
        return await next_step(visit, bots, status=422, notice=gone)
    network = network_of(client_address(request.scope, settings.trusted_proxies))
    now = datetime.now(UTC)
    verdict = await bots.judge(visit.directory, form, network, now)
    if verdict is not Verdict.PERSON:
        BOOKINGS.labels(verdict.value).inc()
    if verdict is Verdict.PROGRAM:
        notice = _("That looked like a program to us. Please send the form once more.")
        return form_page(visit, selection, _again(visit, bots, form), status=422, notice=notice)
    if verdict is Verdict.UNSURE:
        notice = _(
            "We want to be sure that you are a person. Nothing is booked yet: "
            "please wait ten seconds and send the form once more."
        )
        form = bots.shown_again(visit.directory, form, now)
        return form_page(visit, selection, form, status=422, notice=notice, is_unsure=True)
    with automation_of(request).booking(slug, form.client, network) as counted:
        answer = await _book(visit, bots, selection, form, network)
        if not isinstance(answer, Redirect):
            counted.give_back()
        return answer


async def _book(
    visit: Visit, bots: Bots, selection: Selection, form: Form, network: str
) -> Response[str] | Redirect:
    address, start = visit.address, visit.address.start_at
    assert start is not None
    if form.before and not form.is_second and (found := await _booked_before(visit, form.before)):
        return _have(visit, selection, _again(visit, bots, form, before=form.before), found)
    try:
        booked = await book(
            visit.installation,
            address.slug,
            BookingRequest(
                services=address.services,
                start=start,
                client=form.client,
                staff=address.staff,
                location=address.location,
                notes=form.notes or None,
                answers=answers_in(visit.own.business, address.services, form.answers),
                again=address.again,
            ),
            actor=VISITOR,
            now=datetime.now(UTC),
            idempotency_key=form.idempotency_key,
            network=network,
            is_once=not form.is_second,
            language=visit.language.tag,
        )
    except IdempotencyMismatchError as error:
        BOOKINGS.labels(error.code.lower()).inc()
        return await _sent_before(visit, bots, selection, form, network)
    except _TOLD as error:
        BOOKINGS.labels(error.code.lower()).inc()
        return await _refused(visit, bots, selection, form, error)
    if booked.is_repeat and not await _booked_before(visit, form.key):
        wish = form.after(*_wish(visit), str(booked.appointment.id))
        again = bots.instead(visit.directory, form, wish)
        return await _book(visit, bots, selection, again, network)
    is_held = booked.appointment.status is Status.HELD
    BOOKINGS.labels("held" if is_held else "booked").inc()
    return Redirect(address.own(booked.token, new="1"), status_code=303)


_TOLD = (
    ValidationError,
    BookingConflictError,
    NotOfferedError,
    TooManyBookingsError,
    PaymentUnavailableError,
    TryAgainError,
)


async def _refused(
    visit: Visit, bots: Bots, selection: Selection, form: Form, error: BookonceError
) -> Response[str]:
    """The form again, or other times, with why nothing was booked."""
    _ = visit.language.words.gettext
    if isinstance(error, ValidationError):
        wrong = wrong_fields(error.errors, visit.language.words)
        return form_page(visit, selection, form, status=422, wrong=wrong)
    if isinstance(error, AlreadyBookedError) and not form.is_second:
        return _have(visit, selection, _again(visit, bots, form), None)
    if isinstance(error, BookingConflictError):
        alternatives = [
            when(visit, selection.place.zone, start)
            for start, _staff in error.facts["alternatives"]
        ]
        return form_page(
            visit, selection, _again(visit, bots, form), status=409, alternatives=alternatives
        )
    if isinstance(error, NotOfferedError):
        notice = _("This time can't be booked any more. Please choose another one.")
        return await next_step(visit, bots, status=422, notice=notice)
    if isinstance(error, TryAgainError):
        notice = _("We couldn't reach our calendar. Nothing is lost: please send the form again.")
        return form_page(visit, selection, form, status=503, notice=notice)
    too_many = _(
        "As many bookings as this business allows at a time are held already with these "
        "details. Please cancel one of them, or call us."
    )
    notice = too_many if isinstance(error, TooManyBookingsError) else cannot_be_paid(visit)
    return form_page(visit, selection, form, status=409, notice=notice)


async def _booked_before(visit: Visit, key: str) -> Booked | None:
    """What a form with this key has booked, unless that is over."""
    found = await booked_under(
        visit.installation,
        visit.address.slug,
        Form(key=key).idempotency_key,
        now=datetime.now(UTC),
    )
    is_there = found and found.appointment.status in (Status.HELD, Status.CONFIRMED)
    return found if is_there else None


async def _sent_before(
    visit: Visit, bots: Bots, selection: Selection, form: Form, network: str
) -> Response[str] | Redirect:
    """A form that was sent before and has come back with other content: the visitor went back
    to it. Only who was shown the form has its key, so what it has booked is theirs.
    """
    found = await _booked_before(visit, form.key)
    if found is None:
        wish = bots.instead(visit.directory, form, form.after(*_wish(visit)))
        return await _book(visit, bots, selection, wish, network)
    return _have(visit, selection, _again(visit, bots, form, before=form.key), found)


def _again(visit: Visit, bots: Bots, form: Form, *, before: str = "") -> Form:
    """The same fields for another try."""
    return bots.instead(visit.directory, form, form.again(before=before))


def _wish(visit: Visit) -> tuple[str | None, ...]:
    address = visit.address
    return address.start, address.service, address.staff, address.location


def _have(visit: Visit, selection: Selection, form: Form, found: Booked | None) -> Response[str]:
    """The page for visitors who have this time already. Everybody can type an address: the link
    is only for who sends the key of the form that booked it.
    """
    already = Already()
    if found is not None:
        start = found.appointment.start
        already = Already(
            visit.address.own(found.token),
            when(visit, found.appointment.clock, start),
            start == visit.address.start_at,
        )
    return form_page(visit, selection, form, status=409, already=already)


@get("/{slug:str}/challenge", include_in_schema=False)
async def challenge(
    slug: str, key: str, installation: Here, bots: Watching
) -> Response[dict[str, Any]]:
    """A proof of work to find, for the form with this key."""
    directory = await installation.current(slug)
    found = bots.challenge(directory, key, datetime.now(UTC))
    return Response(found, headers={"Cache-Control": "no-store"})
