"""Confirm: a time that was held and is paid for becomes the client's, or it is lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from bookonce.availability import claim_rows, hold_rows
from bookonce.availability.allocation import demand_of
from bookonce.availability.claim_rows import PartlyTakenError
from bookonce.availability.installation import Installation
from bookonce.availability.selection import Choice, Selection, select
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.find import RACES_LOST_MAX
from bookonce.booking.moved import moved_to
from bookonce.business.directory import Directory
from bookonce.payments import payment_rows
from bookonce.payments.states import Payment
from bookonce.platform.actor import SYSTEM
from bookonce.platform.connection import Connection
from bookonce.platform.errors import BookonceError, TryAgainError
from bookonce.platform.ids import new_id


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The appointment as it is then, and whether this is where its time was found to be lost."""

    appointment: Appointment
    is_lost: bool = False


class _Changed(Exception):
    """The appointment is no longer what was read; read it again."""


class _GivenUp(Exception):
    """Nobody waits for this payment any more; its money is being let go."""


class _Lost(Exception):
    """Somebody has the time; what was written is undone."""


async def confirm(
    installation: Installation, directory: Directory, payment: Payment, *, now: datetime
) -> Confirmation:
    """Make a held time the client's for good, since this payment's money is there; also late if
    nobody took it meanwhile.

    If somebody did, or the visit would have begun, the appointment ends as cancelled: that is
    final, so that nobody is told both. Any other status is left as it is, and so is everything if
    the payment was given up. Raises TryAgainError.
    """
    appointment_id = payment.appointment_id
    event_id = new_id()
    is_lost = False
    for _ in range(RACES_LOST_MAX):
        appointment = await installation.database.run(
            appointment_rows.by_id, directory.business_id, appointment_id
        )
        assert appointment is not None
        if appointment.status not in (Status.HELD, Status.EXPIRED):
            return Confirmation(appointment, is_lost and appointment.status is Status.CANCELLED)
        try:
            await _set(installation, directory, appointment, payment, event_id, now)
        except (_Changed, PartlyTakenError):
            continue
        except _GivenUp:
            return Confirmation(appointment)
        except _Lost:
            is_lost = await _lose(installation, directory, appointment, event_id, now) or is_lost
    raise TryAgainError("This appointment keeps changing; try again in a moment.")


async def _set(
    installation: Installation,
    directory: Directory,
    appointment: Appointment,
    payment: Payment,
    event_id: UUID,
    now: datetime,
) -> None:
    """One transaction: hold the appointment's row, make sure of its time, write that it is
    confirmed. Its rivals are the sweeper, a cancellation, another confirmation and whoever gives
    the payment up.
    """
    business_id = directory.business_id
    is_gone = appointment.status is Status.EXPIRED
    selection = _anew(directory, appointment, now) if is_gone else None

    async def work(connection: Connection) -> None:
        if not await appointment_rows.lock_unchanged(connection, business_id, appointment):
            raise _Changed
        if not await payment_rows.is_live(connection, business_id, payment.id):
            raise _GivenUp
        confirmed = appointment  # it stays where it is
        if selection is not None:
            confirmed = await _take_anew(connection, selection, appointment, now)
        elif (
            is_gone
            or _is_over(appointment, now)
            or not await hold_rows.make_lasting(connection, business_id, appointment.id)
        ):
            raise _Lost
        if not await appointment_rows.change_status(
            connection, business_id, confirmed, Status.CONFIRMED,
            event_id=event_id, actor=SYSTEM, now=now,
        ):  # fmt: skip
            raise _Changed

    await installation.database.transaction(work)


def _is_over(appointment: Appointment, now: datetime) -> bool:
    """Whether a hold has run out, swept or not, and the visit would have begun by now."""
    return not appointment.is_waiting(now) and appointment.start <= now


def _anew(directory: Directory, appointment: Appointment, now: datetime) -> Selection | None:
    """What to ask for if the hold is gone; None if it can't be had any more."""
    if appointment.start <= now:
        return None
    choice = Choice(appointment.services, appointment.performers, appointment.location)
    try:
        selection = select(directory, choice)
    except BookonceError:
        return None
    has_rooms = all(all(selection.needed_ids(part)) for part in selection.parts)
    return selection if selection.is_performed and has_rooms else None


async def _take_anew(
    connection: Connection, selection: Selection, appointment: Appointment, now: datetime
) -> Appointment:
    """The appointment as it will be. The person and the start are the same; the room may be another
    one, and the length is the service's of now, as when an appointment is moved. Raises _Lost.
    """
    directory = selection.directory
    starts_at = appointment.as_promised().start.astimezone(UTC)
    demand = demand_of(selection, starts_at, appointment.id)
    await hold_rows.expire_for(connection, demand, now)
    allocation = await claim_rows.take(connection, demand, now)
    if allocation is None:
        raise _Lost
    anew = msgspec.structs.replace(
        moved_to(appointment, selection, starts_at, allocation), sequence=appointment.sequence
    )
    if anew.parts != appointment.parts:
        await appointment_rows.set_time(
            connection, directory.business_id, anew, allocation.performer_ids, is_change=False
        )
    return anew


async def _lose(
    installation: Installation,
    directory: Directory,
    appointment: Appointment,
    event_id: UUID,
    now: datetime,
) -> bool:
    """Whether it was us who ended it; a client may have cancelled it at the same moment."""
    return await installation.database.transaction(
        appointment_rows.change_status,
        directory.business_id,
        appointment,
        Status.CANCELLED,
        event_id=event_id,
        actor=SYSTEM,
        now=now,
        keep_minor=0,
    )
