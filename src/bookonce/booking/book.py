"""Book: one appointment for one time, for certain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bookonce.availability.allocation import demand_of
from bookonce.availability.alternatives import conflict
from bookonce.availability.demand import Allocation
from bookonce.availability.hold_rows import expire_for
from bookonce.availability.installation import Installation
from bookonce.availability.look import bookable
from bookonce.availability.offers import Start
from bookonce.availability.selection import Choice, Selection, require_offered, select
from bookonce.booking import booking_rows, client_rows
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.booking_rows import BookingResult, NewAppointment, Outcome
from bookonce.booking.client import (
    Client,
    client_errors,
    normal_client,
    normal_notes,
    notes_errors,
)
from bookonce.booking.deposits import Deposit, due
from bookonce.booking.facts import appointment_of
from bookonce.booking.find import RACES_LOST_MAX, Found, find
from bookonce.booking.limits import allowances
from bookonce.booking.manage_tokens import new_token, seal, token_hash, unseal
from bookonce.booking.rezone import go_by_the_same_rules
from bookonce.business.country import country_of
from bookonce.business.directory import Directory
from bookonce.events import event_rows
from bookonce.events.catalogue import AppointmentFacts, Part
from bookonce.events.event_rows import Remembered
from bookonce.events.idempotency import Idempotency
from bookonce.platform import money
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.errors import (
    AlreadyBookedError,
    BookingConflictError,
    FieldError,
    NotFoundError,
    NotOfferedError,
    TooManyBookingsError,
    TryAgainError,
    ValidationError,
)
from bookonce.platform.ids import new_id
from bookonce.platform.zone_database import RULES
from bookonce.platform.zones import wall


class BookingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a visitor asks for: one `service`, or `services` that are performed one after the other.
    `staff` absent or "any": anyone who performs them; `location` may be absent where they are
    offered at one location only.
    """

    # The order is that of the first version: a repeated request is recognised by it.
    service: Annotated[str | None, Meta(examples=["cut"])] = None
    start: Start
    client: Client
    staff: Annotated[str | None, Meta(examples=["any"])] = None
    location: str | None = None
    notes: Annotated[str | None, Meta(examples=["A little off the top"])] = None
    services: Annotated[tuple[str, ...] | None, Meta(examples=[["cut", "beard"]])] = None

    def normal(self) -> BookingRequest:
        """The same request in its one spelling: a single service is `service`.

        Raises ValidationError unless it names either.
        """
        if self.service is not None and self.services is not None:
            raise ValidationError([FieldError("services", "name either service or services")])
        if self.service is not None:
            return self
        if self.services is None:
            raise ValidationError([FieldError("service", "is required")])
        if not self.services:
            raise ValidationError([FieldError("services", "name at least one service")])
        if len(self.services) > 1:
            return self
        return msgspec.structs.replace(self, service=self.services[0], services=None)

    @property
    def choice(self) -> Choice:
        """What, with whom and where."""
        keys = (self.service,) if self.service is not None else self.services or ()
        return Choice.of(keys, self.staff, self.location)


@dataclass(frozen=True, slots=True)
class Booked(Found):
    """An appointment that was booked, with the token that opens it from now on."""

    token: str
    is_repeat: bool = False
    """Whether the key had led to it before; it is told as it was booked then."""


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
) -> Booked:
    """Book a time with a named person, or with the fairest of those who are free. If a deposit is
    due, the time is held for the payment.

    `hold_until` holds it only, until `confirm` makes it the client's: while somebody telephones, or
    is asked whether they want it. `network` is where the request came from; it counts if the business limits what one may hold.
    `is_once` refuses with AlreadyBookedError what the same mail address has already, although a
    colleague may be free.
    Raises NotFoundError, ValidationError, NotOfferedError, BookingConflictError (with what can be
    booked instead), TooManyBookingsError, PaymentUnavailableError,
    IdempotencyMismatchError and TryAgainError. After TryAgainError the outcome may be unknown; the
    same key finds it.
    """
    request = request.normal()
    idempotency = Idempotency.of(idempotency_key, "book", request)
    request = await _cleaned(installation, slug, request)
    ids = _Ids(new_id(), new_id(), new_id(), new_token())

    def judge(directory: Directory) -> Selection:
        selection = select(directory, request.choice)
        return require_offered(selection, request.start, bookable(directory, now))

    for _ in range(RACES_LOST_MAX):
        try:
            directory, selection = await installation.judge(slug, judge)
        except (NotOfferedError, NotFoundError, ValidationError):
            if idempotency.from_outside and (
                replayed := await _replayed(installation, slug, request, idempotency, now)
            ):
                return replayed
            raise
        await go_by_the_same_rules(installation, directory, now)
        if is_once and await _has_this(installation, selection, request, now):
            return await _replayed_or_refused(
                installation, slug, selection, request, idempotency, now
            )
        deposit = None
        if actor.is_bound_by_terms:
            services = [part.service for part in selection.parts]
            deposit = await due(installation, directory, services, request.client.email, now)
        terms = _Terms(actor, network, deposit, hold_until, now)
        new = _new_appointment(installation, selection, request, idempotency, ids, terms)
        result = await _run(installation, new)
        if result.allocation is not None:
            appointment = _appointment(selection, new, result.allocation)
            return Booked(directory, appointment, ids.token)
        if result.outcome is Outcome.REPLAY and (
            replayed := await _replayed(installation, slug, request, idempotency, now)
        ):
            return replayed
        if result.outcome is Outcome.EXPIRED_HOLD:
            await installation.database.run(expire_for, new.demand, now)
        if result.outcome is Outcome.REFUSED:
            raise await _refusal(installation, selection, request, now)
        if result.outcome in (Outcome.STALE, Outcome.LIMITED):
            current = await installation.current(slug)
            if result.outcome is Outcome.LIMITED and current.version == directory.version:
                raise TooManyBookingsError(
                    "As many bookings as this business allows at a time are held already with "
                    "these particulars. Cancel one of them, or call the business."
                )
    raise TryAgainError("Too many others are booking this time; try again in a moment.")


