"""Look up an appointment by the capability that opens it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows, client_rows
from bookonce.booking.appointment import Appointment
from bookonce.booking.client import Client
from bookonce.booking.manage_tokens import is_token, token_hash
from bookonce.business.directory import Directory
from bookonce.platform.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Managed:
    """An appointment with the business it is at and the token that opens its manage page."""

    directory: Directory
    appointment: Appointment
    token: str


async def find(installation: Installation, slug: str, token: str, *, now: datetime) -> Managed:
    """The appointment as it is now. Raises NotFoundError."""
    directory = await installation.current(slug)
    appointment = await load(installation, directory, token)
    return Managed(directory, appointment.as_of(now), token)


async def load(installation: Installation, directory: Directory, token: str) -> Appointment:
    """The appointment as it is written down, within one business. Raises NotFoundError."""
    appointment = None
    if is_token(token):
        appointment = await installation.database.run(
            lambda connection: appointment_rows.by_token(
                connection, directory.business_id, token_hash(token)
            )
        )
    if appointment is None:
        raise NotFoundError("There is no such appointment.")
    return appointment


async def typed(
    installation: Installation, directory: Directory, token: str
) -> tuple[Client, str | None] | None:
    """What somebody typed who booked: who they are, and their note. None if there is no such
    appointment.
    """
    if not is_token(token):
        return None
    return await installation.database.run(
        lambda connection: client_rows.typed(connection, directory.business_id, token_hash(token))
    )
