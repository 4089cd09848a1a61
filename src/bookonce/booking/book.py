"""Book: one appointment for one time, for certain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bookonce.availability import hold_rows
from bookonce.availability.allocation import taking_of
from bookonce.availability.alternatives import conflict
from bookonce.availability.installation import Installation, new_id
from bookonce.availability.look import Asked, Choice, asked, require_offered
from bookonce.availability.offers import Start
from bookonce.booking import booking_rows
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.booking_rows import BookingResult, NewAppointment, Outcome
from bookonce.booking.client import Client, client_errors, normal_email, notes_errors
from bookonce.booking.deposits import Deposit, due
from bookonce.booking.find import Managed
from bookonce.booking.limits import allowances
from bookonce.booking.manage_tokens import new_token, seal, token_hash, unseal
from bookonce.business.directory import Directory
from bookonce.events import event_rows
from bookonce.events.event_rows import Remembered
from bookonce.events.idempotency import Idempotency
from bookonce.platform import money
from bookonce.platform.connection import Connection
from bookonce.platform.errors import (
    NotFoundError,
    NotOfferedError,
    TooManyBookingsError,
    TryAgainError,
    ValidationError,
)

RACES_LOST_MAX = 200
"""A bound on what is bounded already: a race is lost only to a rival who won one."""


class BookingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a visitor asks for. `staff` absent or "any": anyone who performs the service;
    `location` may be absent where the service is offered at one location only.
    """

    service: Annotated[str, Meta(examples=["cut"])]
    start: Start
    client: Client
    staff: Annotated[str | None, Meta(examples=["any"])] = None
    location: str | None = None
    notes: Annotated[str | None, Meta(examples=["A little off the top"])] = None

    @property
    def choice(self) -> Choice:
        """What, with whom and where."""
        return Choice(self.service, self.staff, self.location)


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the event of a booking, a move or a late confirmation says, and a repeated request is
    answered from.
    """

    service: str
    start: datetime
    end: datetime
    price_minor: int | None
    currency: str
    location: str = ""
    staff: str = ""
    resources: tuple[str, ...] = ()
    sequence: int = 0
    deposit_minor: int | None = None
    hold_expires_at: datetime | None = None

    @classmethod
    def of(cls, appointment: Appointment) -> Facts:
        """Where and with what an appointment is now."""
        return cls(
            service=appointment.service,
            start=appointment.start,
            end=appointment.end,
            price_minor=appointment.price_minor,
            currency=appointment.currency,
            location=appointment.location,
            staff=appointment.staff,
            resources=appointment.resources,
            sequence=appointment.sequence,
        )

    def as_json(self) -> str:
        """As an event keeps them."""
        return msgspec.json.encode(self).decode()


async def book(
    installation: Installation,
    slug: str,
    request: BookingRequest,
    *,
    now: datetime,
    idempotency_key: str | None = None,
    network: str | None = None,
    actor: str = "visitor",
) -> Managed:
    """Book a time with a named person, or with the fairest of those who are free. If a deposit is
    due, the time is held for the payment.

    `network` is where the request came from; it counts if the business limits what one may hold.
    Raises NotFoundError, ValidationError, NotOfferedError, BookingConflictError (with what can be
    booked instead), TooManyBookingsError, PaymentUnavailableError,
    IdempotencyMismatchError and TryAgainError. After TryAgainError the outcome may be unknown; the
    same key finds it.
    """
    errors = [*client_errors(request.client), *notes_errors(request.notes)]
    if errors:
        raise ValidationError(errors)
    idempotency = Idempotency.of(idempotency_key, "book", request)
    ids = _Ids(new_id(), new_id(), new_id(), new_token())

    def judge(directory: Directory) -> Asked:
        return require_offered(asked(directory, request.choice), request.start, now=now)

    for _ in range(RACES_LOST_MAX):
        try:
            directory, wanted = await installation.judge(slug, judge)
        except (NotOfferedError, NotFoundError, ValidationError):
            if idempotency.from_outside and (
                replayed := await _replayed(installation, slug, request, idempotency, now)
            ):
                return replayed
            raise
        deposit = None
        if wanted.service.deposit is not None and actor == "visitor":
            email = normal_email(request.client.email)
            deposit = await due(installation, directory, wanted.service, email, now)
        new = _new_appointment(
            installation, wanted, request, idempotency, ids, actor, network, deposit, now
        )
        result = await _run(installation, new)
        if result.taken is not None:
            facts = msgspec.structs.replace(
                _facts(wanted, new.starts_at, new.price_minor, deposit),
                staff=directory.staff_keys[result.taken.performer_id],
                resources=tuple(
                    sorted(directory.resource_keys[one] for one in result.taken.other_ids)
                ),
            )
            return Managed(directory, _appointment(directory, ids.appointment, facts), ids.token)
        if result.outcome is Outcome.REPLAY and (
            replayed := await _replayed(installation, slug, request, idempotency, now)
        ):
            return replayed
        if result.outcome is Outcome.OUTLIVED:
            await installation.database.run(
                lambda connection, wish=new.taking: hold_rows.expire_for(connection, wish, now)  # type: ignore[misc]
            )
        if result.outcome is Outcome.REFUSED:
            raise await conflict(installation, wanted, request.start, now=now)
        if result.outcome in (Outcome.STALE, Outcome.LIMITED):
            current = await installation.current(slug)
            if result.outcome is Outcome.LIMITED and current.version == directory.version:
                raise TooManyBookingsError(
                    "As many bookings as this business allows at a time are held already with "
                    "these particulars. Cancel one of them, or call the business."
                )
    raise TryAgainError("Too many others are booking this time; try again in a moment.")


@dataclass(frozen=True, slots=True)
class _Ids:
    """Chosen before the first attempt, so that every attempt is the same booking."""

    appointment: UUID
    event: UUID
    client: UUID
    token: str


async def _run(installation: Installation, new: NewAppointment) -> BookingResult:
    """The booking statement under the retry policy.

    From the second attempt on a refusal is remembered too: if a lost attempt did book after all,
    remembering the refusal fails on its event, and the next look finds the booking.
    """
    attempts = 0

    async def attempt(connection: Connection) -> BookingResult:
        nonlocal attempts
        attempts += 1
        if attempts > 1:
            return await booking_rows.book(connection, replace(new, keep_refusal=True))
        return await booking_rows.book(connection, new)

    return await installation.database.run(attempt)


def _new_appointment(
    installation: Installation,
    asked: Asked,
    request: BookingRequest,
    idempotency: Idempotency,
    ids: _Ids,
    actor: str,
    network: str | None,
    deposit: Deposit | None,
    now: datetime,
) -> NewAppointment:
    directory, service, client = asked.directory, asked.service, request.client
    currency = directory.business.business.currency
    starts_at = request.start.astimezone(UTC)
    price_minor = None if service.price is None else money.minor_units(service.price, currency)
    facts = _facts(asked, starts_at, price_minor, deposit)
    return NewAppointment(
        taking=taking_of(asked, starts_at, ids.appointment),
        version=directory.version,
        location_id=asked.place.location_id,
        service_id=directory.service_ids[service.key],
        starts_at=starts_at,
        ends_at=facts.end,
        price_minor=price_minor,
        currency=currency,
        client_id=ids.client,
        client_email=normal_email(client.email),
        client_name=client.name.strip(),
        client_phone=(client.phone or "").strip() or None,
        notes=request.notes,
        token_hash=token_hash(ids.token),
        sealed_token=seal(ids.token, ids.appointment, idempotency.key, installation.secret_key),
        event_id=ids.event,
        actor=actor,
        facts=facts.as_json(),
        key_hash=idempotency.key_hash,
        request_hash=idempotency.request_hash,
        keep_refusal=idempotency.from_outside,
        now=now,
        hold_expires_at=deposit.hold_expires_at if deposit else None,
        deposit_minor=deposit.amount_minor if deposit else None,
        allowances=()
        if actor != "visitor"
        else allowances(directory, client, network, installation.secret_key),
    )


def _facts(
    asked: Asked, start: datetime, price_minor: int | None, deposit: Deposit | None
) -> Facts:
    return Facts(
        service=asked.service.key,
        location=asked.place.key,
        start=start,
        end=start + timedelta(minutes=asked.service.duration_min),
        price_minor=price_minor,
        currency=asked.directory.business.business.currency,
        deposit_minor=deposit.amount_minor if deposit else None,
        hold_expires_at=deposit.hold_expires_at if deposit else None,
    )


async def _replayed(
    installation: Installation,
    slug: str,
    request: BookingRequest,
    idempotency: Idempotency,
    now: datetime,
) -> Managed | None:
    """What the key led to; None if it wasn't used. Raises what was raised then."""
    directory = await installation.current(slug)
    remembered = await installation.database.run(
        lambda connection: event_rows.remembered(
            connection, directory.business_id, idempotency.key_hash
        )
    )
    if remembered is None:
        return None
    idempotency.require_same(remembered.request_hash)
    if replayed := _replay(installation, directory, idempotency, remembered):
        return replayed
    raise await conflict(installation, asked(directory, request.choice), request.start, now=now)


