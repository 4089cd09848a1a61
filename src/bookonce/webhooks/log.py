"""What is asked of deliveries: list them, send one again, send what was missed, try a webhook out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bookonce.events import event_rows
from bookonce.events.catalogue import WEBHOOK_TESTED, WebhookFacts
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.cursor import decoded, encoded
from bookonce.platform.database import Database
from bookonce.platform.errors import (
    FieldError,
    NotFoundError,
    StatusConflictError,
    ValidationError,
)
from bookonce.platform.ids import new_id
from bookonce.webhooks import delivery_rows, log_rows, webhook_rows
from bookonce.webhooks.addresses import shown
from bookonce.webhooks.log_rows import Delivery
from bookonce.webhooks.payload import SENT_KINDS
from bookonce.webhooks.webhook_rows import Webhook

STATUSES = ("waiting", "sending", "delivered", "failed")
LIMIT_MAX = 200
REPLAYED_MAX = 10_000
REPLAYED_SINCE_MAX = timedelta(days=30)
KEPT = timedelta(days=30)
"""How long a delivery is kept after its end."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some deliveries, those of the newest events first; `next_cursor` None: there are no more."""

    items: list[Delivery]
    next_cursor: str | None


async def find(database: Database, business_id: UUID, webhook_id: UUID) -> Webhook:
    """One webhook. Raises NotFoundError."""
    webhook = await database.run(webhook_rows.one, business_id, webhook_id)
    if webhook is None:
        raise NotFoundError("There is no such webhook.")
    return webhook


async def deliveries(
    database: Database,
    business_id: UUID,
    webhook_id: UUID,
    *,
    status: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> LogPage:
    """What was sent to a webhook, and what became of it. Raises NotFoundError and ValidationError."""
    if status is not None and status not in STATUSES:
        raise ValidationError([FieldError("status", f"expected one of {', '.join(STATUSES)}")])
    if not 1 <= limit <= LIMIT_MAX:
        raise ValidationError([FieldError("limit", f"expected 1 to {LIMIT_MAX}")])
    await find(database, business_id, webhook_id)
    found = await database.run(
        log_rows.page,
        business_id,
        webhook_id,
        status=status,
        before=decoded(cursor, UUID) if cursor else None,
        rows_max=limit + 1,
    )
    rest = encoded(found[limit - 1].event_id) if len(found) > limit else None
    return LogPage(found[:limit], rest)


async def retry(
    database: Database, business_id: UUID, webhook_id: UUID, event_id: UUID, *, now: datetime
) -> Delivery:
    """Send one again, at once and with all its attempts. Raises NotFoundError, and
    StatusConflictError while it is being sent or the webhook is disabled.
    """

    async def work(connection: Connection) -> Delivery:
        await _enabled(connection, business_id, webhook_id)
        if await log_rows.one(connection, business_id, webhook_id, event_id) is None:
            raise NotFoundError("There is no such delivery.")
        if not await log_rows.again(connection, business_id, webhook_id, event_id, now):
            raise StatusConflictError("It is being sent at this moment.")
        return await _one(connection, business_id, webhook_id, event_id)

    return await database.transaction(work)


async def replay(
    database: Database, business_id: UUID, webhook_id: UUID, *, since: datetime, now: datetime
) -> int:
    """Send what happened since a time and hasn't arrived: after an outage that was too long. How many
    events that are. Raises NotFoundError, ValidationError and StatusConflictError.
    """
    if not now - REPLAYED_SINCE_MAX <= since <= now:
        days = REPLAYED_SINCE_MAX.days
        raise ValidationError([FieldError("since", f"expected a time within the last {days} days")])

    async def work(connection: Connection) -> int:
        webhook = await _enabled(connection, business_id, webhook_id)
        return await log_rows.replay(
            connection,
            business_id,
            webhook_id,
            kinds=list(webhook.kinds or SENT_KINDS),
            since=since,
            events_max=REPLAYED_MAX,
            now=now,
        )

    return await database.transaction(work)


async def test(
    database: Database, business_id: UUID, webhook_id: UUID, *, actor: Actor, now: datetime
) -> Delivery:
    """Send a webhook an event that says nothing else, by the way that all go. One at a time. Raises
    NotFoundError, and StatusConflictError while one is on its way or the webhook is disabled.
    """
    event_id = new_id()

    async def work(connection: Connection) -> Delivery:
        webhook = await _enabled(connection, business_id, webhook_id)
        if await log_rows.is_under_way(connection, business_id, webhook_id, WEBHOOK_TESTED.name):
            raise StatusConflictError("A test is on its way already; look at its delivery.")
        facts = WebhookFacts(webhook_id, shown(webhook.url))
        await event_rows.append(
            connection, business_id, event_id, WEBHOOK_TESTED, facts, actor=actor, now=now
        )
        await delivery_rows.put(connection, business_id, webhook_id, event_id, now)
        return await _one(connection, business_id, webhook_id, event_id)

    return await database.transaction(work)


async def _enabled(connection: Connection, business_id: UUID, webhook_id: UUID) -> Webhook:
    webhook = await webhook_rows.locked(connection, business_id, webhook_id)
    if webhook is None:
        raise NotFoundError("There is no such webhook.")
    if webhook.disabled_at is not None:
        raise StatusConflictError("The webhook is disabled; enable it first.")
    return webhook


async def _one(
    connection: Connection, business_id: UUID, webhook_id: UUID, event_id: UUID
) -> Delivery:
    found = await log_rows.one(connection, business_id, webhook_id, event_id)
    assert found is not None
    return found
