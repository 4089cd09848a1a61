"""One appointment, for whoever holds its capability."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from msgspec import Meta

from bookonce.booking.cancel import cancel
from bookonce.booking.find import access_by_token
from bookonce.booking.move import MoveRequest, move
from bookonce.events.idempotency import Idempotency
from bookonce.payments.pay import follow, pay
from bookonce.platform.errors import BookonceError
from bookonce.web.automation import automation_of
from bookonce.web.client_address import client_address, network_of
from bookonce.web.dependencies import Configured, Here, Slug
from bookonce.web.managed import Managed, managed
from bookonce.web.metrics import CHANGES
from bookonce.web.public.answers import AppointmentAnswer
from bookonce.web.public.bookings import IdempotencyKey
from bookonce.web.public.calendar_file import MEDIA_TYPE, calendar_file, method
from bookonce.web.public.documented import CHANGING, PAYING, READING
from bookonce.web.requests import base_url, json_body

CALENDAR_SUFFIX = ".ics"
Token = Annotated[str, Parameter(description="the capability that the booking was answered with")]


class CancellationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is needed to cancel; an empty body will do."""


class PaymentRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the provider's script made of a card, such as "tok_…"; absent: nothing new, only look."""

    means: Annotated[str, Meta(min_length=1, max_length=255)] | None = None


@get(
    "/{token:str}",
    responses={200: ResponseSpec(AppointmentAnswer, generate_examples=False), **READING},
    summary="The appointment",
    operation_id="find_appointment",
)
async def appointment(
    slug: Slug,
    token: Token,
    request: Request[Any, Any, Any],
    installation: Here,
    settings: Configured,
) -> Response[Any]:
    """The appointment as it is now; with `.ics` after the token, as an iCalendar file."""
    bare = token.removesuffix(CALENDAR_SUFFIX)
    held = await managed(installation, slug, bare)
    answer = AppointmentAnswer.of(
        held, base_url(request, settings), publishable_key=settings.stripe_publishable_key
    )
    if token.endswith(CALENDAR_SUFFIX):
        return Response(
            calendar_file(held, answer.manage_url),
            media_type=f"{MEDIA_TYPE}; method={method(held.appointment)}",
            headers={"Content-Disposition": 'inline; filename="appointment.ics"'},
        )
    return Response(answer)


@post(
    "/{token:str}/cancellation",
    status_code=200,
    responses=CHANGING,
    before_request=json_body(CancellationRequest, required=False),
    summary="Cancel",
    operation_id="cancel_appointment",
)
async def cancellation(
    slug: Slug,
    token: Token,
    request: Request[Any, Any, Any],
    installation: Here,
    settings: Configured,
    data: CancellationRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> AppointmentAnswer:
    """Gives the time back. Cancelling again answers the same."""
    try:
        access = await access_by_token(installation, slug, token)
        found = await cancel(
            installation, slug, access.appointment_id, actor=access.actor, now=datetime.now(UTC)
        )
    except BookonceError as error:
        CHANGES.labels("cancel", error.code.lower()).inc()
        raise
    CHANGES.labels("cancel", "done").inc()
    return AppointmentAnswer.of(
        Managed.of(found, token),
        base_url(request, settings),
        publishable_key=settings.stripe_publishable_key,
    )


@post(
    "/{token:str}/move",
    status_code=200,
    responses=CHANGING,
    before_request=json_body(MoveRequest),
    summary="Move",
)
async def move_appointment(
    slug: Slug,
    token: Token,
    data: MoveRequest,
    request: Request[Any, Any, Any],
    installation: Here,
    settings: Configured,
    idempotency_key: IdempotencyKey = None,
) -> AppointmentAnswer:
    """The new time is taken and the old one given back, or nothing happens (409)."""
    try:
        access = await access_by_token(installation, slug, token)
        found = await move(
            installation,
            slug,
            access.appointment_id,
            data,
            actor=access.actor,
            now=datetime.now(UTC),
            idempotency=Idempotency.of(idempotency_key, "move", token, data),
        )
    except BookonceError as error:
        CHANGES.labels("move", error.code.lower()).inc()
        raise
    CHANGES.labels("move", "done").inc()
    return AppointmentAnswer.of(
        Managed.of(found, token),
        base_url(request, settings),
        publishable_key=settings.stripe_publishable_key,
    )


@post(
    "/{token:str}/payment",
    status_code=200,
    responses=PAYING,
    before_request=json_body(PaymentRequest, required=False),
    summary="Pay the deposit",
)
async def pay_deposit(
    slug: Slug,
    token: Token,
    request: Request[Any, Any, Any],
    installation: Here,
    settings: Configured,
    data: PaymentRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> AppointmentAnswer:
    """Pays with what the provider's script made of a card, or tells what became of the payment that
    is under way. Sent twice, one payment is made.
    """
    now = datetime.now(UTC)
    try:
        access = await access_by_token(installation, slug, token)
        if data is None or data.means is None:
            paid = await follow(installation, slug, access.appointment_id, now=now)
        else:
            network = network_of(client_address(request.scope, settings.trusted_proxies))
            with automation_of(request).payment(network):
                paid = await pay(installation, slug, access.appointment_id, data.means, now=now)
    except BookonceError as error:
        CHANGES.labels("pay", error.code.lower()).inc()
        raise
    CHANGES.labels("pay", paid.found.appointment.status.value).inc()
    return AppointmentAnswer.of(
        Managed.of(paid.found, token),
        base_url(request, settings),
        publishable_key=settings.stripe_publishable_key,
        client_secret=paid.client_secret,
    )


router = Router(
    "/appointments", route_handlers=[appointment, cancellation, move_appointment, pay_deposit]
)
