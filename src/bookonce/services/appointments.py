"""Look up an appointment by the capability that opens it."""

from __future__ import annotations

from datetime import datetime

from bookonce.core.appointments import Appointment
from bookonce.core.clients import Client
from bookonce.core.directory import Directory
from bookonce.core.errors import NotFoundError
from bookonce.services.book import Held
from bookonce.services.capabilities import is_token, token_hash
from bookonce.services.installation import Installation
from bookonce.store import appointments, clients


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
            lambda connection: appointments.by_token(
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
        lambda connection: clients.typed(connection, directory.business_id, token_hash(token))
    )
