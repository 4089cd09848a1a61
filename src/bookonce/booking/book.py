"""Book: one appointment for one time, for certain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from bookonce.availability.hold_rows import expire_for
from bookonce.availability.installation import Installation
from bookonce.availability.look import bookable
from bookonce.availability.rules import broken_in
from bookonce.availability.selection import Selection, require_offered, select
from bookonce.booking.booking_rows import Outcome
from bookonce.booking.deposits import Shown, due
from bookonce.booking.find import RACES_LOST_MAX
from bookonce.booking.new_appointment import Circumstances, Ids, booked_appointment, new_appointment
from bookonce.booking.replay import Booked, has_this, refusal_of, replayed_by, replayed_or_refused
from bookonce.booking.request import BookingRequest, Wish, require_answered, wish_of
from bookonce.booking.rezone import go_by_the_same_rules
from bookonce.booking.run_booking import run_booking
from bookonce.business.directory import Directory
from bookonce.events.idempotency import Idempotency
from bookonce.platform.actor import Actor
from bookonce.platform.errors import (
    NotFoundError,
    NotOfferedError,
    TooManyBookingsError,
    TryAgainError,
    ValidationError,
)
from bookonce.platform.ids import new_id
from bookonce.platform.tokens import new_token


async def book(
    installation: Installation,
    slug: str,
    request: BookingRequest,
    *,
    actor: Actor,
    now: datetime,
    idempotency_key: str | None = None,
    network: str | None = None,
    hold_until: datetime | None = None,
    is_once: bool = False,
    language: str | None = None,
) -> Booked:
    """Book a time with a named person, or with the fairest of those who are free. If a deposit is
    due, the time is held for the payment.

    `hold_until` holds it only, until `confirm` makes it the client's: while somebody telephones, or
    is asked whether they want it. `network` is where the request came from; it counts if the
    business limits what one may hold.
    `language` is the one that whoever books reads, as HTML names it: messages are written in it.
    `is_once` refuses with AlreadyBookedError what the same mail address has already, although a
    colleague may be free.
    Raises NotFoundError, ValidationError, NotOfferedError, BookingConflictError (with what can be
    booked instead), TooManyBookingsError, PaymentUnavailableError,
    IdempotencyMismatchError and TryAgainError. After TryAgainError the outcome may be unknown; the
    same key finds it.
    """
    request = request.normal()
    idempotency = Idempotency.of(idempotency_key, "book", request)
    wish = await wish_of(installation, slug, request)
    asking = Asking(actor, network, hold_until, is_once, now, language, request.again)
    return await book_wish(installation, slug, wish, idempotency, asking)


@dataclass(frozen=True, slots=True)
class Asking:
    """How a wish was asked for; see `book`."""

    actor: Actor
    network: str | None
    hold_until: datetime | None
    is_once: bool
    now: datetime
    language: str | None = None
    again: str | None = None


async def book_wish(
    installation: Installation, slug: str, wish: Wish, idempotency: Idempotency, asking: Asking
) -> Booked:
    """Book what is wished for; see `book`."""
    ids = Ids(new_id(), new_id(), new_id(), new_token())
    actor, now, broken = asking.actor, asking.now, broken_in(wish.manner)

    def judge(directory: Directory) -> Selection:
        limits = bookable(directory, now, broken)
        if actor.is_bound_by_terms:
            require_answered(directory.business, wish)
        return require_offered(select(directory, wish.choice), wish.start, limits, broken)

    for _ in range(RACES_LOST_MAX):
        try:
            directory, selection = await installation.judge(slug, judge)
        except (NotOfferedError, NotFoundError, ValidationError):
            if idempotency.from_outside and (
                replayed := await replayed_by(installation, slug, wish, idempotency, now)
            ):
                return replayed
            raise
        await go_by_the_same_rules(installation, directory, now)
        if asking.is_once and await has_this(installation, selection, wish, now):
            return await replayed_or_refused(installation, slug, selection, wish, idempotency, now)
        deposit = None
        if actor.is_bound_by_terms:
            newcomer = Shown(wish.guest.email or "", asking.again)
            deposit = await due(installation, selection, newcomer, now)
        circumstances = Circumstances(
            actor, asking.network, deposit, asking.hold_until, now, asking.language
        )
        new = new_appointment(installation, selection, wish, idempotency, ids, circumstances)
        result = await run_booking(installation, new, selection, wish)
        if result.allocation is not None:
            appointment = booked_appointment(selection, new, result.allocation)
            appointment = msgspec.structs.replace(appointment, overbooked=wish.manner.overbooked)
            return Booked(directory, appointment, ids.token)
        if result.outcome is Outcome.REPLAY and (
            replayed := await replayed_by(installation, slug, wish, idempotency, now)
        ):
            return replayed
        if result.outcome is Outcome.EXPIRED_HOLD:
            await installation.database.transaction(expire_for, new.demand, now)
        if result.outcome is Outcome.REFUSED:
            raise await refusal_of(installation, selection, wish, now)
        if result.outcome in (Outcome.STALE, Outcome.LIMITED):
            await _look_again(installation, directory, result.outcome)
    raise TryAgainError("Too many others are booking this time; try again in a moment.")


async def _look_again(installation: Installation, judged: Directory, outcome: Outcome) -> None:
    """Read the business anew; a limit that still is its own is final. Raises
    TooManyBookingsError.
    """
    current = await installation.by_id(judged.business_id)
    if outcome is Outcome.LIMITED and current.version == judged.version:
        raise TooManyBookingsError(
            "As many bookings as this business allows at a time are held already with these "
            "particulars. Cancel one of them, or call the business."
        )
