"""The jobs of booking: what is promised by the clock stays so when the rules of zones change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from bookonce.availability.installation import Installation
from bookonce.booking.rezone import behind, keep_promises
from bookonce.queue.handlers import Context, Registry
from bookonce.queue.job_rows import Subject

EACH_MINUTE = timedelta(minutes=1)

log = structlog.get_logger()


def register(registry: Registry[Installation]) -> None:
    """Add them to the jobs of an installation."""
    registry.every(EACH_MINUTE, "rezone", rezone, limit_s=600)


async def rezone(context: Context[Installation], _: Subject) -> None:
    """Look after the businesses that go by older rules of their zones than this process."""
    database = context.installation.database
    after = UUID(int=0)
    while businesses := await behind(database, after):
        for business_id in businesses:
            shifts = await keep_promises(database, business_id, now=datetime.now(UTC))
            stuck = sum(bool(shift.problem) for shift in shifts)
            if shifts:
                log.info("zone rules changed", moved=len(shifts) - stuck, stuck=stuck)
        after = businesses[-1]
