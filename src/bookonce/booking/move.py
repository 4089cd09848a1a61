"""Move: the old time is released and the new one taken in one step, or nothing happens."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import msgspec

from bookonce.availability import claim_rows, kept_rows
from bookonce.availability.allocation import demand_of
from bookonce.availability.alternatives import conflict
from bookonce.availability.claim_rows import PartlyTakenError
from bookonce.availability.hold_rows import expire_for
from bookonce.availability.installation import Installation
from bookonce.availability.kept_rows import KeptClaim
from bookonce.availability.look import bookable
from bookonce.availability.make_room import take
from bookonce.availability.offers import Start
from bookonce.availability.rules import broken_in
from bookonce.availability.selection import Choice, Selection, require_offered, select
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import (
    Appointment,
    Status,
    require_in_time,
    require_movable,
)
from bookonce.booking.facts import facts_of
from bookonce.booking.find import RACES_LOST_MAX, Found, load
from bookonce.booking.kept import forfeit_minor_if_moved
from bookonce.booking.moved import moved_to
from bookonce.booking.rezone import go_by_the_same_rules
from bookonce.business.directory import Directory
from bookonce.events import event_rows
from bookonce.events.catalogue import (
    MOVE_REFUSED,
    MOVE_UNCHANGED,
    MOVED,
    PLAIN,
    AppointmentFacts,
    Manner,
    RefusalFacts,
)
from bookonce.events.event_rows import Remembered
from bookonce.events.idempotency import Idempotency
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.errors import NotOfferedError, TryAgainError
from bookonce.platform.ids import new_id


class MoveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to. `staff` absent: the same person, for each service; "any": anyone who performs them.
    `location` absent: the same.
    """

    start: Start
    staff: str | None = None
    location: str | None = None

    def choice(self, appointment: Appointment) -> Choice:
        """The same services, with whom and where this request says."""
        location = self.location or appointment.location
        if self.staff is None:
            return Choice(appointment.services, appointment.performers, location)
        return Choice.of(appointment.services, self.staff, location)


class _Changed(Exception):
    """The appointment is no longer what was read; read it again."""


class _Taken(Exception):
    """Not all that the visit needs is free; the transaction is rolled back."""


async def move(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    request: MoveRequest,
    *,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
    manner: Manner = PLAIN,
) -> Found:
    """Move an appointment; a move to where it is already changes nothing and answers the same.

    `idempotency` is the request as whoever asks recognises it. Until `manner.undo_until` the old
    time is kept, so that the move can be undone for certain.

    The price stays as agreed; the length is the services' of now. Raises NotFoundError,
    TooLateError, StatusConflictError, NotOfferedError, BookingConflictError,
    IdempotencyMismatchError and TryAgainError; after any of them the appointment is as it was.
    """
    change = _Change(
        installation,
        idempotency or Idempotency.of(None),
        new_id(),
        actor,
        manner,
        now,
    )
    broken = broken_in(manner)
    for _ in range(RACES_LOST_MAX):
        directory = await installation.current(slug)
        await go_by_the_same_rules(installation, directory, now)
        appointment = await load(installation, directory, appointment_id)
        if remembered := await change.remembered(directory):
            if remembered.event_kind in (MOVED.name, MOVE_UNCHANGED.name):
                return Found(directory, _as_moved(directory, appointment, remembered))
            selection = select(directory, request.choice(appointment))
            raise await change.conflict(selection, appointment, request.start)
        require_movable(appointment.as_of(now))
        _require_still_there(directory, appointment, request)
        selection = select(directory, request.choice(appointment))
        if _is_there_already(appointment, selection, request):
            if await change.remember(directory, unchanged=appointment):
                return Found(directory, appointment)
            continue
        if actor.is_bound_by_terms:
            require_in_time(appointment, now)
            forfeit_minor = forfeit_minor_if_moved(appointment, actor, now)
            appointment = msgspec.structs.replace(appointment, forfeit_minor=forfeit_minor)
        limits = bookable(directory, now, broken)
        selection = require_offered(selection, request.start, limits, broken)
        try:
            moved = await change.take_new_time(appointment, selection, request.start)
        except (_Changed, PartlyTakenError, asyncpg.UniqueViolationError):
            continue  # somebody changed it, or used the key, or a lost attempt of ours did it
        except _Taken:
            if await change.remember(directory):
                raise await change.conflict(selection, appointment, request.start) from None
            continue
        return Found(directory, moved)
    raise TryAgainError("This appointment keeps changing; try again in a moment.")


def _require_still_there(
    directory: Directory, appointment: Appointment, request: MoveRequest
) -> None:
    """Who and where stay the same if nobody says otherwise, so they must still be there."""
    if request.staff is None and not set(appointment.performers) <= directory.staff_ids.keys():
        raise NotOfferedError(
            "The person it is with no longer takes appointments; name somebody else, or any."
        )
    if request.location is None and appointment.location not in directory.places:
        raise NotOfferedError("The place it is at is no longer open; name another location.")