def _replay(
    installation: Installation,
    directory: Directory,
    idempotency: Idempotency,
    remembered: Remembered,
) -> Managed | None:
    """The answer that was given before; None if it was a refusal."""
    if remembered.appointment_id is None or remembered.sealed_token is None:
        return None
    facts = msgspec.json.decode(remembered.facts, type=Facts)
    token = unseal(
        remembered.sealed_token,
        remembered.appointment_id,
        idempotency.key,
        installation.secret_key,
    )
    if token is None:
        raise TryAgainError(
            "This was booked, but by a server with another BOOKONCE_SECRET_KEY; "
            "only that one can answer again."
        )
    return Managed(directory, _appointment(directory, remembered.appointment_id, facts), token)


def _appointment(directory: Directory, appointment_id: UUID, facts: Facts) -> Appointment:
    """The appointment as it was booked."""
    return Appointment(
        id=appointment_id,
        status=Status.HELD if facts.hold_expires_at else Status.CONFIRMED,
        service=facts.service,
        location=directory.current_location(facts.location),
        staff=facts.staff,
        resources=facts.resources,
        start=facts.start,
        end=facts.end,
        price_minor=facts.price_minor,
        currency=facts.currency,
        sequence=facts.sequence,
        deposit_minor=facts.deposit_minor,
        hold_expires_at=facts.hold_expires_at,
    )
