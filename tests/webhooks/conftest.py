"""A business with webhooks, and a lane that sends what they are to have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from bookonce.availability.installation import Installation
from bookonce.business.document import Business
from bookonce.events import event_rows
from bookonce.events.catalogue import BLOCKED, BlockFacts
from bookonce.followers import registry
from bookonce.platform.actor import COMMAND_LINE
from bookonce.platform.database import Database
from bookonce.platform.ids import new_id
from bookonce.queue.relay import relay
from bookonce.webhooks import log, subscribe
from bookonce.webhooks.addresses import Reach
from bookonce.webhooks.deliver import Sender
from bookonce.webhooks.lane import Pace, WebhookLane
from bookonce.webhooks.log_rows import Delivery
from bookonce.webhooks.poster import Patience, Poster
from bookonce.webhooks.subscribe import Wish
from bookonce.webhooks.webhook_rows import Webhook
from tests.factories import a_business

Open = Callable[[Business], Awaitable[str]]
LOOPBACK = Reach((ip_network("127.0.0.0/8"),))
QUICK = Pace(poll_s=0.05, silent_s=2, grace_s=5)
IMPATIENT = Patience(total_s=1.0, connect_s=0.5, words_s=0.2)
KEY = "k" * 40
DEADLINE_S = 60


class Hooks:
    """Where a test has things happen, and asks what became of them."""

    def __init__(self, database: Database, business_id: UUID) -> None:
        self.database, self.business_id = database, business_id
        self.installation = Installation(database, KEY)

    async def made(self, url: str, *kinds: str) -> tuple[Webhook, str]:
        return await subscribe.create(
            self.database, self.business_id, Wish(url, "Till", kinds),
            reach=LOOPBACK, secret_key=KEY, actor=COMMAND_LINE, now=datetime.now(UTC),
        )  # fmt: skip

    async def happens(self, times: int = 1) -> list[UUID]:
        """Things that webhooks hear of, relayed."""
        now = datetime.now(UTC)
        ids = [new_id() for _ in range(times)]

        async def work(connection: Any) -> None:
            for event_id in ids:
                await event_rows.append(
                    connection, self.business_id, event_id, BLOCKED,
                    BlockFacts("ada", now, now, "blocked", "to the dentist"),
                    actor=COMMAND_LINE, now=now,
                )  # fmt: skip

        await self.database.transaction(work)
        await self.relayed()
        return ids

    async def relayed(self) -> None:
        while await relay(self.database, registry()):
            pass

    async def log(self, webhook: Webhook) -> list[Delivery]:
        found = await log.deliveries(self.database, self.business_id, webhook.id, limit=200)
        return found.items

    async def statuses(self, webhook: Webhook) -> list[str]:
        return [one.status for one in await self.log(webhook)]

    async def found(self, webhook: Webhook) -> Webhook:
        return await log.find(self.database, self.business_id, webhook.id)

    async def rows(self, query: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        async with self.database.connection() as connection:
            return await connection.fetch(query, *arguments)

    async def time_comes(self) -> None:
        """As if the time of every next attempt had come."""
        await self.rows("UPDATE webhook SET rest_until = NULL")
        await self.rows("UPDATE webhook_delivery SET next_at = now() WHERE status = 'waiting'")

    @asynccontextmanager
    async def sending(
        self, poster: Poster | None = None, pace: Pace = QUICK
    ) -> AsyncIterator[WebhookLane]:
        """A lane for as long as the block runs."""
        poster = poster or Poster(LOOPBACK, IMPATIENT)
        stop = asyncio.Event()
        lane = WebhookLane(Sender(self.installation, poster), pace)
        running = asyncio.create_task(lane.run(stop))
        try:
            yield lane
        finally:
            stop.set()
            await running
            await poster.close()

    async def send(self, poster: Poster | None = None) -> None:
        """Attempt everything that is due, once."""
        async with self.sending(poster):
            await self.until(self._none_due, "nothing is due")

    async def _none_due(self) -> bool:
        return not await self.rows(
            """
            SELECT FROM webhook_delivery JOIN webhook USING (business_id, webhook_id)
            WHERE status = 'sending' OR (status = 'waiting' AND next_at <= now()
                  AND coalesce(rest_until, next_at) <= now())
            """
        )

    async def until(self, condition: Callable[[], Awaitable[Any]], what: str) -> Any:
        """Poll until something holds; fail, naming it, when it doesn't."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not (found := await condition()):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(what) from None
        return found


@pytest.fixture
async def hooks(database: Database, open_business: Open) -> Hooks:
    """A business that nothing has happened in but its opening."""
    slug = await open_business(a_business())
    installation = Installation(database)
    hooks = Hooks(database, (await installation.current(slug)).business_id)
    await hooks.relayed()
    return hooks
