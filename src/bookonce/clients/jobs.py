"""The jobs of clients: a file that was sent in is taken in."""

from __future__ import annotations

from datetime import UTC, datetime

from bookonce.availability.installation import Installation
from bookonce.clients.import_clients import take_in
from bookonce.events.catalogue import IMPORT_REQUESTED
from bookonce.platform.errors import StatusConflictError
from bookonce.queue.handlers import Context, Registry
from bookonce.queue.job_rows import Subject

LIMIT_S = 600.0


def register(registry: Registry[Installation]) -> None:
    """Add them to the jobs of an installation."""
    registry.after([IMPORT_REQUESTED.name], "import_clients", import_clients, limit_s=LIMIT_S)


async def import_clients(context: Context[Installation], subject: Subject) -> None:
    """Take in the file that an event is about, which has the event's id."""
    if subject.business_id is None or subject.event_id is None:
        return
    directory = await context.installation.by_id(subject.business_id)
    try:
        await take_in(context.database, directory, subject.event_id, now=datetime.now(UTC))
    except StatusConflictError:
        return  # another attempt was faster
