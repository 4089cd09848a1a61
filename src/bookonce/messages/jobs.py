"""The jobs of messages: make them when something happened, and when it is time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.messages.kinds import CAUSES
from bookonce.messages.remind import remind
from bookonce.messages.summarise import summarise
from bookonce.messages.tell import tell
from bookonce.queue import purge_rows
from bookonce.queue.handlers import Context, Registry
from bookonce.queue.job_rows import Subject

REMIND_EVERY = timedelta(seconds=20)
SUMMARISE_EVERY = timedelta(minutes=5)
TENANTS_MAX = 500


def register(registry: Registry[Installation]) -> None:
    """Add them to the jobs of an installation."""
    registry.after(list(CAUSES), "tell", tell_everybody)
    registry.every(REMIND_EVERY, "remind", remind_clients, limit_s=300)
    registry.every(SUMMARISE_EVERY, "summarise", summarise_days, limit_s=300)


async def tell_everybody(context: Context[Installation], subject: Subject) -> None:
    """Make the messages about an event."""
    if subject.business_id is None or subject.event_id is None:
        return
    await tell(context.installation, subject.business_id, subject.event_id, now=datetime.now(UTC))


async def remind_clients(context: Context[Installation], _: Subject) -> None:
    """Make the reminders that are due."""
    after = UUID(int=0)
    while some := await context.database.run(purge_rows.tenants, after, TENANTS_MAX):
        for business_id in some:
            await remind(context.installation, business_id, now=datetime.now(UTC))
        after = some[-1]


async def summarise_days(context: Context[Installation], _: Subject) -> None:
    """Make the summaries of the day where it is morning."""
    after = UUID(int=0)
    while some := await context.database.run(purge_rows.tenants, after, TENANTS_MAX):
        for business_id in some:
            await summarise(context.installation, business_id, now=datetime.now(UTC))
        after = some[-1]
