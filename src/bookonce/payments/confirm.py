"""Confirm: a time that was held and is paid for becomes the client's, or it is lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from bookonce.availability import claim_rows, hold_rows
from bookonce.availability.allocation import taking_of
from bookonce.availability.claim_rows import PartlyTakenError
from bookonce.availability.installation import Installation, new_id
from bookonce.availability.look import Asked, Choice, asked
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.book import RACES_LOST_MAX, Facts
from bookonce.business.directory import Directory
from bookonce.payments import payment_rows
from bookonce.payments.states import Payment
from bookonce.platform.connection import Connection
from bookonce.platform.errors import BookonceError, TryAgainError


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
            lambda connection: appointment_rows.by_id(
                connection, directory.business_id, appointment_id
            )
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
    wanted = _anew(directory, appointment, now) if is_gone else None

    async def work(connection: Connection) -> None:
        if not await appointment_rows.lock_unchanged(connection, business_id, appointment):
            raise _Changed
        if not await payment_rows.is_live(connection, business_id, payment.id):
            raise _GivenUp
        facts = "{}"  # it stays where it is
        if wanted is not None:
            facts = Facts.of(await _take_anew(connection, wanted, appointment, now)).as_json()
        elif is_gone or not await hold_rows.make_lasting(connection, business_id, appointment.id):
            raise _Lost
        if not await appointment_rows.change_status(
            connection, business_id, appointment, Status.CONFIRMED,
            event_id=event_id, actor="system", now=now, facts=facts,
        ):  # fmt: skip
            raise _Changed

    await installation.database.transaction(work)
    installation.bell.ring()


def _anew(directory: Directory, appointment: Appointment, now: datetime) -> Asked | None:
    """What to ask for if the hold is gone; None if it can't be had any more."""
    if appointment.start <= now:
        return None
    choice = Choice(appointment.service, appointment.staff, appointment.location)
    try:
        wanted = asked(directory, choice)
    except BookonceError:
        return None
    return wanted if wanted.performers and all(wanted.needed_ids) else None


async def _take_anew(
    connection: Connection, wanted: Asked, appointment: Appointment, now: datetime
) -> Appointment:
    """The appointment as it will be. The person and the start are the same; the room may be another
    one, and the length is the service's of now, as when an appointment is moved. Raises _Lost.
    """
    directory = wanted.directory
    starts_at = appointment.start.astimezone(UTC)
    wish = taking_of(wanted, starts_at, appointment.id)
    await hold_rows.expire_for(connection, wish, now)
    taken = await claim_rows.take(connection, wish, now)
    if taken is None:
        raise _Lost
    ends_at = starts_at + timedelta(minutes=wanted.service.duration_min)
    if ends_at != appointment.end:
        await appointment_rows.set_end(connection, directory.business_id, appointment.id, ends_at)
    return msgspec.structs.replace(
        appointment,
        end=ends_at,
        resources=tuple(sorted(directory.resource_keys[one] for one in taken.other_ids)),
        sequence=appointment.sequence + 1,
    )


async def _lose(
    installation: Installation,
    directory: Directory,
    appointment: Appointment,
    event_id: UUID,
    now: datetime,
) -> bool:
    """Whether it was us who ended it; a client may have cancelled it at the same moment."""
    is_ended = await installation.database.run(
        lambda connection: appointment_rows.change_status(
            connection,
            directory.business_id,
            appointment,
            Status.CANCELLED,
            event_id=event_id,
            actor="system",
            now=now,
            keep_minor=0,
        )
    )
    installation.bell.ring()
    return is_ended
