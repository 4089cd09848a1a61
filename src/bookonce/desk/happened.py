"""What happened in a business: the newest first for people, in order for programs."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.availability.installation import Installation
from bookonce.desk import happened_rows
from bookonce.desk.happened_rows import Change
from bookonce.events import feed_rows
from bookonce.events.feed_rows import PLACED_MAX, Placed


async def changes(
    installation: Installation,
    access: Access,
    *,
    kinds: Sequence[str] = (),
    account_id: UUID | None = None,
    actor_kind: str | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[Change]:
    """What happened, the newest first, before an event; of some kinds, by somebody. Raises
    ForbiddenError.
    """
    access.require(Right.HISTORY)
    return await installation.database.run(
        happened_rows.changes,
        access.business_id,
        kinds=kinds,
        account_id=account_id,
        actor_kind=actor_kind,
        before=before,
        rows_max=limit,
    )


async def events_after(
    installation: Installation, access: Access, place: int, limit: int
) -> list[Placed]:
    """What happened after a place, in order; none is skipped, however late it commits. Raises
    ForbiddenError.
    """
    access.require(Right.HISTORY)
    database = installation.database
    while await database.transaction(feed_rows.give_places, access.business_id) == PLACED_MAX:
        pass
    return await database.run(feed_rows.after, access.business_id, place, limit)
