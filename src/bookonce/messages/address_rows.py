"""What is known of mail addresses: that mails come back, that no others are wanted, how many went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement


@dataclass(frozen=True, slots=True)
class Known:
    """What a business knows of an address."""

    bounce: str | None = None
    is_unsubscribed: bool = False


_KNOWN = Statement(
    """
    SELECT CASE WHEN bounced_at IS NOT NULL THEN coalesce(bounce, '') END AS bounce,
           unsubscribed_at IS NOT NULL AS is_unsubscribed
    FROM mail_address WHERE business_id = :business_id AND address = lower(:address)
    """
)
_BOUNCED = Statement(
    """
    INSERT INTO mail_address AS known (business_id, address, bounced_at, bounce)
    VALUES (:business_id, lower(:address), :now, :bounce)
    ON CONFLICT (business_id, address) DO UPDATE SET bounced_at = :now, bounce = :bounce
    """
)
_CLEAR = Statement(
    """
    UPDATE mail_address SET bounced_at = NULL, bounce = NULL
    WHERE business_id = :business_id AND address = lower(:address)
    """
)
_LINK = Statement(
    """
    WITH known AS (
        INSERT INTO mail_address (business_id, address) VALUES (:business_id, lower(:address))
        ON CONFLICT (business_id, address) DO UPDATE SET address = excluded.address
        RETURNING address
    )
    INSERT INTO unsubscribe_link (business_id, token_hash, address, created_at)
    SELECT :business_id, :token_hash, address, :now FROM known
    """
)
_LINKED = Statement(
    """
    SELECT address FROM unsubscribe_link
    WHERE business_id = :business_id AND token_hash = :token_hash
    """
)
_UNSUBSCRIBE = Statement(
    """
    UPDATE mail_address SET unsubscribed_at = coalesce(unsubscribed_at, :now)
    WHERE business_id = :business_id AND address = :address
    """
)
_COUNT = Statement(
    """
    SELECT messages FROM message_count
    WHERE address_hash = :address_hash AND hour = date_trunc('hour', :now::timestamptz, 'UTC')
    """
)


async def known(connection: Connection, business_id: UUID, address: str) -> Known:
    """What a business knows of an address."""
    row = await _KNOWN.row(connection, business_id=business_id, address=address)
    return Known(row["bounce"], row["is_unsubscribed"]) if row else Known()


async def mark_bounced(
    connection: Connection, business_id: UUID, address: str, bounce: str, now: datetime
) -> None:
    """Mails to an address come back, in the other server's words."""
    await _BOUNCED.run(connection, business_id=business_id, address=address, bounce=bounce, now=now)


async def clear(connection: Connection, business_id: UUID, address: str) -> None:
    """Mails to an address may arrive again."""
    await _CLEAR.run(connection, business_id=business_id, address=address)


async def link(
    connection: Connection, business_id: UUID, address: str, token_hash: bytes, now: datetime
) -> None:
    """A capability to unsubscribe an address."""
    await _LINK.run(
        connection, business_id=business_id, address=address, token_hash=token_hash, now=now
    )


async def linked(connection: Connection, business_id: UUID, token_hash: bytes) -> str | None:
    """The address that a capability unsubscribes."""
    found: str | None = await _LINKED.value(
        connection, business_id=business_id, token_hash=token_hash
    )
    return found


async def unsubscribe(
    connection: Connection, business_id: UUID, address: str, now: datetime
) -> None:
    """No more messages to an address but those about appointments."""
    await _UNSUBSCRIBE.run(connection, business_id=business_id, address=address, now=now)


async def count(connection: Connection, address_hash: bytes, now: datetime) -> int:
    """How many messages an address got in this hour, whoever sent them."""
    return int(await _COUNT.value(connection, address_hash=address_hash, now=now) or 0)
