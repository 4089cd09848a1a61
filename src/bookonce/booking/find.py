"""Find an appointment, by its id or by the token in its client's link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows, client_rows
from bookonce.booking.appointment import Appointment
from bookonce.booking.client import Client
from bookonce.business.directory import Directory
from bookonce.platform.actor import VISITOR, Actor
from bookonce.platform.errors import NotFoundError
from bookonce.platform.tokens import is_token, token_hash

RACES_LOST_MAX = 200
"""A bound on what is bounded already: a race is lost only to a rival who won one."""


@dataclass(frozen=True, slots=True)
class Access:
    """To which appointment somebody has access, and as whom they act on it."""

    appointment_id: UUID
    actor: Actor


@dataclass(frozen=True, slots=True)
class Found:
    """An appointment with the business it is at."""

    directory: Directory
    appointment: Appointment


async def access_by_token(installation: Installation, slug: str, token: str) -> Access:
    """What a manage token opens: one appointment, to a visitor. Raises NotFoundError."""
    directory = await installation.current(slug)
    appointment_id = None
    if is_token(token):
        appointment_id = await installation.database.run(
            appointment_rows.id_of_token, directory.business_id, token_hash(token)
        )
    if appointment_id is None:
        raise NotFoundError("There is no such appointment.")
    return Access(appointment_id, VISITOR)


async def find(
    installation: Installation, slug: str, appointment_id: UUID, *, now: datetime
) -> Found:
    """The appointment as it is now. Raises NotFoundError."""
    directory = await installation.current(slug)
    appointment = await load(installation, directory, appointment_id)
    return Found(directory, appointment.as_promised().as_of(now))


async def load(
    installation: Installation, directory: Directory, appointment_id: UUID
) -> Appointment:
    """The appointment as it is written down, within one business. Raises NotFoundError."""
    appointment = await installation.database.run(
        appointment_rows.by_id, directory.business_id, appointment_id
    )
    if appointment is None:
        raise NotFoundError("There is no such appointment.")
    return appointment


async def typed(
    installation: Installation, directory: Directory, appointment_id: UUID, now: datetime
) -> tuple[Client, str | None] | None:
    """What whoever booked typed: who they are, and their note. None unless their time is held, or
    was until a moment ago: a manage link is passed on more easily than what stands in a form.
    """
    return await installation.database.run(
        client_rows.typed, directory.business_id, appointment_id, now
    )
