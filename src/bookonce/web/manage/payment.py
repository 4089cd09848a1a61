"""The payment step: what a client's own page shows for as long as its time is held for a payment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import MediaType, Request, Response, post
from litestar.response import Redirect

from bookonce.booking.appointment import Status
from bookonce.payments.pay import Paid, follow, pay
from bookonce.payments.states import LATE, PaymentStatus
from bookonce.platform.errors import (
    BookingConflictError,
    BookonceError,
    HoldExpiredError,
    NotFoundError,
    PaymentDeclinedError,
    PaymentUnavailableError,
    RateLimitedError,
    StatusConflictError,
    TryAgainError,
)
from bookonce.platform.settings import Settings
from bookonce.web.automation import automation_of
from bookonce.web.booking_page.deposit import refund_words
from bookonce.web.booking_page.visit import When
from bookonce.web.client_address import client_address, network_of
from bookonce.web.dependencies import Configured, Here
from bookonce.web.errors import STATUS
from bookonce.web.forms import form_fields
from bookonce.web.manage.card_field import CardField, card_field, opening
from bookonce.web.manage.manage_page import ManagePage
from bookonce.web.managed import Managed
from bookonce.web.metrics import CHANGES

LOOKS_MAX = 2
"""After so many looks at a payment that stays as it is, another try is offered."""
WAITING = (Status.HELD, Status.EXPIRED)
UNDER_WAY = (PaymentStatus.STARTED, PaymentStatus.AUTHORISED)
WITH_CARD = ("due", "again", "processing", "bank")
"""The states in which Stripe's script may be needed."""


def as_it_is(
    own: ManagePage,
    settings: Settings,
    *,
    status: int = 200,
    notice: str = "",
    is_new: bool = False,
    wants_card: bool = False,
    moved_from: datetime | None = None,
) -> Response[str]:
    """The appointment with what can be done about it: to pay, as long as it waits for that.

    `wants_card`: another card is to be tried although a payment may be under way; there will be
    one payment still.
    """
    if own.appointment.status not in WAITING or own.appointment.deposit_minor is None:
        return own.as_it_is(status=status, notice=notice, is_new=is_new, moved_from=moved_from)
    state = _state(own)
    if state == "processing" and wants_card and own.appointment.status is Status.HELD:
        state = "due"
    return _show(own, settings, state, status=status, notice=notice)


def _state(own: ManagePage) -> str:
    """Where the payment stands, by our own books."""
    appointment = own.appointment
    payments = own.held.directory.business.payments
    provider = own.visit.installation.providers.get(payments.provider)
    is_held = appointment.status is Status.HELD
    if provider is not None and not provider.takes_cards:
        return "by-hand" if is_held else "expired"
    end = appointment.hold_expires_at
    in_time = end is not None and datetime.now(UTC) <= end + LATE
    if appointment.payment_status in UNDER_WAY and in_time and provider is not None:
        return "processing"
    if not is_held:
        return "expired"
    return "due" if provider is not None else "unavailable"


def _show(
    own: ManagePage,
    settings: Settings,
    state: str,
    *,
    status: int = 200,
    notice: str = "",
    **values: Any,
) -> Response[str]:
    appointment, spoken = own.appointment, own.visit.language
    _ = spoken.words.gettext
    card: CardField | None = None
    if state in WITH_CARD and (card := card_field(settings, own.held.directory)) is None:
        state = "unavailable"
    if state == "due" and not notice and appointment.payment_status == PaymentStatus.DECLINED:
        notice = _("Your card was declined. Nothing was taken; another card may do.")
    now, end = datetime.now(UTC), appointment.hold_expires_at
    assert appointment.deposit_minor is not None
    assert end is not None
    there = end.astimezone(own.visit.address.zone or own.zone)
    is_far = there.date() != now.astimezone(there.tzinfo).date()
    return own.render(
        "payment.html",
        status=status,
        opening=opening(settings) if card else None,
        state=state,
        notice=notice,
        card=card,
        amount=own.amount(appointment.deposit_minor),
        refunds=refund_words(appointment.promised_terms, spoken),
        held_until=spoken.moment(there) if is_far else spoken.time(there),
        left_s=f"{max(0.0, (end - now).total_seconds()):.1f}",
        elsewhere=own.elsewhere,
        **({"means": "", "secret": "", "looks": 0, "alternatives": None} | values),
    )


