"""Attend: what became of a visit, said by the business."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Status, require_transition
from bookonce.booking.find import RACES_LOST_MAX, Found, load
from bookonce.events.catalogue import PLAIN, Manner
from bookonce.platform.actor import Actor
from bookonce.platform.errors import StatusConflictError, TryAgainError
from bookonce.platform.ids import new_id

OUTCOMES = frozenset({Status.COMPLETED, Status.NO_SHOW})


async def attend(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    outcome: Status,
    *,
    actor: Actor,
    now: datetime,
    manner: Manner = PLAIN,
) -> Found:
    """Say that a visit took place, or that the client did not come; saying it again changes nothing.

    Neither can be said before the visit begins. Its time stays taken. Raises NotFoundError,
    StatusConflictError and TryAgainError.
    """
    assert outcome in OUTCOMES
    directory = await installation.current(slug)
    event_id = new_id()
    for _ in range(RACES_LOST_MAX):
        appointment = await load(installation, directory, appointment_id)
        if appointment.status is outcome:
            return Found(directory, appointment)
        require_transition(appointment, outcome)
        if now < appointment.as_promised().start:
            raise StatusConflictError(
                "This appointment hasn't begun; what became of it can be said from its start on."
            )
        if await installation.database.run(
            appointment_rows.change_status,
            directory.business_id,
            appointment,
            outcome,
            event_id=event_id,
            actor=actor,
            now=now,
            manner=manner,
        ):
            closed = msgspec.structs.replace(
                appointment, status=outcome, sequence=appointment.sequence + 1
            )
            return Found(directory, closed)
    raise TryAgainError("This appointment keeps changing; try again in a moment.")
