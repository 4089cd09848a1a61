"""Cancel: the appointment gives its time back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.core.appointments import Appointment, Status, require_in_time, require_transition
from bookonce.core.directory import Directory
from bookonce.core.errors import TryAgainError
from bookonce.services.appointments import load
from bookonce.services.book import RACES_LOST_MAX, Held
from bookonce.services.installation import Installation, new_id
from bookonce.store import appointments


async def cancel(
    installation: Installation, slug: str, token: str, *, now: datetime, actor: str = "visitor"
) -> Held:
    """Cancel an appointment; cancelling a cancelled one changes nothing and answers the same.

    A visitor is held to the business's limit, the business isn't. Raises NotFoundError,
    TooLateError, StatusConflictError and TryAgainError.
    """
    directory = await installation.current(slug)
    event_id = new_id()
    for _ in range(RACES_LOST_MAX):
        appointment = await load(installation, directory, token)
        if appointment.status is Status.CANCELLED:
            return Held(directory, appointment, token)
        require_transition(appointment, Status.CANCELLED)
        if actor == "visitor":
            require_in_time(appointment, directory.policy.cancel_until_min, now)
        if await _change(installation, directory, appointment, event_id, actor, now):
            cancelled = msgspec.structs.replace(
                appointment,
                status=Status.CANCELLED,
                resources=(),
                sequence=appointment.sequence + 1,
            )
            return Held(directory, cancelled, token)
    raise TryAgainError("This appointment keeps changing; try again in a moment.")


async def _change(
    installation: Installation,
    directory: Directory,
    appointment: Appointment,
    event_id: UUID,
    actor: str,
    now: datetime,
) -> bool:
    """Cancel it if it is still as it was read."""
    return await installation.database.run(
        lambda connection: appointments.change_status(
            connection,
            directory.business_id,
            appointment,
            Status.CANCELLED,
            event_id=event_id,
            actor=actor,
            now=now,
        )
    )
