"""A new appointment: everything that the booking statement writes, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from bookonce.availability.allocation import demand_of
from bookonce.availability.demand import Allocation
from bookonce.availability.installation import Installation
from bookonce.availability.selection import Selection
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.booking_rows import NewAppointment, Whom
from bookonce.booking.deposits import Deposit
from bookonce.booking.limits import allowances
from bookonce.booking.manage_tokens import seal
from bookonce.booking.request import Wish
from bookonce.business.answers import answered, asked_of
from bookonce.business.document import Business
from bookonce.events.catalogue import AppointmentFacts, Part
from bookonce.events.idempotency import Idempotency
from bookonce.platform import money
from bookonce.platform.actor import Actor
from bookonce.platform.tokens import token_hash
from bookonce.platform.zone_database import RULES
from bookonce.platform.zones import wall


@dataclass(frozen=True, slots=True)
class Ids:
    """Chosen before the first attempt, so that every attempt is the same booking."""

    appointment: UUID
    event: UUID
    client: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who books, from where, when, in which language, and what is to be paid for it."""

    actor: Actor
    network: str | None
    deposit: Deposit | None
    hold_until: datetime | None
    now: datetime
    language: str | None = None

    @property
    def hold_expires_at(self) -> datetime | None:
        """Until when the time is held; None if it is the client's at once."""
        return self.deposit.hold_expires_at if self.deposit else self.hold_until


def new_appointment(
    installation: Installation,
    selection: Selection,
    wish: Wish,
    idempotency: Idempotency,
    ids: Ids,
    circumstances: Circumstances,
) -> NewAppointment:
    """What is written if the time can be had."""
    directory, guest, deposit = selection.directory, wish.guest, circumstances.deposit
    starts_at = wish.start.astimezone(UTC)
    demand = demand_of(selection, starts_at, ids.appointment)
    # Who performs it is known before only if there is nobody to choose.
    is_over = wish.manner.overbooked is not None
    performer = selection.parts[0].performers[0] if demand.is_simple or is_over else None
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
        hold_expires_at=circumstances.hold_expires_at,
        **msgspec.structs.asdict(wish.manner),
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
        whom=Whom.of(guest),
        client_id=guest.client_id or ids.client,
        client_email=guest.email,
        client_name=guest.name,
        client_phone=guest.phone,
        notes=wish.notes,
        answers=_answers(directory.business, wish),
        token_hash=token_hash(ids.token),
        sealed_token=seal(ids.token, ids.appointment, idempotency.key, installation.secret_key),
        event_id=ids.event,
        actor=circumstances.actor.as_json(),
        facts=msgspec.json.encode(facts).decode(),
        key_hash=idempotency.key_hash,
        request_hash=idempotency.request_hash,
        keep_refusal=idempotency.from_outside,
        now=circumstances.now,
        hold_expires_at=facts.hold_expires_at,
        deposit_minor=facts.deposit_minor,
        language=circumstances.language,
        takes_no_claims=is_over,
        allowances=allowances(
            directory,
            guest,
            circumstances.network,
            installation.secret_key,
            limits_unpaid=installation.limits_unpaid and deposit is not None,
        )
        if circumstances.actor.is_bound_by_terms
        else (),
    )


def _answers(business: Business, wish: Wish) -> str | None:
    found = answered(asked_of(business, wish.choice.services), wish.answers)
    return msgspec.json.encode(found).decode() if found else None


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


def booked_appointment(
    selection: Selection, new: NewAppointment, allocation: Allocation
) -> Appointment:
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
