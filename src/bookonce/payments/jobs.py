"""The jobs of money: settle what an event was about, and look after what nobody is at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bookonce.availability.installation import Installation
from bookonce.payments.reconcile import expire_holds, look_again, reconcile
from bookonce.payments.settle import settle
from bookonce.queue.handlers import Context, Registry
from bookonce.queue.job_rows import Subject

ABOUT_MONEY = (
    "appointment.confirmed",
    "appointment.cancelled",
    "appointment.expired",
    "payment.notified",
    "refund.requested",
)
SETTLE_ATTEMPTS_MAX = 300
"""With at most five minutes in between: a day in which the provider may be away."""
EACH_MINUTE = timedelta(minutes=1)


def register(registry: Registry[Installation]) -> None:
    """Add them to the jobs of an installation."""
    registry.after(
        ABOUT_MONEY, "settle_payments", settle_payments, attempts_max=SETTLE_ATTEMPTS_MAX
    )
    registry.every(EACH_MINUTE, "expire_holds", expire)
    registry.every(EACH_MINUTE, "reconcile_payments", look_after)
    registry.every(EACH_MINUTE, "look_at_payments", look_at_books)


async def settle_payments(context: Context[Installation], subject: Subject) -> None:
    """Take, let go or give back what an event leaves to do about an appointment's money."""
    if subject.business_id is None or subject.appointment_id is None:
        return
    await settle(
        context.installation, subject.business_id, subject.appointment_id, now=datetime.now(UTC)
    )


async def expire(context: Context[Installation], _: Subject) -> None:
    """Take away holds that have run out."""
    await expire_holds(context.installation, now=datetime.now(UTC))


async def look_after(context: Context[Installation], _: Subject) -> None:
    """Ask the provider about what has been under way for a while, or is too much."""
    await reconcile(context.installation, now=datetime.now(UTC))


async def look_at_books(context: Context[Installation], _: Subject) -> None:
    """See what was done at the provider past us."""
    await look_again(context.installation, now=datetime.now(UTC))
