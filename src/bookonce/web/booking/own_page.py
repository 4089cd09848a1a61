"""The client's own page for one appointment: what it is, and moving and cancelling it.

Looking changes nothing, since mail scanners follow links; every change is a POST.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.core import money
from bookonce.core.appointments import Appointment, Status
from bookonce.core.errors import (
    BookingConflictError,
    IdempotencyMismatchError,
    NotFoundError,
    NotOfferedError,
    StatusConflictError,
    TooLateError,
    TryAgainError,
    ValidationError,
)
from bookonce.services.appointments import find
from bookonce.services.availability import Choice
from bookonce.services.book import Held
from bookonce.services.cancel import cancel
from bookonce.services.installation import Installation
from bookonce.services.move import MoveRequest, move
from bookonce.web.booking.address import Address
from bookonce.web.booking.form import Form
from bookonce.web.booking.times import times
from bookonce.web.booking.visit import Visit
from bookonce.web.dependencies import Configured, Here
from bookonce.web.metrics import CHANGES
from bookonce.web.requests import base_url

UTC_FORMAT = "%Y%m%dT%H%M%SZ"


class OwnVisit(Visit):
    """A request for somebody's own page."""

    token = ""

    def in_language(self, code: str) -> str:
        """The page of the appointment; what was begun on it is begun again."""
        return replace(self.address, lang=code).own(self.token)


class Own:
    """An appointment on its own page."""

    def __init__(self, visit: OwnVisit, held: Held, base: str) -> None:
        visit.token = held.token
        self.visit, self.held, self.base = visit, held, base
        self.appointment = held.appointment
        self.zone = held.directory.zone_at(held.appointment.location)

    @classmethod
    async def of(
        cls,
        request: Request[Any, Any, Any],
        installation: Installation,
        slug: str,
        token: str,
        parameters: Any,
        base: str,
    ) -> Own:
        """Raises NotFoundError."""
        held = await find(installation, slug, token, now=datetime.now(UTC))
        visit = OwnVisit(request, installation, held.directory, Address.of(slug, parameters))
        return cls(visit, held, base)

    def address(self, *rest: str, **parameters: str) -> str:
        """An address on this page."""
        return self.visit.address.own(self.held.token, *rest, **parameters)

    @property
    def deadline(self) -> datetime:
        """Until when the client may change their mind."""
        limit_min = self.held.directory.policy.cancel_until_min
        return self.appointment.start - timedelta(minutes=limit_min)

    def render(self, name: str, *, status: int = 200, **values: Any) -> Response[str]:
        """A page about the appointment."""
        directory, appointment = self.held.directory, self.appointment
        spoken = self.visit.language
        start, end = (each.astimezone(self.zone) for each in (appointment.start, appointment.end))
        deadline = self.deadline.astimezone(self.zone)
        in_time = datetime.now(UTC) <= self.deadline
        confirmed = appointment.status is Status.CONFIRMED
        return self.visit.render(
            name,
            status=status,
            own=self.address,
            appointment=appointment,
            status_name=appointment.status.value,
            service=directory.service_name(appointment.service),
            staff=directory.staff_name(appointment.staff),
            where=directory.where(appointment.location),
            price=""
            if appointment.price_minor is None
            else spoken.amount(
                money.major(appointment.price_minor, appointment.currency), appointment.currency
            ),
            day=spoken.long_day(start.date()),
            time=spoken.time(start),
            until=spoken.time(end),
            zone=spoken.zone(self.zone, start),
            deadline=f"{spoken.long_day(deadline.date())}, {spoken.time(deadline)}",
            may_change=confirmed and in_time,
            is_too_late=confirmed and not in_time,
            calendars=self.calendars() if confirmed else [],
            facts=msgspec.json.encode(_booked_facts(appointment, self.zone)).decode(),
            **values,
        )

    def as_it_is(
        self, *, status: int = 200, notice: str = "", is_new: bool = False
    ) -> Response[str]:
        """The appointment with what can be done about it."""
        return self.render("appointment.html", status=status, notice=notice, is_new=is_new)

    def calendars(self) -> list[tuple[str, str]]:
        """Where it can be added to a calendar: a name (empty: a file) and an address."""
        directory, appointment = self.held.directory, self.appointment
        title = (
            f"{directory.service_name(appointment.service)} · {directory.business.business.name}"
        )
        start, end = (
            each.astimezone(UTC).strftime(UTC_FORMAT)
            for each in (appointment.start, appointment.end)
        )
        link = f"{self.base}{self.address()}"
        where = directory.where(appointment.location) or directory.business.business.name
        google = {
            "action": "TEMPLATE", "text": title, "dates": f"{start}/{end}", "details": link,
            "location": where,
        }  # fmt: skip
        outlook = {
            "path": "/calendar/action/compose", "rru": "addevent", "subject": title,
            "startdt": appointment.start.astimezone(UTC).isoformat(),
            "enddt": appointment.end.astimezone(UTC).isoformat(), "body": link, "location": where,
        }  # fmt: skip
        file = f"/api/v1/{directory.slug}/appointments/{self.held.token}.ics"
        return [
            ("", file),
            ("Google", f"https://calendar.google.com/calendar/render?{urlencode(google)}"),
            (
                "Outlook",
                f"https://outlook.live.com/calendar/0/deeplink/compose?{urlencode(outlook)}",
            ),
        ]


