"""The one form that books."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.availability.selection import Selection, select
from bookonce.booking.appointment import Status
from bookonce.booking.book import BookingRequest, book
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import (
    BookingConflictError,
    IdempotencyMismatchError,
    NotFoundError,
    NotOfferedError,
    PaymentUnavailableError,
    TooManyBookingsError,
    TryAgainError,
    ValidationError,
)
from bookonce.web.booking_page.bots import Bots, Verdict
from bookonce.web.booking_page.form import Form, wrong_fields
from bookonce.web.booking_page.steps import cannot_be_paid, form_page, next_step
from bookonce.web.booking_page.visit import Visit, when
from bookonce.web.client_address import client_address, network_of
from bookonce.web.dependencies import Configured, Here, Watching
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
    fields = await request.form()
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
        return form_page(visit, selection, form.again(), status=422, notice=notice)
    if verdict is Verdict.UNSURE:
        notice = _(
            "We want to be sure that you are a person. Nothing is booked yet: "
            "please wait ten seconds and send the form once more."
        )
        form = bots.shown_again(visit.directory, form, now)
        return form_page(visit, selection, form, status=422, notice=notice, is_unsure=True)
    return await _book(visit, bots, selection, form, network)


async def _book(
    visit: Visit, bots: Bots, selection: Selection, form: Form, network: str
) -> Response[str] | Redirect:
    address, start = visit.address, visit.address.start_at
    assert start is not None
    _ = visit.language.words.gettext
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
            ),
            actor=VISITOR,
            now=datetime.now(UTC),
            idempotency_key=form.key,
            network=network,
        )
    except ValidationError as error:
        BOOKINGS.labels(error.code.lower()).inc()
        return form_page(
            visit,
            selection,
            form,
            status=422,
            wrong=wrong_fields(error.errors, visit.language.words),
        )
    except BookingConflictError as error:
        BOOKINGS.labels(error.code.lower()).inc()
        alternatives = [
            (start.isoformat(), told["day"], told["time"])
            for start, _staff in error.facts["alternatives"]
            for told in [when(visit, selection.place, start)]
        ]
        return form_page(visit, selection, form.again(), status=409, alternatives=alternatives)
    except (NotOfferedError, IdempotencyMismatchError) as error:
        BOOKINGS.labels(error.code.lower()).inc()
        notice = _("This time can't be booked any more. Please choose another one.")
        return await next_step(visit, bots, status=422, notice=notice)
    except (TooManyBookingsError, PaymentUnavailableError) as error:
        BOOKINGS.labels(error.code.lower()).inc()
        too_many = _(
            "As many bookings as this business allows at a time are held already with these "
            "details. Please cancel one of them, or call us."
        )
        notice = too_many if isinstance(error, TooManyBookingsError) else cannot_be_paid(visit)
        return form_page(visit, selection, form, status=409, notice=notice)
    except TryAgainError as error:
        BOOKINGS.labels(error.code.lower()).inc()
        notice = _("We couldn't reach our calendar. Nothing is lost: please send the form again.")
        return form_page(visit, selection, form, status=503, notice=notice)
    is_held = booked.appointment.status is Status.HELD
    BOOKINGS.labels("held" if is_held else "booked").inc()
    return Redirect(address.own(booked.token, new="1"), status_code=303)


@get("/{slug:str}/challenge", include_in_schema=False)
async def challenge(
    slug: str, key: str, installation: Here, bots: Watching
) -> Response[dict[str, Any]]:
    """A proof of work to find, for the form with this key."""
    directory = await installation.current(slug)
    found = bots.challenge(directory, key, datetime.now(UTC))
    return Response(found, headers={"Cache-Control": "no-store"})
