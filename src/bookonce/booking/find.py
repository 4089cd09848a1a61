"""Look up an appointment by the capability that opens it."""

from __future__ import annotations

from datetime import datetime

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows, client_rows
from bookonce.booking.appointment import Appointment
from bookonce.booking.book import Held
from bookonce.booking.client import Client
from bookonce.booking.manage_tokens import is_token, token_hash
from bookonce.business.directory import Directory
from bookonce.platform.errors import NotFoundError


async def find(installation: Installation, slug: str, token: str, *, now: datetime) -> Held:
    """The appointment as it is now. Raises NotFoundError."""
    directory = await installation.current(slug)
    appointment = await load(installation, directory, token)
    return Held(directory, appointment.as_of(now), token)


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
