"""Booking a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.params import Parameter

from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Status
from bookonce.booking.book import book
from bookonce.booking.request import BookingRequest
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import BookonceError, ProofOfWorkNeededError
from bookonce.platform.languages import accepted_language
from bookonce.web.automation import automation_of
from bookonce.web.booking_page.bots import Bots
from bookonce.web.client_address import client_address, network_of
from bookonce.web.dependencies import Configured, Here, Slug
from bookonce.web.managed import Managed
from bookonce.web.metrics import BOOKINGS
from bookonce.web.public.answers import AppointmentAnswer
from bookonce.web.public.documented import BOOKING
from bookonce.web.requests import base_url, json_body

IdempotencyKey = Annotated[
    str | None,
    Parameter(
        header="Idempotency-Key",
        description="the same key gives the same answer, however often it is sent",
        max_length=255,
    ),
]
ProofOfWork = Annotated[
    str | None,
    Parameter(
        header="Proof-Of-Work",
        description="the solution of the challenge that an answer 428 had, as ALTCHA encodes it",
        max_length=4_096,
    ),
]


@post(
    "/book",
    responses=BOOKING,
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
    proof: ProofOfWork = None,
) -> Response[AppointmentAnswer]:
    """The time is yours (201), or somebody has it (409, with what can be booked instead)."""
    network = network_of(client_address(request.scope, settings.trusted_proxies))
    automation = automation_of(request)
    try:
        if automation.bots.doubts(slug, network):
            await _require_proof(installation, automation.bots, slug, idempotency_key, proof)
        with automation.booking(slug, data.client, network):
            booked = await book(
                installation,
                slug,
                data,
                actor=VISITOR,
                now=datetime.now(UTC),
                idempotency_key=idempotency_key,
                network=network,
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


async def _require_proof(
    installation: Installation, bots: Bots, slug: str, key: str | None, proof: str | None
) -> None:
    """Raises ProofOfWorkNeededError unless a proof of work came for this key, and NotFoundError."""
    directory = await installation.current(slug)
    if key and proof and bots.proves(directory, key, proof):
        return
    if not key:
        raise ProofOfWorkNeededError(
            "More bookings come from your network than people send. Send this one with an "
            "Idempotency-Key, and you get a challenge to solve."
        )
    raise ProofOfWorkNeededError(
        "More bookings come from your network than people send. Solve the challenge (ALTCHA) and "
        "send the booking again with the same Idempotency-Key and the solution in Proof-Of-Work.",
        challenge=bots.challenge(directory, key, datetime.now(UTC)),
    )
