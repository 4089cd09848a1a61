"""The client's own page for one appointment: what it is, and moving and cancelling it.

Looking changes nothing, since mail scanners follow links; every change is a POST.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.availability.installation import Installation
from bookonce.availability.look import bookable
from bookonce.availability.selection import Choice, require_offered, select
from bookonce.booking.appointment import Status
from bookonce.booking.cancel import cancel
from bookonce.booking.move import MoveRequest, move
from bookonce.business.document import ANYONE
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
from bookonce.web.booking_page.address import instant_in
from bookonce.web.booking_page.clocks import Clocks, clocks
from bookonce.web.booking_page.form import Form
from bookonce.web.booking_page.times import Times, times
from bookonce.web.booking_page.visit import When, zone_names
from bookonce.web.dependencies import Configured, Here
from bookonce.web.forms import form_fields
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
        moved_from=instant_in(request.query_params.get("moved")),
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
    back = back_minor and own.amount(back_minor)
    return own.render("cancel.html", back=back, has_deposit=back_minor is not None)


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
    own = await ManagePage.of(request, installation, slug, token, await form_fields(request), "")
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
    if own.visit.address.start_at is None:
        return await _choose_move(own, installation)
    if not _is_offered(own):
        return await _choose_move(own, installation, notice=own.visit.not_offered)
    return _confirm_move(own, Form())


def _new_choice(own: ManagePage) -> tuple[Choice, str]:
    """The same services with the same people; with anyone if one of them doesn't perform them
    there any more, and then their name.
    """
    appointment, directory = own.appointment, own.held.directory
    same = Choice(appointment.services, appointment.performers, appointment.location)
    place = directory.places.get(appointment.location)
    for part in appointment.parts:
        service = directory.services.get(part.service)
        if service and place and part.staff not in directory.performers(service, place):
            return replace(same, staff=()), part.staff_name
    return same, ""


def _is_offered(own: ManagePage) -> bool:
    """Whether the start that the address has chosen is on offer, whoever may be free; where it
    can't be told, choosing says why.
    """
    start, directory = own.visit.address.start_at, own.held.directory
    assert start is not None
    if start == own.appointment.start:
        return True
    try:
        selection = select(directory, _new_choice(own)[0])
        require_offered(selection, start, bookable(directory, datetime.now(UTC)))
    except (NotFoundError, NotOfferedError, ValidationError):
        return False
    return True


def _why_not(own: ManagePage) -> str:
    """Why it can't be moved to any time; empty if it can."""
    appointment, directory = own.appointment, own.held.directory
    _ = own.visit.language.words.gettext
    if directory.is_closed:
        return _("We take no bookings here.")
    if appointment.location not in directory.places:
        return _("We aren't at this place any more, so it can't be moved here. Please call us.")
    for part in appointment.parts:
        if part.service not in directory.services:
            text = _("%(name)s isn't offered any more, so it can't be moved here. Please call us.")
            return text % {"name": part.service_name}
    return ""


async def _choose_move(
    own: ManagePage, installation: Installation, *, status: int = 200, notice: str = ""
) -> Response[str]:
    choice, gone = _new_choice(own)
    visit, why_not, found = own.visit, _why_not(own), None

    def url(day: str, start: str | None) -> str:
        return own.address("move", date=day, **({"start": start} if start else {}))

    if not why_not:
        start = visit.address.start_at
        day = start.astimezone(own.zone).date() if start else visit.address.day
        found = await times(
            installation,
            visit.address.slug,
            choice,
            day,
            url,
            visit.language,
            visit.address.zone,
            now=datetime.now(UTC),
        )
    return own.render(
        "move.html",
        status=status,
        times=found,
        notice="" if why_not else notice,
        why_not=why_not,
        gone=gone,
        zone=zone_names(visit, own.zone, found.moments) if found else None,
        clocks=found and _clocks(own, found),
    )


def _clocks(own: ManagePage, found: Times) -> Clocks:
    visit = own.visit
    date = visit.address.date
    carried = visit.address.manner | ({"date": date} if date else {})
    action = urlsplit(own.address("move")).path
    return clocks(own.zone, visit.address.zone, action, carried, visit.language, found.noon)


def _confirm_move(
    own: ManagePage,
    form: Form,
    *,
    status: int = 200,
    notice: str = "",
    alternatives: list[When] | None = None,
) -> Response[str]:
    start = own.visit.address.start_at
    assert start is not None
    return own.render(
        "confirm_move.html",
        status=status,
        key=form.key,
        new=own.when(start),
        gone=_new_choice(own)[1],
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
    fields = await form_fields(request)
    own = await ManagePage.of(request, installation, slug, token, fields, "")
    _ = own.visit.language.words.gettext
    form, start = Form.of(fields), own.visit.address.start_at
    if start is None:
        return await _choose_move(own, installation, status=422)
    before = instant_in(str(fields.get("moved") or "")) or own.appointment.start
    # Another person performs it only if the form said so.
    request_to_move = MoveRequest(start, ANYONE if fields.get("staff") == ANYONE else None)
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
        alternatives = [own.when(each) for each, _staff in error.facts["alternatives"]]
        return _confirm_move(own, Form(), status=409, alternatives=alternatives)
    except (TooLateError, StatusConflictError) as error:
        CHANGES.labels("move", error.code.lower()).inc()
        return as_it_is(own, settings, status=409)
    except (NotFoundError, NotOfferedError, IdempotencyMismatchError) as error:
        CHANGES.labels("move", error.code.lower()).inc()
        notice = _("This time can't be booked any more. Please choose another one.")
        own = await ManagePage.of(request, installation, slug, token, fields, "")
        return await _choose_move(own, installation, status=422, notice=notice)
    except TryAgainError as error:
        CHANGES.labels("move", error.code.lower()).inc()
        notice = _("We couldn't reach our calendar. Nothing is lost: please try again.")
        return _confirm_move(own, form, status=503, notice=notice)
    CHANGES.labels("move", "done").inc()
    return Redirect(own.address(moved=before.astimezone(own.zone).isoformat()), status_code=303)
