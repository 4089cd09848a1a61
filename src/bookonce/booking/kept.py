"""What a business keeps of a deposit, by the terms that the client was promised."""

from __future__ import annotations

from datetime import datetime

from bookonce.booking.appointment import Appointment, Status
from bookonce.business.deposits import kept_minor, refund_percent
from bookonce.platform.actor import Actor


def keep_minor_if_cancelled(appointment: Appointment, actor: Actor, now: datetime) -> int | None:
    """What the business keeps of the deposit by the terms that were promised, in minor units; None
    if there is none.

    Nothing if the business cancels, if it wasn't confirmed yet, or only just.
    """
    deposit_minor = appointment.deposit_minor
    if deposit_minor is None:
        return None
    if not actor.is_bound_by_terms or appointment.status is not Status.CONFIRMED:
        return 0
    if appointment.is_in_grace(now):
        return 0
    percent = refund_percent(appointment.promised_terms.refunds, appointment.start, now)
    due_minor = kept_minor(deposit_minor, percent, appointment.currency)
    due_minor = max(due_minor, appointment.forfeit_minor or 0)
    given_back = appointment.keep_minor
    return due_minor if given_back is None else min(due_minor, given_back)


def forfeit_minor_if_moved(appointment: Appointment, actor: Actor, now: datetime) -> int | None:
    """What the business keeps of the deposit from now on: moving an appointment further off and then
    cancelling it gives back no more than cancelling it now would.
    """
    keep_minor = keep_minor_if_cancelled(appointment, actor, now)
    return max(keep_minor or 0, appointment.forfeit_minor or 0) or None