@get("/{slug:str}/a/{token:str}", include_in_schema=False, media_type=MediaType.HTML)
async def own_page(
    slug: str,
    token: str,
    request: Request[Any, Any, Any],
    installation: Here,
    settings: Configured,
) -> Response[str]:
    """The appointment as it is now."""
    own = await Own.of(
        request, installation, slug, token, request.query_params, base_url(request, settings)
    )
    return own.as_it_is(is_new="new" in request.query_params)


@get("/{slug:str}/a/{token:str}/cancel", include_in_schema=False, media_type=MediaType.HTML)
async def cancel_page(
    slug: str, token: str, request: Request[Any, Any, Any], installation: Here
) -> Response[str] | Redirect:
    """Asks whether it is meant."""
    own = await Own.of(request, installation, slug, token, request.query_params, "")
    if own.appointment.status is not Status.CONFIRMED:
        return Redirect(own.address(), status_code=303)
    return own.render("cancel.html")


@post(
    "/{slug:str}/a/{token:str}/cancel",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
)
async def cancel_by_form(
    slug: str, token: str, request: Request[Any, Any, Any], installation: Here
) -> Response[str] | Redirect:
    """Cancels, and shows the page again."""
    own = await Own.of(request, installation, slug, token, await request.form(), "")
    _ = own.visit.language.words.gettext
    try:
        await cancel(installation, slug, token, now=datetime.now(UTC))
    except (TooLateError, StatusConflictError) as error:
        CHANGES.labels("cancel", error.code.lower()).inc()
        return own.as_it_is(status=409)
    except TryAgainError as error:
        CHANGES.labels("cancel", error.code.lower()).inc()
        notice = _("We couldn't reach our calendar. Nothing is lost: please try again.")
        return own.as_it_is(status=503, notice=notice)
    CHANGES.labels("cancel", "done").inc()
    return Redirect(own.address(), status_code=303)


@get("/{slug:str}/a/{token:str}/move", include_in_schema=False, media_type=MediaType.HTML)
async def move_page(
    slug: str, token: str, request: Request[Any, Any, Any], installation: Here
) -> Response[str] | Redirect:
    """The times to choose from, then the question whether it is meant."""
    own = await Own.of(request, installation, slug, token, request.query_params, "")
    if own.appointment.status is not Status.CONFIRMED:
        return Redirect(own.address(), status_code=303)
    if own.visit.address.start_at is not None:
        return _confirm_move(own, Form())
    return await _choose_move(own, installation)


async def _choose_move(
    own: Own, installation: Installation, *, status: int = 200, notice: str = ""
) -> Response[str]:
    appointment = own.appointment

    def url(day: str, start: str | None) -> str:
        return own.address("move", date=day, **({"start": start} if start else {}))

    try:
        found = await times(
            installation,
            own.visit.address.slug,
            Choice(appointment.service, appointment.staff, appointment.location),
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
    own: Own,
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
    slug: str, token: str, request: Request[Any, Any, Any], installation: Here
) -> Response[str] | Redirect:
    """Moves, and shows the page again; or offers other times."""
    fields = await request.form()
    own = await Own.of(request, installation, slug, token, fields, "")
    _ = own.visit.language.words.gettext
    form, start = Form.of(fields), own.visit.address.start_at
    if start is None:
        return await _choose_move(own, installation, status=422)
    try:
        await move(
            installation,
            slug,
            token,
            MoveRequest(start),
            now=datetime.now(UTC),
            idempotency_key=form.key,
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
        return own.as_it_is(status=409)
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


def _booked_facts(appointment: Appointment, zone: ZoneInfo) -> dict[str, str]:
    """What a page that frames ours is told of a booking, times in a zone."""
    return {
        "id": str(appointment.id),
        "service": appointment.service,
        "staff": appointment.staff,
        "start": appointment.start.astimezone(zone).isoformat(),
        "end": appointment.end.astimezone(zone).isoformat(),
    }
