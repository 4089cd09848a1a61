"""Cancel: the appointment gives its time back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability.installation import Installation, new_id
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Appointment, Status, require_in_time, require_transition
from bookonce.booking.book import RACES_LOST_MAX
from bookonce.booking.find import Managed, load
from bookonce.business.deposits import kept_minor, refund_percent
from bookonce.business.directory import Directory
from bookonce.platform.errors import TryAgainError


async def cancel(
    installation: Installation, slug: str, token: str, *, now: datetime, actor: str = "visitor"
) -> Managed:
    """Cancel an appointment; cancelling a cancelled one changes nothing and answers the same.

    A visitor is held to the business's limit, the business isn't. Raises NotFoundError,
    TooLateError, StatusConflictError and TryAgainError.
    """
    directory = await installation.current(slug)
    event_id = new_id()
    for _ in range(RACES_LOST_MAX):
        appointment = await load(installation, directory, token)
        if appointment.status is Status.CANCELLED:
            return Managed(directory, appointment, token)
        require_transition(appointment, Status.CANCELLED)
        if actor == "visitor" and appointment.status is Status.CONFIRMED:
            require_in_time(appointment, directory.policy.cancel_until_min, now)
        keep_minor = keep_minor_if_cancelled(directory, appointment, actor, now)
        if await _change(installation, directory, appointment, event_id, actor, now, keep_minor):
            if appointment.deposit_minor is not None:
                installation.bell.ring()
            cancelled = msgspec.structs.replace(
                appointment,
                status=Status.CANCELLED,
                resources=(),
                keep_minor=keep_minor,
                sequence=appointment.sequence + 1,
            )
            return Managed(directory, cancelled, token)
    raise TryAgainError("This appointment keeps changing; try again in a moment.")


def keep_minor_if_cancelled(
    directory: Directory, appointment: Appointment, actor: str, now: datetime
) -> int | None:
    """What the business keeps of the deposit, in minor units; None if there is none.

    Nothing if the business cancels, or if it wasn't confirmed yet.
    """
    deposit_minor = appointment.deposit_minor
    if deposit_minor is None:
        return None
    if actor != "visitor" or appointment.status is not Status.CONFIRMED:
        return 0
    percent = refund_percent(directory.business.payments.refunds, appointment.start, now)
    due_minor = kept_minor(deposit_minor, percent, appointment.currency)
    given_back = appointment.keep_minor
    return due_minor if given_back is None else min(due_minor, given_back)


async def _change(
    installation: Installation,
    directory: Directory,
    appointment: Appointment,
    event_id: UUID,
    actor: str,
    now: datetime,
    keep_minor: int | None,
) -> bool:
    """Cancel it if it is still as it was read."""
    return await installation.database.run(
        lambda connection: appointment_rows.change_status(
            connection,
            directory.business_id,
            appointment,
            Status.CANCELLED,
            event_id=event_id,
            actor=actor,
            now=now,
            keep_minor=keep_minor,
        )
    )