async def booked_under(
    installation: Installation, slug: str, idempotency_key: str, *, now: datetime
) -> Booked | None:
    """The appointment that a key has led to, as it is now, and its token; None if there is none.

    For keys that nobody can guess: whoever has one is told whatever was sent with it.
    """
    directory = await installation.current(slug)
    idempotency = Idempotency.of(idempotency_key)
    remembered = await installation.database.run(
        event_rows.remembered, directory.business_id, idempotency.key_hash
    )
    then = remembered and _replay(installation, directory, idempotency, remembered)
    if not then:
        return None
    found = await find(installation, slug, then.appointment.id, now=now)
    return replace(then, appointment=found.appointment)


async def _has_this(
    installation: Installation, selection: Selection, request: BookingRequest, now: datetime
) -> bool:
    """Whether the same mail address has the very same time for the same services already."""
    directory = selection.directory
    return await installation.database.run(
        client_rows.has_this,
        directory.business_id,
        request.client.email,
        request.start.astimezone(UTC),
        [directory.service_ids[part.service.key] for part in selection.parts],
        now,
    )


async def _replayed_or_refused(
    installation: Installation,
    slug: str,
    selection: Selection,
    request: BookingRequest,
    idempotency: Idempotency,
    now: datetime,
) -> Booked:
    """What somebody has, if it was booked by this key; raises AlreadyBookedError if by another."""
    if idempotency.from_outside and (
        replayed := await _replayed(installation, slug, request, idempotency, now)
    ):
        return replayed
    raise await _refusal(installation, selection, request, now)


async def _refusal(
    installation: Installation, selection: Selection, request: BookingRequest, now: datetime
) -> BookingConflictError:
    """Why a time can't be had: it is one's own, or somebody else's."""
    refusal = await conflict(installation, selection, request.start, now=now)
    if await _has_this(installation, selection, request, now):
        return AlreadyBookedError("You have this time already.", **refusal.facts)
    return refusal


async def _cleaned(
    installation: Installation, slug: str, request: BookingRequest
) -> BookingRequest:
    """The request with who it is for, and the note, as they are kept. Raises ValidationError."""
    country = None
    if request.client.phone:
        _, country = await installation.judge(
            slug, lambda directory: _dialled_in(directory, request)
        )
    errors = client_errors(request.client, country=country)
    if wrong := [*errors, *notes_errors(request.notes)]:
        raise ValidationError(wrong)
    return msgspec.structs.replace(
        request,
        client=normal_client(request.client, country),
        notes=normal_notes(request.notes),
    )


def _dialled_in(directory: Directory, request: BookingRequest) -> str | None:
    """The country that a telephone number is dialled in: that of the place, if it can be told."""
    try:
        return country_of(directory, select(directory, request.choice).place)
    except (NotFoundError, ValidationError):
        return country_of(directory)


@dataclass(frozen=True, slots=True)
class _Ids:
    """Chosen before the first attempt, so that every attempt is the same booking."""

    appointment: UUID
    event: UUID
    client: UUID
    token: str


