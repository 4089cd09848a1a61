"""Taking away what nobody needs any more."""

from __future__ import annotations

from bookonce.jobs.handlers import Context
from bookonce.services.installation import Installation
from bookonce.store.jobs import Subject


async def purge(context: Context[Installation], _: Subject) -> None:
    """To come."""
