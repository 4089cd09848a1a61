"""Cancel: the appointment gives its time back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Status, require_in_time, require_transition
from bookonce.booking.find import RACES_LOST_MAX, Found, load
from bookonce.booking.kept import keep_minor_if_cancelled
from bookonce.events.catalogue import PLAIN, Manner
from bookonce.platform.actor import Actor
from bookonce.platform.errors import TryAgainError
from bookonce.platform.ids import new_id


async def cancel(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    manner: Manner = PLAIN,
) -> Found:
    """Cancel an appointment; cancelling a cancelled one changes nothing and answers the same.

    Who is bound by the business's terms is held to its limit. Raises NotFoundError, TooLateError,
    StatusConflictError and TryAgainError.
    """
    directory = await installation.current(slug)
    event_id = new_id()
    for _ in range(RACES_LOST_MAX):
        appointment = await load(installation, directory, appointment_id)
        if appointment.status is Status.CANCELLED:
            return Found(directory, appointment)
        require_transition(appointment, Status.CANCELLED)
        if actor.is_bound_by_terms and appointment.status is Status.CONFIRMED:
            require_in_time(appointment, now)
        keep_minor = keep_minor_if_cancelled(appointment, actor, now)
        if await installation.database.transaction(
            appointment_rows.change_status,
            directory.business_id,
            appointment,
            Status.CANCELLED,
            event_id=event_id,
            actor=actor,
            now=now,
            keep_minor=keep_minor,
            manner=manner,
        ):
            cancelled = msgspec.structs.replace(
                appointment,
                status=Status.CANCELLED,
                resources=(),
                keep_minor=keep_minor,
                sequence=appointment.sequence + 1,
            )
            return Found(directory, cancelled)
    raise TryAgainError("This appointment keeps changing; try again in a moment.")