@post(
    "/{slug:str}/a/{token:str}/payment",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
)
async def pay_by_form(
    slug: str,
    token: str,
    request: Request[Any, Any, Any],
    installation: Here,
    settings: Configured,
) -> Response[str] | Redirect:
    """Pays with what Stripe's script made of a card (`means`); without it, tells what became of the
    payment that is under way.
    """
    fields = await form_fields(request)
    own = await ManagePage.of(request, installation, slug, token, fields, "")
    means, now = str(fields.get("means") or "")[:255], datetime.now(UTC)
    try:
        if means:
            with automation_of(request).payment(
                network_of(client_address(request.scope, settings.trusted_proxies))
            ):
                paid = await pay(installation, slug, own.appointment.id, means, now=now)
        else:
            paid = await follow(installation, slug, own.appointment.id, now=now)
    except (NotFoundError, RateLimitedError):
        raise
    except BookonceError as error:
        CHANGES.labels("pay", error.code.lower()).inc()
        own = await ManagePage.of(request, installation, slug, token, fields, "")
        return _refused(own, settings, error, means)
    CHANGES.labels("pay", paid.found.appointment.status.value).inc()
    looks = str(fields.get("looks") or "")[:3]
    return _went_on(
        own.now(Managed.of(paid.found, token)),
        settings,
        paid,
        int(looks) if looks.isdecimal() else 0,
    )


def _went_on(
    own: ManagePage, settings: Settings, paid: Paid, looks: int
) -> Response[str] | Redirect:
    """After a try that nobody refused: it is confirmed, or somebody is to be waited for."""
    _ = own.visit.language.words.gettext
    if own.appointment.status not in WAITING:
        return Redirect(own.address(new="1"), status_code=303)
    if paid.client_secret:
        return _show(own, settings, "bank", secret=paid.client_secret)
    state = _state(own)
    if state == "processing" and own.appointment.status is Status.HELD and looks >= LOOKS_MAX:
        notice = _(
            "Your payment hasn't come through. You can try again here; you won't be charged twice."
        )
        return _show(own, settings, "due", notice=notice)
    return _show(own, settings, state, looks=looks + 1)


def _refused(
    own: ManagePage, settings: Settings, error: BookonceError, means: str
) -> Response[str]:
    """What somebody is told whose payment didn't come about, and what they can do now."""
    _ = own.visit.language.words.gettext
    is_held = own.appointment.status is Status.HELD
    state, notice = "", ""
    values: dict[str, Any] = {}
    match error:
        case PaymentDeclinedError() if error.facts["attempts_left"] and is_held:
            state = "due"
            notice = _(
                "Your card was declined. Nothing was taken; another card may do. "
                "Tries left: %(count)s."
            ) % {"count": error.facts["attempts_left"]}
        case PaymentDeclinedError():
            state = "ended"
            notice = _(
                "Your card was declined, and the time isn't held any more. Nothing was taken."
            )
        case StatusConflictError() if _was_lost(own):
            state = "ended"
            notice = _(
                "This time isn't yours any more: it was given up, or somebody else has it by now. "
                "Nothing is taken; what your bank has reserved is let go."
            )
        case HoldExpiredError():
            state = "expired"
        case BookingConflictError():
            state, values = "lost", {"alternatives": _alternatives(own, error)}
        case TryAgainError() if is_held:
            state, values = ("again" if means else "processing"), {"means": means}
            notice = _(
                "We couldn't reach the payment service. Nothing is lost, and you won't be charged "
                "twice: please try again."
            )
        case PaymentUnavailableError() if is_held and _state(own) != "by-hand":
            state = "due"
            notice = _("The payment service didn't accept this. Please try again, or call us.")
    status = STATUS[error.code]
    if not state:
        return as_it_is(own, settings, status=status)
    return _show(own, settings, state, status=status, notice=notice, **values)


def _was_lost(own: ManagePage) -> bool:
    """Whether it ended without ever being confirmed: whoever settles payments may have found before
    the payer that somebody else has the time.
    """
    appointment = own.appointment
    is_taken = appointment.payment_status == PaymentStatus.CAPTURED
    return (
        appointment.status is Status.CANCELLED
        and appointment.deposit_minor is not None
        and not appointment.keep_minor
        and not is_taken
    )


def _alternatives(own: ManagePage, error: BookingConflictError) -> list[tuple[str, When]]:
    """Where what can be booked instead leads to, and when each is."""
    return [
        (own.elsewhere_at(start), own.when(start)) for start, _staff in error.facts["alternatives"]
    ]
