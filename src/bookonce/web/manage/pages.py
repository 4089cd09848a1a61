"""The client's own page for one appointment: what it is, and moving and cancelling it.

Looking changes nothing, since mail scanners follow links; every change is a POST.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.availability.installation import Installation
from bookonce.availability.selection import Choice
from bookonce.booking.appointment import Status
from bookonce.booking.cancel import cancel
from bookonce.booking.move import MoveRequest, move
from bookonce.events.idempotency import Idempotency
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import (
    BookingConflictError,
    IdempotencyMismatchError,
    NotFoundError,
    NotOfferedError,
    StatusConflictError,
    TooLateError,
    TryAgainError,
    ValidationError,
)
from bookonce.web.booking_page.form import Form
from bookonce.web.booking_page.times import times
from bookonce.web.dependencies import Configured, Here
from bookonce.web.manage.manage_page import ManagePage
from bookonce.web.manage.payment import as_it_is
from bookonce.web.metrics import CHANGES
from bookonce.web.requests import base_url


@get("/{slug:str}/a/{token:str}", include_in_schema=False, media_type=MediaType.HTML)
async def manage_page(
    slug: str,
    token: str,
    request: Request[Any, Any, Any],
    installation: Here,
    settings: Configured,
) -> Response[str]:
    """The appointment as it is now."""
    own = await ManagePage.of(
        request, installation, slug, token, request.query_params, base_url(request, settings)
    )
    return as_it_is(
        own,
        settings,
        is_new="new" in request.query_params,
        wants_card="card" in request.query_params,
    )


@get("/{slug:str}/a/{token:str}/cancel", include_in_schema=False, media_type=MediaType.HTML)
async def cancel_page(
    slug: str, token: str, request: Request[Any, Any, Any], installation: Here
) -> Response[str] | Redirect:
    """Asks whether it is meant."""
    own = await ManagePage.of(request, installation, slug, token, request.query_params, "")
    if own.appointment.status is not Status.CONFIRMED:
        return Redirect(own.address(), status_code=303)
    back_minor = own.comes_back_minor
    return own.render("cancel.html", back=None if back_minor is None else own.amount(back_minor))


@post(
    "/{slug:str}/a/{token:str}/cancel",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
)
async def cancel_by_form(
    slug: str,
    token: str,
    request: Request[Any, Any, Any],
    installation: Here,
    settings: Configured,
) -> Response[str] | Redirect:
    """Cancels, and shows the page again."""
    own = await ManagePage.of(request, installation, slug, token, await request.form(), "")
    _ = own.visit.language.words.gettext
    try:
        await cancel(installation, slug, own.appointment.id, actor=VISITOR, now=datetime.now(UTC))
    except (TooLateError, StatusConflictError) as error:
        CHANGES.labels("cancel", error.code.lower()).inc()
        return as_it_is(own, settings, status=409)
    except TryAgainError as error:
        CHANGES.labels("cancel", error.code.lower()).inc()
        notice = _("We couldn't reach our calendar. Nothing is lost: please try again.")
        return as_it_is(own, settings, status=503, notice=notice)
    CHANGES.labels("cancel", "done").inc()
    return Redirect(own.address(), status_code=303)


@get("/{slug:str}/a/{token:str}/move", include_in_schema=False, media_type=MediaType.HTML)
async def move_page(
    slug: str, token: str, request: Request[Any, Any, Any], installation: Here
) -> Response[str] | Redirect:
    """The times to choose from, then the question whether it is meant."""
    own = await ManagePage.of(request, installation, slug, token, request.query_params, "")
    if own.appointment.status is not Status.CONFIRMED:
        return Redirect(own.address(), status_code=303)
    if own.visit.address.start_at is not None:
        return _confirm_move(own, Form())
    return await _choose_move(own, installation)


async def _choose_move(
    own: ManagePage, installation: Installation, *, status: int = 200, notice: str = ""
) -> Response[str]:
    appointment = own.appointment

    def url(day: str, start: str | None) -> str:
        return own.address("move", date=day, **({"start": start} if start else {}))

    try:
        found = await times(
            installation,
            own.visit.address.slug,
            Choice(appointment.services, appointment.performers, appointment.location),
            own.visit.address.day,
            url,
            own.visit.language,
            own.visit.address.zone,
            now=datetime.now(UTC),
        )
    except (NotFoundError, ValidationError):
        found = None
    return own.render("move.html", status=status, times=found, notice=notice)


def _confirm_move(
    own: ManagePage,
    form: Form,
    *,
    status: int = 200,
    notice: str = "",
    alternatives: list[tuple[str, str, str]] | None = None,
) -> Response[str]:
    start = own.visit.address.start_at
    assert start is not None
    spoken, there = own.visit.language, start.astimezone(own.zone)
    return own.render(
        "confirm_move.html",
        status=status,
        key=form.key,
        start=start.isoformat(),
        new_day=spoken.long_day(there.date()),
        new_time=spoken.time(there),
        new_parts=own.parts(start),
        notice=notice,
        alternatives=alternatives,
    )


@post(
    "/{slug:str}/a/{token:str}/move",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
)
async def move_by_form(
    slug: str,
    token: str,
    request: Request[Any, Any, Any],
    installation: Here,
    settings: Configured,
) -> Response[str] | Redirect:
    """Moves, and shows the page again; or offers other times."""
    fields = await request.form()
    own = await ManagePage.of(request, installation, slug, token, fields, "")
    _ = own.visit.language.words.gettext
    form, start = Form.of(fields), own.visit.address.start_at
    if start is None:
        return await _choose_move(own, installation, status=422)
    request_to_move = MoveRequest(start)
    try:
        await move(
            installation,
            slug,
            own.appointment.id,
            request_to_move,
            actor=VISITOR,
            now=datetime.now(UTC),
            idempotency=Idempotency.of(form.key, "move", token, request_to_move),
        )
    except BookingConflictError as error:
        CHANGES.labels("move", error.code.lower()).inc()
        spoken = own.visit.language
        alternatives = [
            (each.isoformat(), spoken.long_day(there.date()), spoken.time(there))
            for each, _staff in error.facts["alternatives"]
            for there in [each.astimezone(own.zone)]
        ]
        return _confirm_move(own, Form(), status=409, alternatives=alternatives)
    except (TooLateError, StatusConflictError) as error:
        CHANGES.labels("move", error.code.lower()).inc()
        return as_it_is(own, settings, status=409)
    except (NotFoundError, NotOfferedError, IdempotencyMismatchError) as error:
        CHANGES.labels("move", error.code.lower()).inc()
        notice = _("This time can't be booked any more. Please choose another one.")
        return await _choose_move(own, installation, status=422, notice=notice)
    except TryAgainError as error:
        CHANGES.labels("move", error.code.lower()).inc()
        notice = _("We couldn't reach our calendar. Nothing is lost: please try again.")
        return _confirm_move(own, form, status=503, notice=notice)
    CHANGES.labels("move", "done").inc()
    return Redirect(own.address(), status_code=303)
