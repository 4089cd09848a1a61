"""Confirm: a time that is held without a payment becomes the client's for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability.hold_rows import make_lasting
from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.find import RACES_LOST_MAX, Found, load
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.errors import HoldExpiredError, StatusConflictError, TryAgainError
from bookonce.platform.ids import new_id


class _Changed(Exception):
    """The appointment is no longer what was read; read it again."""


async def confirm(
    installation: Installation, slug: str, appointment_id: UUID, *, actor: Actor, now: datetime
) -> Found:
    """Make a held time the client's; confirming a confirmed one changes nothing.

    Raises NotFoundError, HoldExpiredError, StatusConflictError if a deposit is due or the
    appointment is over, and TryAgainError.
    """
    directory = await installation.current(slug)
    event_id = new_id()
    for _ in range(RACES_LOST_MAX):
        appointment = await load(installation, directory, appointment_id)
        if appointment.status is Status.CONFIRMED:
            return Found(directory, appointment)
        if appointment.status is Status.HELD and appointment.deposit_minor is not None:
            raise StatusConflictError("This appointment is confirmed once its deposit is paid.")
        if appointment.status is Status.EXPIRED or (
            appointment.status is Status.HELD and not appointment.is_waiting(now)
        ):
            raise HoldExpiredError("The hold has expired; please choose a time again.")
        if appointment.status is not Status.HELD:
            raise StatusConflictError("This appointment isn't held any more.")
        change = _Change(appointment, event_id, actor, now)
        try:
            await installation.database.transaction(_set, directory.business_id, change)
        except _Changed:
            continue
        confirmed = msgspec.structs.replace(
            appointment, status=Status.CONFIRMED, sequence=appointment.sequence + 1
        )
        return Found(directory, confirmed)
    raise TryAgainError("This appointment keeps changing; try again in a moment.")


@dataclass(frozen=True, slots=True)
class _Change:
    appointment: Appointment
    event_id: UUID
    actor: Actor
    now: datetime


async def _set(connection: Connection, business_id: UUID, change: _Change) -> None:
    """Raises _Changed. Its rivals are the sweeper, a cancellation and another confirmation."""
    appointment = change.appointment
    is_set = (
        await appointment_rows.lock_unchanged(connection, business_id, appointment)
        and await make_lasting(connection, business_id, appointment.id)
        and await appointment_rows.change_status(
            connection,
            business_id,
            appointment,
            Status.CONFIRMED,
            event_id=change.event_id,
            actor=change.actor,
            now=change.now,
        )
    )
    if not is_set:
        raise _Changed
