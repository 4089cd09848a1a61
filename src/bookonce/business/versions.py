"""A business's versions: its history, and changes that need no editor."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.business import version_rows
from bookonce.business.change import Change, Edit, Entry, change, entries
from bookonce.business.document import Business
from bookonce.platform.actor import Actor
from bookonce.platform.database import Database
from bookonce.platform.errors import NotFoundError


async def history(
    database: Database, business_id: UUID, limit: int, *, before: int | None = None
) -> list[Entry]:
    """The latest versions, or those before one, the newest first: who made them, when, and what they
    changed.
    """
    kept = await database.run(
        version_rows.latest, business_id, first=1, limit=limit + 1, before=before
    )
    return entries(kept, 1)[:limit]


async def document(database: Database, business_id: UUID, version: int) -> Business:
    """The business as it was at a version. Raises NotFoundError."""
    found = await database.run(version_rows.find, business_id, version)
    if found is None:
        raise NotFoundError(f"There is no version {version} of this business.")
    return found.business


def instead(of: Business) -> Edit:
    """The edit that puts a business in the place of what was there."""

    def edit(_: Business) -> Business:
        return of

    return edit


async def rename(
    database: Database, business_id: UUID, slug: str, *, actor: Actor, now: datetime
) -> Change:
    """Give a business another address. The old one leads to it and is never another's.

    Raises ValidationError if the address is, or was, that of another business.
    """

    def edit(business: Business) -> Business:
        profile = msgspec.structs.replace(business.business, slug=slug)
        return msgspec.structs.replace(business, business=profile)

    return await change(database, business_id, None, edit, actor=actor, now=now)


async def set_closed(
    database: Database, business_id: UUID, *, closed: bool, actor: Actor, now: datetime
) -> Change:
    """Have a business take no bookings, or take them again. Those that it has stay."""

    def edit(business: Business) -> Business:
        profile = msgspec.structs.replace(business.business, closed=closed)
        return msgspec.structs.replace(business, business=profile)

    return await change(database, business_id, None, edit, actor=actor, now=now)
