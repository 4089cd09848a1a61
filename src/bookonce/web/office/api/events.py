"""What happened, for programs that follow it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import Parameter

from bookonce.accounts.roles import Right
from bookonce.desk.happened import events_after
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.web.dependencies import Here, Slug
from bookonce.web.office.api.answers import ActorAnswer
from bookonce.web.office.api.cursor import LIMIT_DEFAULT, LIMIT_MAX
from bookonce.web.office.dependencies import Admitted
from bookonce.web.public.documented import OFFICE_READING

PLACE_MAX = 2**63 - 1
After = Annotated[
    str | None, Parameter(description="the cursor of an answer before; absent: from the beginning")
]
Limit = Annotated[int, Parameter(ge=1, le=LIMIT_MAX, description="how many at most")]


class EventAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What happened. `data` is what the kind carries, as docs/events.md has it; times are in UTC."""

    id: UUID
    kind: str
    at: datetime
    actor: ActorAnswer
    appointment: UUID | None
    data: dict[str, Any]


class EventsPage(msgspec.Struct, frozen=True):
    """Some events, the oldest first. `cursor` asks for what comes after them, and is there even if
    nothing has come yet; `has_more`: there is more now.
    """

    items: list[EventAnswer]
    cursor: str
    has_more: bool


@get("/events", needs=Right.HISTORY, responses=OFFICE_READING, summary="What happened")
async def list_events(
    slug: Slug,
    installation: Here,
    access: Admitted,
    after: After = None,
    limit: Limit = LIMIT_DEFAULT,
) -> EventsPage:
    """In an order in which nothing comes before what was read: none is skipped, however late its
    transaction commits, and none comes twice.
    """
    place = _place(after)
    found = await events_after(installation, access, place, limit + 1)
    shown = found[:limit]
    return EventsPage(
        [
            EventAnswer(
                id=one.id,
                kind=one.kind,
                at=one.at,
                actor=ActorAnswer(one.actor.kind, one.actor.name, one.actor.role),
                appointment=one.appointment_id,
                data=msgspec.json.decode(one.facts),
            )
            for one in shown
        ],
        str(shown[-1].place if shown else place),
        len(found) > limit,
    )


def _place(cursor: str | None) -> int:
    """The place that a cursor names. Raises ValidationError."""
    if cursor is None:
        return 0
    if cursor.isascii() and cursor.isdigit() and int(cursor[:20]) <= PLACE_MAX and len(cursor) < 20:
        return int(cursor)
    raise ValidationError([FieldError("after", "expected the cursor of an answer before")])
