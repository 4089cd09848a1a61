"""The versions of a business: each is the whole document, with who made it and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.business.convert import decode_custom, encode_custom
from bookonce.business.document import Business
from bookonce.platform.actor import Actor, ActorKind, Role
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement

_APPEND = Statement("""
INSERT INTO business_version (
    business_id, version, document, actor, actor_id, actor_role, actor_name, at
)
VALUES (
    :business_id, :version, :document::jsonb, :actor, :actor_id, :actor_role, :actor_name, :at
)
""")

_ONE = Statement("""
SELECT version, document::text AS document, actor, actor_id, actor_role, actor_name, at
FROM business_version WHERE business_id = :business_id AND version = :version
""")

_LATEST = Statement("""
SELECT version, document::text AS document, actor, actor_id, actor_role, actor_name, at
FROM business_version
WHERE business_id = :business_id AND version >= :first
  AND (:before::integer IS NULL OR version < :before)
ORDER BY version DESC LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Version:
    """A business as it was at one version."""

    version: int
    business: Business
    actor: Actor
    at: datetime


async def append(
    connection: Connection,
    business_id: UUID,
    version: int,
    business: Business,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep a version. Raises UniqueViolationError if there is one of this number."""
    await _APPEND.run(
        connection,
        business_id=business_id,
        version=version,
        document=msgspec.json.encode(business, enc_hook=encode_custom).decode(),
        actor=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
        actor_name=actor.name,
        at=now,
    )


async def find(connection: Connection, business_id: UUID, version: int) -> Version | None:
    """One version."""
    row = await _ONE.row(connection, business_id=business_id, version=version)
    return _version(row) if row else None


async def latest(
    connection: Connection, business_id: UUID, *, first: int, limit: int, before: int | None = None
) -> list[Version]:
    """The versions from `first` on, those before `before` if it is given, the newest first, at most
    `limit`.
    """
    rows = await _LATEST.rows(
        connection, business_id=business_id, first=first, before=before, limit=limit
    )
    return [_version(row) for row in rows]


def _version(row: Row) -> Version:
    actor = Actor(
        kind=ActorKind(row["actor"]),
        id=row["actor_id"],
        role=Role(row["actor_role"]) if row["actor_role"] else None,
        name=row["actor_name"],
    )
    business = msgspec.json.decode(row["document"], type=Business, dec_hook=decode_custom)
    return Version(row["version"], business, actor, row["at"])