def _is_there_already(appointment: Appointment, selection: Selection, request: MoveRequest) -> bool:
    return (
        request.start == appointment.start
        and appointment.location == selection.place.key
        and all(
            staff in part.performers
            for staff, part in zip(appointment.performers, selection.parts, strict=True)
        )
    )


class _Change:
    """One request to move, whatever attempts it takes."""

    def __init__(
        self,
        installation: Installation,
        idempotency: Idempotency,
        event_id: UUID,
        actor: Actor,
        manner: Manner,
        now: datetime,
    ) -> None:
        self._manner = manner
        self._installation = installation
        self._database = installation.database
        self._idempotency = idempotency
        self._event_id = event_id
        self._actor = actor
        self._now = now

    async def take_new_time(
        self, appointment: Appointment, selection: Selection, start: datetime
    ) -> Appointment:
        """One transaction: hold the appointment, give the old time back, take the new one."""
        business_id = selection.directory.business_id
        starts_at, now = start.astimezone(UTC), self._now
        demand = demand_of(selection, starts_at, appointment.id)

        async def work(connection: Connection) -> Appointment:
            if not await appointment_rows.lock_unchanged(connection, business_id, appointment):
                raise _Changed
            before = await kept_rows.claims_of(connection, business_id, appointment.id)
            await claim_rows.release(connection, business_id, appointment.id)
            await expire_for(connection, demand, now)
            allocation = await take(
                connection, selection, starts_at, appointment.id, self._manner, now
            )
            if allocation is None:
                raise _Taken
            moved = moved_to(appointment, selection, starts_at, allocation)
            if until := self._manner.undo_until:
                await _keep(connection, business_id, appointment, before, until)
            await appointment_rows.set_time(
                connection,
                business_id,
                moved,
                allocation.performer_ids,
                location_id=selection.place.location_id,
                overbooked=self._manner.overbooked,
            )
            await event_rows.append(
                connection,
                business_id,
                self._event_id,
                MOVED,
                facts_of(moved, self._manner),
                actor=self._actor,
                now=now,
                appointment_id=moved.id,
            )
            await self._tie_key(connection, business_id)
            return moved

        return await self._database.transaction(work)

    async def conflict(
        self, selection: Selection, appointment: Appointment, start: datetime
    ) -> Exception:
        """The refusal of a time that is taken, with what can be booked instead."""
        return await conflict(
            self._installation,
            selection,
            start,
            now=self._now,
            released=appointment.id,
            present=appointment.start,
        )

    async def remembered(self, directory: Directory) -> Remembered | None:
        """What this key led to before."""
        found = await self._database.run(
            event_rows.remembered, directory.business_id, self._idempotency.key_hash
        )
        if found is not None:
            self._idempotency.require_same(found.request_hash)
        return found

    async def remember(self, directory: Directory, *, unchanged: Appointment | None = None) -> bool:
        """Keep under a key that came from outside that nothing was changed, by a refusal or because
        the appointment was there already, `unchanged`; False if a rival used the key or changed
        that.
        """
        if not self._idempotency.from_outside:
            return True
        business_id = directory.business_id

        async def work(connection: Connection) -> None:
            if unchanged and not await appointment_rows.lock_unchanged(
                connection, business_id, unchanged
            ):
                raise _Changed
            await event_rows.append(
                connection,
                business_id,
                self._event_id,
                MOVE_UNCHANGED if unchanged else MOVE_REFUSED,
                facts_of(unchanged) if unchanged else RefusalFacts(),
                actor=self._actor,
                now=self._now,
            )
            await self._tie_key(connection, business_id)

        try:
            await self._database.transaction(work)
        except (_Changed, asyncpg.UniqueViolationError):
            return False
        return True

    async def _tie_key(self, connection: Connection, business_id: UUID) -> None:
        await event_rows.remember(
            connection,
            business_id,
            self._idempotency.key_hash,
            self._idempotency.request_hash,
            self._event_id,
            self._now,
        )


async def _keep(
    connection: Connection,
    business_id: UUID,
    appointment: Appointment,
    claims: list[KeptClaim],
    until: datetime,
) -> None:
    """Keep the time that an appointment is moved away from, for as long as that can be undone."""
    await kept_rows.remember(
        connection,
        business_id,
        appointment.id,
        appointment.sequence + 1,
        msgspec.json.encode(facts_of(appointment)).decode(),
        claims,
        until,
    )
    await kept_rows.keep(connection, business_id, appointment.id, claims, until)


def _as_moved(
    directory: Directory, appointment: Appointment, remembered: Remembered
) -> Appointment:
    """The appointment as the remembered move left it."""
    facts = msgspec.json.decode(remembered.facts, type=AppointmentFacts)
    return msgspec.structs.replace(
        appointment,
        status=Status.CONFIRMED,
        parts=facts.parts,
        location=directory.current_location(facts.location),
        location_name=facts.location_name,
        location_address=facts.location_address,
        zone=facts.zone or appointment.zone,
        wall_start=facts.wall_start,
        resources=facts.resources,
        start=facts.start,
        end=facts.end,
        sequence=facts.sequence,
    )
