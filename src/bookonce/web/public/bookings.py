"""Booking a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.params import Parameter

from bookonce.booking.appointment import Status
from bookonce.booking.book import book
from bookonce.booking.request import BookingRequest
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import BookonceError
from bookonce.platform.languages import accepted_language
from bookonce.web.client_address import client_address, network_of
from bookonce.web.dependencies import Configured, Here, Slug
from bookonce.web.managed import Managed
from bookonce.web.metrics import BOOKINGS
from bookonce.web.public.answers import AppointmentAnswer
from bookonce.web.public.documented import CHANGING
from bookonce.web.requests import base_url, json_body

IdempotencyKey = Annotated[
    str | None,
    Parameter(
        header="Idempotency-Key",
        description="the same key gives the same answer, however often it is sent",
        max_length=255,
    ),
]


@post(
    "/book",
    responses=CHANGING,
    before_request=json_body(BookingRequest),
    summary="Book a time",
)
async def book_appointment(
    slug: Slug,
    data: BookingRequest,
    request: Request[Any, Any, Any],
    installation: Here,
    settings: Configured,
    idempotency_key: IdempotencyKey = None,
) -> Response[AppointmentAnswer]:
    """The time is yours (201), or somebody has it (409, with what can be booked instead)."""
    try:
        booked = await book(
            installation,
            slug,
            data,
            actor=VISITOR,
            now=datetime.now(UTC),
            idempotency_key=idempotency_key,
            network=network_of(client_address(request.scope, settings.trusted_proxies)),
            language=accepted_language(request.headers.get("accept-language")),
        )
    except BookonceError as error:
        BOOKINGS.labels(error.code.lower()).inc()
        raise
    is_held = booked.appointment.status is Status.HELD
    BOOKINGS.labels("held" if is_held else "booked").inc()
    answer = AppointmentAnswer.of(
        Managed.of(booked, booked.token),
        base_url(request, settings),
        publishable_key=settings.stripe_publishable_key,
    )
    return Response(
        answer,
        headers={"Location": f"/api/v1/{slug}/appointments/{booked.token}"},
    )
