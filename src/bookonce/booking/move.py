"""Move: the old time is released and the new one taken in one step, or nothing happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from bookonce.availability import claim_rows, hold_rows
from bookonce.availability.allocation import taking_of
from bookonce.availability.alternatives import conflict
from bookonce.availability.claim_rows import PartlyTakenError
from bookonce.availability.installation import Installation, new_id
from bookonce.availability.look import Asked, Choice, asked, require_offered
from bookonce.availability.offers import Start
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import (
    Appointment,
    Status,
    require_in_time,
    require_movable,
)
from bookonce.booking.book import RACES_LOST_MAX, Facts
from bookonce.booking.find import Managed, load
from bookonce.business.directory import Directory
from bookonce.events import event_rows
from bookonce.events.event_rows import Remembered
from bookonce.events.idempotency import Idempotency
from bookonce.platform.connection import Connection
from bookonce.platform.errors import NotOfferedError, TryAgainError

MOVED = "appointment.moved"
UNCHANGED = "move.unchanged"
REFUSED = "move.refused"


class MoveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to. `staff` absent: the same person; "any": anyone who performs the service.
    `location` absent: the same.
    """

    start: Start
    staff: str | None = None
    location: str | None = None


class _Changed(Exception):
    """The appointment is no longer what was read; read it again."""


class _Taken(Exception):
    """Not all that the visit needs is free; the transaction is rolled back."""


async def move(
    installation: Installation,
    slug: str,
    token: str,
    request: MoveRequest,
    *,
    now: datetime,
    idempotency_key: str | None = None,
    actor: str = "visitor",
) -> Managed:
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
        choice = Choice(
            appointment.service,
            request.staff or appointment.staff,
            request.location or appointment.location,
        )
        if remembered := await _remembered(installation, directory, idempotency):
            if remembered.event_kind in (MOVED, UNCHANGED):
                return Managed(directory, _as_moved(directory, appointment, remembered), token)
            raise await conflict(
                installation, asked(directory, choice), request.start, now=now,
                released=appointment.id, present=appointment.start,
            )  # fmt: skip
        require_movable(appointment.as_of(now))
        _require_still_there(directory, appointment, request)
        wanted = asked(directory, choice)
        if (
            request.start == appointment.start
            and appointment.staff in wanted.performers
            and appointment.location == wanted.place.key
        ):
            if await _remember(
                installation, directory, idempotency, event_id, UNCHANGED, actor, now,
                as_it_is=appointment,
            ):  # fmt: skip
                return Managed(directory, appointment, token)
            continue
        if actor == "visitor":
            require_in_time(appointment, directory.policy.cancel_until_min, now)
        able = require_offered(wanted, request.start, now=now)
        try:
            moved = await _take_new_time(
                installation, appointment, able, request.start.astimezone(UTC),
                idempotency, event_id, actor, now,
            )  # fmt: skip
        except (_Changed, PartlyTakenError, asyncpg.UniqueViolationError):
            continue  # somebody changed it, or used the key, or a lost attempt of ours did it
        except _Taken:
            if await _remember(installation, directory, idempotency, event_id, REFUSED, actor, now):
                raise await conflict(
                    installation, able, request.start, now=now,
                    released=appointment.id, present=appointment.start,
                ) from None  # fmt: skip
            continue
        return Managed(directory, moved, token)
    raise TryAgainError("This appointment keeps changing; try again in a moment.")


def _require_still_there(
    directory: Directory, appointment: Appointment, request: MoveRequest
) -> None:
    """Who and where stay the same if nobody says otherwise, so they must still be there."""
    if request.staff is None and appointment.staff not in directory.staff_ids:
        raise NotOfferedError(
            "The person it is with no longer takes appointments; name somebody else, or any."
        )
    if request.location is None and appointment.location not in directory.places:
        raise NotOfferedError("The place it is at is no longer open; name another location.")


async def _take_new_time(
    installation: Installation,
    appointment: Appointment,
    asked: Asked,
    starts_at: datetime,
    idempotency: Idempotency,
    event_id: UUID,
    actor: str,
    now: datetime,
) -> Appointment:
    """One transaction: hold the appointment, give the old time back, take the new one."""
    directory = asked.directory
    business_id = directory.business_id
    ends_at = starts_at + timedelta(minutes=asked.service.duration_min)
    wish = taking_of(asked, starts_at, appointment.id)

    async def work(connection: Connection) -> Appointment:
        if not await appointment_rows.lock_unchanged(connection, business_id, appointment):
            raise _Changed
        await claim_rows.release(connection, business_id, appointment.id)
        await hold_rows.expire_for(connection, wish, now)
        taken = await claim_rows.take(connection, wish, now)
        if taken is None:
            raise _Taken
        await appointment_rows.set_time(
            connection, business_id, appointment.id, asked.place.location_id,
            taken.performer_id, starts_at, ends_at,
        )  # fmt: skip
        moved = msgspec.structs.replace(
            appointment,
            location=asked.place.key,
            staff=directory.staff_keys[taken.performer_id],
            resources=tuple(sorted(directory.resource_keys[one] for one in taken.other_ids)),
            start=starts_at,
            end=ends_at,
            sequence=appointment.sequence + 1,
        )
        await event_rows.append(
            connection, business_id, event_id, MOVED, actor, now,
            appointment_id=appointment.id, facts=Facts.of(moved).as_json(),
        )  # fmt: skip
        await event_rows.remember(
            connection, business_id, idempotency.key_hash, idempotency.request_hash, event_id, now
        )
        return moved

    return await installation.database.transaction(work)


async def _remembered(
    installation: Installation, directory: Directory, idempotency: Idempotency
) -> Remembered | None:
    """What this key led to before."""
    found = await installation.database.run(
        lambda connection: event_rows.remembered(
            connection, directory.business_id, idempotency.key_hash
        )
    )
    if found is not None:
        idempotency.require_same(found.request_hash)
    return found


def _as_moved(
    directory: Directory, appointment: Appointment, remembered: Remembered
) -> Appointment:
    """The appointment as the remembered move left it."""
    facts = msgspec.json.decode(remembered.facts, type=Facts)
    return msgspec.structs.replace(
        appointment,
        status=Status.CONFIRMED,
        location=directory.current_location(facts.location),
        staff=facts.staff,
        resources=facts.resources,
        start=facts.start,
        end=facts.end,
        sequence=facts.sequence,
    )


async def _remember(
    installation: Installation,
    directory: Directory,
    idempotency: Idempotency,
    event_id: UUID,
    kind: str,
    actor: str,
    now: datetime,
    *,
    as_it_is: Appointment | None = None,
) -> bool:
    """Keep under a key that came from outside that nothing was changed, by a refusal or because
    the appointment was there already, `as_it_is`; False if a rival used the key or changed that.
    """
    if not idempotency.from_outside:
        return True

    facts = Facts.of(as_it_is).as_json() if as_it_is else "{}"

    async def work(connection: Connection) -> None:
        if as_it_is and not await appointment_rows.lock_unchanged(
            connection, directory.business_id, as_it_is
        ):
            raise _Changed
        await event_rows.append(
            connection, directory.business_id, event_id, kind, actor, now, facts=facts
        )
        await event_rows.remember(
            connection, directory.business_id, idempotency.key_hash,
            idempotency.request_hash, event_id, now,
        )  # fmt: skip

    try:
        await installation.database.transaction(work)
    except (_Changed, asyncpg.UniqueViolationError):
        return False
    return True
