"""Reopen: a visit that was closed is confirmed again, and a cancelled one takes its time back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability import claim_rows
from bookonce.availability.allocation import demand_of
from bookonce.availability.alternatives import conflict
from bookonce.availability.claim_rows import PartlyTakenError
from bookonce.availability.hold_rows import expire_for
from bookonce.availability.installation import Installation
from bookonce.availability.selection import Choice, Selection, select
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import CLOSED, Appointment, Status, require_transition
from bookonce.booking.find import RACES_LOST_MAX, Found, load
from bookonce.booking.moved import moved_to
from bookonce.booking.rezone import go_by_the_same_rules
from bookonce.events.catalogue import PLAIN, Manner
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.errors import NotOfferedError, StatusConflictError, TryAgainError
from bookonce.platform.ids import new_id


class _Changed(Exception):
    """The appointment is no longer what was read; read it again."""


class _Taken(Exception):
    """Somebody has its time by now; the transaction is rolled back."""


async def reopen(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    manner: Manner = PLAIN,
) -> Found:
    """Confirm an appointment again that was completed, missed or cancelled; reopening a confirmed
    one changes nothing.

    A cancelled one takes its time again, or nothing happens. Raises NotFoundError,
    StatusConflictError, NotOfferedError if what it was for is no longer there,
    BookingConflictError if somebody has its time, and TryAgainError.
    """
    change = _Reopening(installation, new_id(), actor, manner, now)
    for _ in range(RACES_LOST_MAX):
        directory = await installation.current(slug)
        await go_by_the_same_rules(installation, directory, now)
        appointment = await load(installation, directory, appointment_id)
        if appointment.status is Status.CONFIRMED:
            return Found(directory, appointment)
        if appointment.status not in CLOSED:
            raise StatusConflictError(
                f"This appointment is {appointment.status.value}; it can't be reopened."
            )
        require_transition(appointment, Status.CONFIRMED)
        if appointment.status is not Status.CANCELLED:
            if await change.confirm(directory.business_id, appointment):
                return Found(directory, _confirmed(appointment))
            continue
        if appointment.deposit_minor is not None:
            raise StatusConflictError(
                "Its deposit was settled when it was cancelled; book a new appointment instead."
            )
        if not set(appointment.performers) <= directory.staff_ids.keys():
            raise NotOfferedError("The person it was with no longer takes appointments.")
        choice = Choice(appointment.services, appointment.performers, appointment.location)
        selection = select(directory, choice)
        if not selection.is_performed:
            raise NotOfferedError("The person it was with no longer performs this service.")
        try:
            return Found(directory, await change.take_back(appointment, selection))
        except (_Changed, PartlyTakenError):
            continue
        except _Taken:
            raise await conflict(installation, selection, appointment.start, now=now) from None
    raise TryAgainError("This appointment keeps changing; try again in a moment.")


@dataclass(frozen=True, slots=True)
class _Reopening:
    """One request to reopen, whatever attempts it takes."""

    installation: Installation
    event_id: UUID
    actor: Actor
    manner: Manner
    now: datetime

    async def confirm(self, business_id: UUID, appointment: Appointment) -> bool:
        """A visit whose time is still its own."""
        return await self.installation.database.run(self._set_confirmed, business_id, appointment)

    async def take_back(self, appointment: Appointment, selection: Selection) -> Appointment:
        """One transaction: the time is taken again, and the appointment confirmed."""
        business_id = selection.directory.business_id
        demand = demand_of(selection, appointment.start, appointment.id)

        async def work(connection: Connection) -> Appointment:
            if not await appointment_rows.lock_unchanged(connection, business_id, appointment):
                raise _Changed
            await expire_for(connection, demand, self.now)
            allocation = await claim_rows.take(connection, demand, self.now)
            if allocation is None:
                raise _Taken
            placed = moved_to(appointment, selection, appointment.start, allocation)
            await appointment_rows.set_time(
                connection, business_id, placed, allocation.performer_ids, is_change=False
            )
            if not await self._set_confirmed(connection, business_id, appointment):
                raise _Changed
            return _confirmed(appointment)

        return await self.installation.database.transaction(work)

    async def _set_confirmed(
        self, connection: Connection, business_id: UUID, appointment: Appointment
    ) -> bool:
        return await appointment_rows.change_status(
            connection,
            business_id,
            appointment,
            Status.CONFIRMED,
            event_id=self.event_id,
            actor=self.actor,
            now=self.now,
            manner=self.manner,
        )


def _confirmed(appointment: Appointment) -> Appointment:
    return msgspec.structs.replace(
        appointment, status=Status.CONFIRMED, sequence=appointment.sequence + 1
    )
