"""Make keys, take them away, and recognise who comes with one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.events import event_rows
from bookonce.events.catalogue import KEY_CREATED, KEY_REVOKED, KeyFacts, Kind
from bookonce.keys import key_rows
from bookonce.keys.key_rows import Key
from bookonce.keys.scopes import Scope, rights_of
from bookonce.keys.secret import is_secret, new_secret, secret_hash, shown_part
from bookonce.platform.actor import Actor, ActorKind
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import (
    FieldError,
    ForbiddenError,
    NotFoundError,
    StatusConflictError,
    UnauthenticatedError,
    ValidationError,
)
from bookonce.platform.ids import new_id

KEYS_MAX = 50
NAME_LENGTH_MAX = 100
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """A key that somebody wants. `expires_at` None: it is good until it is revoked."""

    name: str
    scopes: Collection[Scope]
    expires_at: datetime | None = None


async def create(
    database: Database,
    business_id: UUID,
    wish: Wish,
    *,
    actor: Actor,
    rights: frozenset[Right] | None,
    now: datetime,
) -> tuple[Key, str]:
    """Make a key; with it the secret, which is told this once and not kept. `rights` are those of
    whoever makes it, since nobody grants more than they have; None: the operator's.

    Raises ValidationError, ForbiddenError, and StatusConflictError if there are too many.
    """
    name = _valid(wish, now)
    granted = rights_of(wish.scopes)
    if rights is not None and (missing := sorted(granted - rights)):
        raise ForbiddenError(
            f"A key can't do more than who makes it: you lack the right {missing[0].value!r}.",
            right=missing[0].value,
        )
    secret = new_secret()
    made_by = actor.name or actor.kind.value
    scopes = frozenset(wish.scopes)
    key = Key(
        new_id(), business_id, name, scopes, shown_part(secret), made_by, now, wish.expires_at
    )

    async def work(connection: Connection) -> None:
        if await key_rows.count(connection, business_id) >= KEYS_MAX:
            raise StatusConflictError(f"There are {KEYS_MAX} keys already; revoke one first.")
        await key_rows.add(connection, secret_hash(secret), key)
        await _tell(connection, KEY_CREATED, key, actor, now)

    await database.transaction(work)
    return key, secret


async def revoke(
    database: Database, business_id: UUID, key_id: UUID, *, actor: Actor, now: datetime
) -> None:
    """Take a key away: from the next request on, every worker refuses it. Raises NotFoundError."""

    async def work(connection: Connection) -> None:
        key = await key_rows.revoke(connection, business_id, key_id)
        if key is None:
            raise NotFoundError("There is no such key.")
        await _tell(connection, KEY_REVOKED, key, actor, now)

    await database.transaction(work)


async def _tell(connection: Connection, kind: Kind, key: Key, actor: Actor, now: datetime) -> None:
    facts = KeyFacts(key.id, key.name, tuple(sorted(key.scopes)), key.expires_at)
    await event_rows.append(
        connection, key.business_id, new_id(), kind, facts, actor=actor, now=now
    )


async def recognise(database: Database, secret: str, *, now: datetime) -> tuple[Key, Access]:
    """Whose key this is, and what it may do there. The database is asked each time, so that a key
    that was revoked is good nowhere. Raises UnauthenticatedError.
    """
    if not is_secret(secret):
        raise UnauthenticatedError("That isn't a key: it was cut off, or mistyped.")
    key = await database.run(key_rows.find, secret_hash(secret), now)
    if key is None:
        raise UnauthenticatedError("The key isn't known here, was revoked, or has expired.")
    if key.last_used_at is None or now - key.last_used_at > USE_NOTED_EVERY:
        await database.run(key_rows.mark_used, key, now, now - USE_NOTED_EVERY)
    actor = Actor(kind=ActorKind.KEY, id=key.id, name=key.name)
    return key, Access(key.business_id, actor, rights_of(key.scopes))


def _valid(wish: Wish, now: datetime) -> str:
    """The name as it is kept. Raises ValidationError."""
    name, errors = " ".join(wish.name.split()), []
    if not name or not name.isprintable():
        errors.append(FieldError("name", "is required"))
    if len(name) > NAME_LENGTH_MAX:
        errors.append(FieldError("name", f"must have at most {NAME_LENGTH_MAX} characters"))
    if not wish.scopes:
        names = ", ".join(Scope)
        errors.append(FieldError("scopes", f"expected at least one of {names}"))
    if wish.expires_at is not None and wish.expires_at <= now:
        errors.append(FieldError("expires_at", "must be in the future"))
    if errors:
        raise ValidationError(errors)
    return name
