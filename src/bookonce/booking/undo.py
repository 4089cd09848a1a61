"""Undo: a move is taken back for certain, while its old time is kept."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability import kept_rows
from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.facts import facts_of
from bookonce.booking.find import RACES_LOST_MAX, Found, load
from bookonce.business.directory import Directory
from bookonce.events import event_rows
from bookonce.events.catalogue import MOVED, AppointmentFacts
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.errors import TooLateError, TryAgainError
from bookonce.platform.ids import new_id


class _Changed(Exception):
    """The appointment is no longer what was read; read it again."""


async def undo(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    *,
    actor: Actor,
    now: datetime,
) -> Found:
    """Put an appointment back to where its last move took it from.

    Raises NotFoundError, TooLateError once the old time is kept no longer or the appointment was
    changed otherwise, and TryAgainError.
    """
    event_id = new_id()
    for _ in range(RACES_LOST_MAX):
        directory = await installation.current(slug)
        appointment = await load(installation, directory, appointment_id)
        if appointment.status is not Status.CONFIRMED:
            raise _too_late()

        async def work(
            connection: Connection,
            directory: Directory = directory,
            appointment: Appointment = appointment,
        ) -> Appointment:
            business_id = directory.business_id
            if not await appointment_rows.lock_unchanged(connection, business_id, appointment):
                raise _Changed
            kept = await kept_rows.taken_up(
                connection, business_id, appointment.id, appointment.sequence, now
            )
            if kept is None:
                if await event_rows.exists(connection, business_id, event_id):
                    return appointment  # a lost attempt of ours undid it
                raise _too_late()
            if not await kept_rows.take_back(connection, business_id, appointment.id, kept.claims):
                raise _too_late()
            back = _as_before(appointment, directory, kept.before)
            await appointment_rows.set_time(
                connection,
                business_id,
                back,
                kept.performer_ids,
                location_id=kept.location_id,
                overbooked=kept.overbooked,
            )
            await event_rows.append(
                connection,
                business_id,
                event_id,
                MOVED,
                facts_of(back),
                actor=actor,
                now=now,
                appointment_id=back.id,
            )
            return back

        try:
            return Found(directory, await installation.database.transaction(work))
        except _Changed:
            continue
    raise TryAgainError("This appointment keeps changing; try again in a moment.")


def _as_before(appointment: Appointment, directory: Directory, before: str) -> Appointment:
    facts = msgspec.json.decode(before, type=AppointmentFacts)
    return msgspec.structs.replace(
        appointment,
        parts=facts.parts,
        location=directory.current_location(facts.location),
        location_name=facts.location_name,
        location_address=facts.location_address,
        zone=facts.zone,
        wall_start=facts.wall_start,
        resources=facts.resources,
        start=facts.start,
        end=facts.end,
        sequence=appointment.sequence + 1,
    )


def _too_late() -> TooLateError:
    return TooLateError("This can't be undone any more; move the appointment instead.")
