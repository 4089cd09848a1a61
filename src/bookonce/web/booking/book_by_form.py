"""The one form that books."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import MediaType, Request, Response, post
from litestar.response import Redirect

from bookonce.core.errors import (
    BookingConflictError,
    IdempotencyMismatchError,
    NotFoundError,
    NotOfferedError,
    TryAgainError,
    ValidationError,
)
from bookonce.services.availability import Asked, asked
from bookonce.services.book import BookingRequest, book
from bookonce.web.booking.form import TRAP, Form, wrong_fields
from bookonce.web.booking.steps import form_page, next_step
from bookonce.web.booking.visit import Visit, when
from bookonce.web.dependencies import Here
from bookonce.web.metrics import BOOKINGS


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
        return await next_step(visit, installation, status=422)
    gone = _("This time can't be booked any more. Please choose another one.")
    try:
        wanted = asked(visit.directory, address.choice)
    except (NotFoundError, ValidationError):
        return await next_step(visit, installation, status=422, notice=gone)
    if fields.get(TRAP):
        return form_page(
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
            now=datetime.now(UTC),
            idempotency_key=form.key,
        )
    except ValidationError as error:
        BOOKINGS.labels(error.code.lower()).inc()
        return form_page(
            visit, wanted, form, status=422, wrong=wrong_fields(error.errors, visit.language.words)
        )
    except BookingConflictError as error:
        BOOKINGS.labels(error.code.lower()).inc()
        alternatives = [
            (start.isoformat(), told["day"], told["time"])
            for start, _staff in error.facts["alternatives"]
            for told in [when(visit, wanted.place, start)]
        ]
        return form_page(visit, wanted, form.again(), status=409, alternatives=alternatives)
    except (NotOfferedError, IdempotencyMismatchError) as error:
        BOOKINGS.labels(error.code.lower()).inc()
        notice = _("This time can't be booked any more. Please choose another one.")
        return await next_step(visit, installation, status=422, notice=notice)
    except TryAgainError as error:
        BOOKINGS.labels(error.code.lower()).inc()
        notice = _("We couldn't reach our calendar. Nothing is lost: please send the form again.")
        return form_page(visit, wanted, form, status=503, notice=notice)
    BOOKINGS.labels("booked").inc()
    return Redirect(address.own(held.token, new="1"), status_code=303)
