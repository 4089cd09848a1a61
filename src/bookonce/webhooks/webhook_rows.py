"""Webhooks as stored: secrets are sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement
from bookonce.webhooks.retrying import Disabled


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is sent events of some kinds, or of all that are sent if `kinds` is empty.
    `failing_since`: of the first attempt that failed since one succeeded.
    """

    id: UUID
    business_id: UUID
    name: str
    url: str
    kinds: tuple[str, ...]
    made_by: str
    created_at: datetime
    old_until: datetime | None = None
    failing_since: datetime | None = None
    disabled_at: datetime | None = None
    disabled_why: Disabled | None = None


_COLUMNS = """
    webhook_id, business_id, name, url, kinds, made_by, created_at, old_until, failing_since,
    disabled_at, disabled_why
"""

_ADD = Statement(
    """
    INSERT INTO webhook (business_id, webhook_id, name, url, kinds, secret, made_by, created_at)
    VALUES (:business_id, :webhook_id, :name, :url, :kinds, :secret, :made_by, :created_at)
    """
)
_OF_BUSINESS = Statement(
    f"""
    SELECT {_COLUMNS} FROM webhook WHERE business_id = :business_id
    ORDER BY created_at DESC, webhook_id DESC
    """
)
_ONE = Statement(
    f"SELECT {_COLUMNS} FROM webhook WHERE business_id = :business_id AND webhook_id = :webhook_id"
)
_LOCKED = Statement(f"{_ONE.text} FOR NO KEY UPDATE")
_COUNT = Statement("SELECT count(*) FROM webhook WHERE business_id = :business_id")
# Another address, or one that is enabled again, starts afresh.
_CHANGE = Statement(
    """
    UPDATE webhook SET name = :name, url = :url, kinds = :kinds,
        failures = CASE WHEN :is_afresh THEN 0 ELSE failures END,
        failing_since = CASE WHEN :is_afresh THEN NULL ELSE failing_since END,
        rest_until = CASE WHEN :is_afresh THEN NULL ELSE rest_until END,
        disabled_at = :disabled_at, disabled_why = :disabled_why
    WHERE business_id = :business_id AND webhook_id = :webhook_id
    """
)
_ROTATE = Statement(
    """
    UPDATE webhook SET old_secret = secret, old_until = :old_until, secret = :secret
    WHERE business_id = :business_id AND webhook_id = :webhook_id
    """
)
_DISABLE = Statement(
    """
    UPDATE webhook SET disabled_at = :now, disabled_why = :why
    WHERE business_id = :business_id AND webhook_id = :webhook_id AND disabled_at IS NULL
    """
)
_REMOVE = Statement(
    "DELETE FROM webhook WHERE business_id = :business_id AND webhook_id = :webhook_id"
)


async def add(connection: Connection, webhook: Webhook, secret: bytes) -> None:
    """Keep a new webhook, with its sealed secret."""
    await _ADD.run(
        connection,
        business_id=webhook.business_id,
        webhook_id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        kinds=list(webhook.kinds),
        secret=secret,
        made_by=webhook.made_by,
        created_at=webhook.created_at,
    )


async def of_business(connection: Connection, business_id: UUID) -> list[Webhook]:
    """A business's webhooks, the newest first."""
    return [_webhook(row) for row in await _OF_BUSINESS.rows(connection, business_id=business_id)]


async def one(connection: Connection, business_id: UUID, webhook_id: UUID) -> Webhook | None:
    """One of them."""
    row = await _ONE.row(connection, business_id=business_id, webhook_id=webhook_id)
    return _webhook(row) if row else None


async def locked(connection: Connection, business_id: UUID, webhook_id: UUID) -> Webhook | None:
    """One of them, which nobody else changes until the transaction ends. Rivals are other changes and
    the ends of attempts; the relay, which refers to the row, doesn't wait.
    """
    row = await _LOCKED.row(connection, business_id=business_id, webhook_id=webhook_id)
    return _webhook(row) if row else None


async def count(connection: Connection, business_id: UUID) -> int:
    """How many a business has."""
    number: int = await _COUNT.value(connection, business_id=business_id)
    return number


async def change(connection: Connection, webhook: Webhook, *, is_afresh: bool) -> None:
    """Keep what a webhook is now. `is_afresh` forgets how it has done."""
    await _CHANGE.run(
        connection,
        business_id=webhook.business_id,
        webhook_id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        kinds=list(webhook.kinds),
        is_afresh=is_afresh,
        disabled_at=webhook.disabled_at,
        disabled_why=webhook.disabled_why,
    )


async def rotate(
    connection: Connection,
    business_id: UUID,
    webhook_id: UUID,
    secret: bytes,
    old_until: datetime,
) -> None:
    """Give it another secret; the old one signs, too, for a while."""
    await _ROTATE.run(
        connection,
        business_id=business_id,
        webhook_id=webhook_id,
        secret=secret,
        old_until=old_until,
    )


async def disable(
    connection: Connection, business_id: UUID, webhook_id: UUID, why: Disabled, now: datetime
) -> bool:
    """Send it nothing any more; False if that is so already."""
    changed = await _DISABLE.run(
        connection, business_id=business_id, webhook_id=webhook_id, why=why, now=now
    )
    return changed > 0


async def remove(connection: Connection, business_id: UUID, webhook_id: UUID) -> bool:
    """Forget it, with its deliveries; whether it was there."""
    return await _REMOVE.run(connection, business_id=business_id, webhook_id=webhook_id) > 0


def _webhook(row: Row) -> Webhook:
    return Webhook(
        row["webhook_id"],
        row["business_id"],
        row["name"],
        row["url"],
        tuple(row["kinds"]),
        row["made_by"],
        row["created_at"],
        row["old_until"],
        row["failing_since"],
        row["disabled_at"],
        Disabled(row["disabled_why"]) if row["disabled_why"] else None,
    )
