"""Block at the desk: time off and blocked hours."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.availability.block import Block, BlockKind, block, unblock
from bookonce.availability.installation import Installation
from bookonce.availability.offers import Start
from bookonce.desk import agenda_rows
from bookonce.desk.request import reason_of
from bookonce.platform.errors import NotFoundError


class AbsenceRequest(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"from_": "from"}
):
    """Whose time, from when up to when, and why. `kind` is "time_off" for an absence, "blocked" for
    hours kept free for something else.
    """

    staff: Annotated[str, Meta(examples=["ada"])]
    from_: Start
    to: Start
    reason: Annotated[str | None, Meta(examples=["Dentist"])] = None
    kind: BlockKind = BlockKind.TIME_OFF


async def block_at_desk(
    installation: Installation,
    slug: str,
    request: AbsenceRequest,
    *,
    access: Access,
    now: datetime,
) -> Block:
    """Take somebody's time as `block` does. Raises ForbiddenError, and BlockConflictError with the
    appointments in the way.
    """
    access.require_for(Right.BLOCK, request.staff)
    return await block(
        installation,
        slug,
        request.staff,
        request.from_,
        request.to,
        now=now,
        kind=request.kind,
        reason=reason_of(request.reason, "reason"),
        actor=access.actor,
    )


async def unblock_at_desk(
    installation: Installation, slug: str, block_id: UUID, *, access: Access, now: datetime
) -> None:
    """Give blocked time back. Raises NotFoundError and ForbiddenError."""
    found = await installation.database.run(agenda_rows.block_by_id, access.business_id, block_id)
    if found is None or not access.may_see(found.resource):
        raise NotFoundError("There is no such block.")
    access.require_for(Right.BLOCK, found.resource)
    await unblock(installation, slug, block_id, now=now, actor=access.actor)
