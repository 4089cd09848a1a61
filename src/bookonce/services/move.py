"""Move: the old time is released and the new one taken in one step, or nothing happens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from bookonce.core.appointments import (
    Appointment,
    Status,
    require_in_time,
    require_movable,
)
from bookonce.core.availability import Start
from bookonce.core.business import Directory, Service
from bookonce.core.errors import NotOfferedError, TryAgainError
from bookonce.services.alternatives import conflict
from bookonce.services.appointments import load
from bookonce.services.availability import asked, require_offered
from bookonce.services.book import RACES_LOST_MAX, Facts, Held
from bookonce.services.idempotency import Idempotency
from bookonce.services.installation import Installation, new_id
from bookonce.services.taking import taking_of
from bookonce.store import appointments, claims, events
from bookonce.store.database import Connection
from bookonce.store.events import Remembered

MOVED = "appointment.moved"


class MoveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to. `staff` absent: the same person; "any": anyone who performs the service."""

    start: Start
    staff: str | None = None


class _Changed(Exception):
    """The appointment is no longer what was read; read it again."""


class _Taken(Exception):
    """Everyone who was asked is taken; the transaction is rolled back."""


async def move(
    installation: Installation,
    slug: str,
    token: str,
    request: MoveRequest,
    *,
    now: datetime,
    idempotency_key: str | None = None,
    actor: str = "visitor",
) -> Held:
    """Move an appointment; a move to where it is already changes nothing and answers the same.

    The price stays as agreed; the length is the service's of now. Raises NotFoundError,
    TooLateError, StatusConflictError, NotOfferedError, BookingConflictError,
    IdempotencyMismatchError and TryAgainError; after any of them the appointment is as it was.
    """
    idempotency = Idempotency.of(idempotency_key, "move", token, request)
    event_id = new_id()
    for _ in range(RACES_LOST_MAX):
        directory = await installation.current(slug)
        appointment = await load(installation, directory, token)
        staff = request.staff or appointment.staff
        if remembered := await _remembered(installation, directory, idempotency):
            if remembered.event_kind == MOVED:
                return Held(directory, _as_moved(appointment, remembered), token)
            service, performers = asked(directory, appointment.service, staff)
            raise await conflict(
                installation, directory, service, performers, request.start, now=now,
                released=appointment.id,
            )  # fmt: skip
        require_movable(appointment)
        if request.staff is None and staff not in directory.staff_ids:
            raise NotOfferedError(
                "The person it is with no longer takes appointments; name somebody else, or any."
            )
        service, performers = asked(directory, appointment.service, staff)
        if request.start == appointment.start and appointment.staff in performers:
            return Held(directory, appointment, token)
        if actor == "visitor":
            require_in_time(appointment, directory.policy.cancel_until_min, now)
        able = require_offered(directory, service, performers, request.start, now=now)
        starts_at = request.start.astimezone(UTC)
        try:
            moved = await _take_new_time(
                installation, directory, appointment, service, able, starts_at,
                idempotency, event_id, actor, now,
            )  # fmt: skip
        except (_Changed, asyncpg.UniqueViolationError):
            continue  # somebody changed it, or used the key, or a lost attempt of ours did it
        except _Taken:
            if await _remember_refusal(installation, directory, idempotency, event_id, actor, now):
                raise await conflict(
                    installation, directory, service, able, starts_at, now=now,
                    released=appointment.id,
                ) from None  # fmt: skip
            continue
        return Held(directory, moved, token)
    raise TryAgainError("This appointment keeps changing; try again in a moment.")


async def _take_new_time(
    installation: Installation,
    directory: Directory,
    appointment: Appointment,
    service: Service,
    able: Sequence[str],
    starts_at: datetime,
    idempotency: Idempotency,
    event_id: UUID,
    actor: str,
    now: datetime,
) -> Appointment:
    """One transaction: hold the appointment, give the old time back, take the new one."""
    business_id = directory.business_id
    ends_at = starts_at + timedelta(minutes=service.duration_min)
    wish = taking_of(
        directory,
        service.visit,
        able,
        starts_at,
        claim_id=new_id(),
        appointment_id=appointment.id,
    )

    async def work(connection: Connection) -> Appointment:
        if not await appointments.lock_unchanged(connection, business_id, appointment):
            raise _Changed
        await claims.release(connection, business_id, appointment.id)
        resource_id, lost_race = await claims.take(connection, wish)
        while lost_race:
            resource_id, lost_race = await claims.take(connection, wish)
        if resource_id is None:
            raise _Taken
        await appointments.set_time(
            connection, business_id, appointment.id, resource_id, starts_at, ends_at
        )
        moved = msgspec.structs.replace(
            appointment,
            staff=directory.staff_keys[resource_id],
            start=starts_at,
            end=ends_at,
            sequence=appointment.sequence + 1,
        )
        await events.append(
            connection, business_id, event_id, MOVED, actor, now,
            appointment_id=appointment.id, facts=_facts(moved),
        )  # fmt: skip
        await events.remember(
            connection, business_id, idempotency.key_hash, idempotency.request_hash, event_id, now
        )
        return moved

    return await installation.database.transaction(work)


def _facts(appointment: Appointment) -> str:
    facts = Facts(
        service=appointment.service,
        start=appointment.start,
        end=appointment.end,
        price_minor=appointment.price_minor,
        currency=appointment.currency,
        staff=appointment.staff,
        sequence=appointment.sequence,
    )
    return msgspec.json.encode(facts).decode()


async def _remembered(
    installation: Installation, directory: Directory, idempotency: Idempotency
) -> Remembered | None:
    """What this key led to before."""
    found = await installation.database.run(
        lambda connection: events.remembered(
            connection, directory.business_id, idempotency.key_hash
        )
    )
    if found is not None:
        idempotency.require_same(found.request_hash)
    return found


def _as_moved(appointment: Appointment, remembered: Remembered) -> Appointment:
    """The appointment as the remembered move left it."""
    facts = msgspec.json.decode(remembered.facts, type=Facts)
    return msgspec.structs.replace(
        appointment,
        status=Status.CONFIRMED,
        staff=facts.staff,
        start=facts.start,
        end=facts.end,
        sequence=facts.sequence,
    )


async def _remember_refusal(
    installation: Installation,
    directory: Directory,
    idempotency: Idempotency,
    event_id: UUID,
    actor: str,
    now: datetime,
) -> bool:
    """Keep a refusal under a key that came from outside; False if a rival used the key."""
    if not idempotency.from_outside:
        return True

    async def work(connection: Connection) -> None:
        await events.append(connection, directory.business_id, event_id, "move.refused", actor, now)
        await events.remember(
            connection, directory.business_id, idempotency.key_hash,
            idempotency.request_hash, event_id, now,
        )  # fmt: skip

    try:
        await installation.database.transaction(work)
    except asyncpg.UniqueViolationError:
        return False
    return True
