"""Live: an open screen is told that something has changed, and asks for what it shows again.

One task in each process looks after each business that has open screens; the screens share it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import structlog
from litestar import get
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.availability.installation import Installation
from bookonce.desk.change_mark_rows import mark
from bookonce.platform.retry import DATABASE_ERRORS
from bookonce.web.drain import is_draining
from bookonce.web.office.dependencies import Admitted, Page

LOOK_EVERY_S = 0.4
HEARTBEAT_S = 15.0
STREAM_S_MAX = 300.0
"""The browser comes again by itself; what it is, and may see, is looked at anew then."""

log = structlog.get_logger("bookonce.web")


@dataclass
class Watch:
    """What a business's open screens wait for."""

    installation: Installation
    business_id: UUID
    turn: int = 0
    """Raised with each change that was seen."""
    screens: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def has_passed(self, turn: int) -> bool:
        """Whether something has changed since a turn; waits for it, a second at most."""
        try:
            async with asyncio.timeout(1), self.changed:
                await self.changed.wait_for(lambda: self.turn != turn)
        except TimeoutError:
            return False
        return True

    async def look(self) -> None:
        """Look for changes for as long as anybody waits."""
        since, known = datetime.now(UTC), None
        while self.screens:
            try:
                found = await self.installation.database.run(mark, self.business_id, since)
            except DATABASE_ERRORS as error:
                log.warning("can't look for changes", cause=repr(error))
            else:
                if known is not None and found != known:
                    async with self.changed:
                        self.turn += 1
                        self.changed.notify_all()
                known = found
            await asyncio.sleep(LOOK_EVERY_S)


class Watches:
    """Those of this process, by business."""

    def __init__(self) -> None:
        self._watches: dict[UUID, tuple[Watch, asyncio.Task[None]]] = {}

    def join(self, installation: Installation, business_id: UUID) -> Watch:
        """The watch of a business, with one screen more."""
        found = self._watches.get(business_id)
        if found is None or found[1].done():
            watch = Watch(installation, business_id, screens=1)
            self._watches[business_id] = watch, asyncio.create_task(watch.look())
            return watch
        found[0].screens += 1
        return found[0]

    def leave(self, watch: Watch) -> None:
        """One screen less; with the last one the watch ends."""
        watch.screens -= 1
        if not watch.screens:
            _, task = self._watches.pop(watch.business_id)
            task.cancel()


WATCHES = Watches()


@get("/{slug:str}/changes", include_in_schema=False, needs=Right.SEE_CALENDAR, is_stream=True)
async def changes(office: Page, access: Admitted) -> ServerSentEvent:
    """A stream that says "changed" within half a second of a change by anybody."""
    return ServerSentEvent(_told(office.installation, access))


async def _told(
    installation: Installation, access: Access
) -> AsyncIterator[ServerSentEventMessage]:
    watch = WATCHES.join(installation, access.business_id)
    clock = asyncio.get_running_loop().time
    began_s = said_s = clock()
    try:
        turn = watch.turn
        yield ServerSentEventMessage(event="open")
        while clock() - began_s < STREAM_S_MAX and not is_draining():
            if await watch.has_passed(turn):
                turn, said_s = watch.turn, clock()
                yield ServerSentEventMessage(event="changed")
            elif clock() - said_s > HEARTBEAT_S:
                said_s = clock()
                yield ServerSentEventMessage(comment="still here", data=None)
    finally:
        WATCHES.leave(watch)
