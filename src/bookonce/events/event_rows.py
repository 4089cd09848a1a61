"""Events, and the idempotency keys that remember them as answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.events.catalogue import Kind
from bookonce.events.followers import is_followed
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database, after_commit
from bookonce.platform.statements import Statement

_APPEND = Statement(
    """
    INSERT INTO event (
        business_id, event_id, kind, actor, appointment_id, at, data, is_unrelayed
    )
    VALUES (
        :business_id, :event_id, :kind, :actor::jsonb, :appointment_id, :at, :facts::jsonb,
        :is_unrelayed
    )
    """
)

_EXISTS = Statement(
    """
    SELECT EXISTS (
        SELECT 1 FROM event WHERE business_id = :business_id AND event_id = :event_id)
    """
)

# What is found may stand on this server alone: a commit whose wait for a synchronous standby was
# given up is seen like any other. So the row is written once more. That commit waits, too, and
# comes after the first one in the log; when it is acknowledged, so is the first.
_REMEMBERED = Statement(
    """
    WITH used AS (
        UPDATE idempotency SET created_at = created_at
        WHERE business_id = :business_id AND key_hash = :key_hash
        RETURNING request_hash, sealed_token, event_id
    )
    SELECT used.request_hash, used.sealed_token, event.kind, event.appointment_id, event.data
    FROM used JOIN event ON event.business_id = :business_id AND event.event_id = used.event_id
    """
)

_REMEMBER = Statement(
    """
    INSERT INTO idempotency (business_id, key_hash, request_hash, event_id, created_at)
    VALUES (:business_id, :key_hash, :request_hash, :event_id, :now)
    """
)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a key was used for, and the event that answered it."""

    request_hash: bytes
    event_kind: str
    appointment_id: UUID | None
    facts: str
    sealed_token: bytes | None = None


async def append(
    connection: Connection,
    business_id: UUID,
    event_id: UUID,
    kind: Kind,
    facts: msgspec.Struct,
    *,
    actor: Actor,
    now: datetime,
    appointment_id: UUID | None = None,
) -> None:
    """Write what happened, in the transaction that makes it happen.

    If the kind has followers, the event is relayed to them and the workers are woken after the
    commit.
    """
    if not isinstance(facts, kind.facts):
        raise TypeError(f"{kind.name} carries {kind.facts.__name__}, not {type(facts).__name__}")
    await _APPEND.run(
        connection,
        business_id=business_id,
        event_id=event_id,
        kind=kind.name,
        actor=actor.as_json(),
        appointment_id=appointment_id,
        at=now,
        facts=msgspec.json.encode(facts).decode(),
        is_unrelayed=is_followed(kind.name),
    )
    appended(kind)


def appended(*kinds: Kind) -> None:
    """Have the followers of events woken that a statement has appended by itself."""
    if any(is_followed(kind.name) for kind in kinds):
        after_commit(Database.wake_workers)


async def exists(connection: Connection, business_id: UUID, event_id: UUID) -> bool:
    """Whether an event is there."""
    return bool(await _EXISTS.value(connection, business_id=business_id, event_id=event_id))


async def remembered(
    connection: Connection, business_id: UUID, key_hash: bytes
) -> Remembered | None:
    """What an idempotency key led to, if it was used, and certainly so."""
    row = await _REMEMBERED.row(connection, business_id=business_id, key_hash=key_hash)
    if row is None:
        return None
    return Remembered(
        row["request_hash"],
        row["kind"],
        row["appointment_id"],
        row["data"],
        row["sealed_token"],
    )


async def remember(
    connection: Connection,
    business_id: UUID,
    key_hash: bytes,
    request_hash: bytes,
    event_id: UUID,
    now: datetime,
) -> None:
    """Tie a key to its answer. Raises UniqueViolationError if a rival used the key meanwhile."""
    await _REMEMBER.run(
        connection,
        business_id=business_id,
        key_hash=key_hash,
        request_hash=request_hash,
        event_id=event_id,
        now=now,
    )