@dataclass(frozen=True, slots=True)
class _Terms:
    """Who books, from where, when, and what is to be paid for it."""

    actor: Actor
    network: str | None
    deposit: Deposit | None
    hold_until: datetime | None
    now: datetime

    @property
    def hold_expires_at(self) -> datetime | None:
        """Until when the time is held; None if it is the client's at once."""
        return self.deposit.hold_expires_at if self.deposit else self.hold_until


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
    selection: Selection,
    request: BookingRequest,
    idempotency: Idempotency,
    ids: _Ids,
    terms: _Terms,
) -> NewAppointment:
    directory, client, deposit = selection.directory, request.client, terms.deposit
    starts_at = request.start.astimezone(UTC)
    demand = demand_of(selection, starts_at, ids.appointment)
    # Who performs it is known before only if there is nobody to choose.
    performer = selection.parts[0].performers[0] if demand.is_simple else None
    staff_name = directory.staff_name(performer) if performer else ""
    parts = _parts(selection, starts_at, performer or "", staff_name)
    facts = AppointmentFacts(
        parts=parts,
        start=starts_at,
        end=parts[-1].end,
        currency=directory.business.business.currency,
        price_minor=_total(parts),
        location=selection.place.key,
        location_name=selection.place.label,
        location_address=selection.place.address,
        zone=selection.place.zone.key,
        wall_start=wall(selection.place.zone, starts_at),
        business_version=directory.version,
        deposit_minor=deposit.amount_minor if deposit else None,
        hold_expires_at=terms.hold_expires_at,
    )
    service = selection.parts[0].service
    return NewAppointment(
        demand=demand,
        version=directory.version,
        zone_turn=directory.zone_turn,
        location_id=selection.place.location_id,
        location_name=selection.place.label,
        location_address=selection.place.address,
        zone=facts.zone,
        wall_start=facts.wall_start,
        zone_rules=RULES,
        starts_at=starts_at,
        ends_at=facts.end,
        service_id=directory.service_ids[service.key],
        service_name=service.name,
        staff_name=staff_name,
        parts=parts,
        service_ids=directory.service_ids,
        price_minor=facts.price_minor,
        currency=facts.currency,
        client_id=ids.client,
        client_email=client.email,
        client_name=client.name,
        client_phone=client.phone,
        notes=request.notes,
        token_hash=token_hash(ids.token),
        sealed_token=seal(ids.token, ids.appointment, idempotency.key, installation.secret_key),
        event_id=ids.event,
        actor=terms.actor.as_json(),
        facts=msgspec.json.encode(facts).decode(),
        key_hash=idempotency.key_hash,
        request_hash=idempotency.request_hash,
        keep_refusal=idempotency.from_outside,
        now=terms.now,
        hold_expires_at=facts.hold_expires_at,
        deposit_minor=facts.deposit_minor,
        allowances=allowances(directory, client, terms.network, installation.secret_key)
        if terms.actor.is_bound_by_terms
        else (),
    )


def _parts(
    selection: Selection, starts_at: datetime, staff: str, staff_name: str
) -> tuple[Part, ...]:
    """What is to be performed, by whom if that is known."""
    currency = selection.directory.business.business.currency
    found = []
    for part in selection.parts:
        service = part.service
        start = starts_at + timedelta(minutes=part.offset_min)
        found.append(
            Part(
                service.key,
                service.name,
                staff,
                staff_name,
                start,
                start + timedelta(minutes=service.duration_min),
                None if service.price is None else money.minor_units(service.price, currency),
            )
        )
    return tuple(found)


def _total(parts: Sequence[Part]) -> int | None:
    """The price of all parts; None if any of them has none."""
    known = [part.price_minor for part in parts if part.price_minor is not None]
    return sum(known) if len(known) == len(parts) else None


def _appointment(selection: Selection, new: NewAppointment, allocation: Allocation) -> Appointment:
    """The appointment as it was booked just now."""
    directory = selection.directory
    parts = []
    for part, performer_id in zip(new.parts, allocation.performer_ids, strict=True):
        staff = directory.staff_keys[performer_id]
        parts.append(
            msgspec.structs.replace(part, staff=staff, staff_name=directory.staff_name(staff))
        )
    return Appointment(
        id=new.demand.appointment_id,
        status=Status(new.status),
        parts=tuple(parts),
        location=selection.place.key,
        location_name=selection.place.label,
        location_address=selection.place.address,
        zone=selection.place.zone.key,
        wall_start=new.wall_start,
        business_version=directory.version,
        resources=tuple(sorted(directory.resource_keys[one] for one in allocation.other_ids)),
        start=new.starts_at,
        end=new.ends_at,
        price_minor=new.price_minor,
        currency=new.currency,
        sequence=0,
        deposit_minor=new.deposit_minor,
        hold_expires_at=new.hold_expires_at,
    )


async def _replayed(
    installation: Installation,
    slug: str,
    request: BookingRequest,
    idempotency: Idempotency,
    now: datetime,
) -> Booked | None:
    """What the key led to; None if it wasn't used. Raises what was raised then."""
    directory = await installation.current(slug)
    remembered = await installation.database.run(
        event_rows.remembered, directory.business_id, idempotency.key_hash
    )
    if remembered is None:
        return None
    idempotency.require_same(remembered.request_hash)
    if replayed := _replay(installation, directory, idempotency, remembered):
        return replayed
    raise await _refusal(installation, select(directory, request.choice), request, now)


def _replay(
    installation: Installation,
    directory: Directory,
    idempotency: Idempotency,
    remembered: Remembered,
) -> Booked | None:
    """The answer that was given before; None if it was a refusal."""
    if remembered.appointment_id is None or remembered.sealed_token is None:
        return None
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
    appointment = appointment_of(directory, remembered.appointment_id, remembered.facts)
    return Booked(directory, appointment, token, is_repeat=True)
