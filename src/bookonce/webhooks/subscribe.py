"""Make webhooks, change them, give them another secret, and forget them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from bookonce.events import event_rows
from bookonce.events.catalogue import (
    WEBHOOK_CHANGED,
    WEBHOOK_CREATED,
    WEBHOOK_DISABLED,
    WEBHOOK_REMOVED,
    Kind,
    WebhookFacts,
)
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import (
    FieldError,
    NotFoundError,
    StatusConflictError,
    ValidationError,
)
from bookonce.platform.ids import new_id
from bookonce.platform.seals import Purpose, seal
from bookonce.webhooks import delivery_rows, webhook_rows
from bookonce.webhooks.addresses import Reach, shown
from bookonce.webhooks.payload import SENT_KINDS
from bookonce.webhooks.retrying import Disabled
from bookonce.webhooks.signature import new_secret
from bookonce.webhooks.webhook_rows import Webhook

WEBHOOKS_MAX = 50
NAME_LENGTH_MAX = 100
OLD_SECRET_SIGNS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """A webhook that somebody wants. No `kinds`: of every kind that is sent, now and later."""

    url: str
    name: str = ""
    kinds: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different; None: as it is."""

    url: str | None = None
    name: str | None = None
    kinds: Collection[str] | None = None
    is_active: bool | None = None


async def create(
    database: Database,
    business_id: UUID,
    wish: Wish,
    *,
    reach: Reach,
    secret_key: str,
    actor: Actor,
    now: datetime,
) -> tuple[Webhook, str]:
    """Make a webhook; with it its secret, which is told this once. Raises ValidationError, and
    StatusConflictError if there are too many.
    """
    url, name, kinds = _valid(wish, reach)
    secret, webhook_id = new_secret(), new_id()
    made_by = actor.name or actor.kind.value
    webhook = Webhook(webhook_id, business_id, name, url, kinds, made_by, now)

    async def work(connection: Connection) -> None:
        if await webhook_rows.count(connection, business_id) >= WEBHOOKS_MAX:
            raise StatusConflictError(
                f"There are {WEBHOOKS_MAX} webhooks already; remove one first."
            )
        sealed = seal(secret, webhook_id, secret_key, Purpose.WEBHOOK)
        await webhook_rows.add(connection, webhook, sealed)
        await _tell(connection, WEBHOOK_CREATED, webhook, actor, now)

    await database.transaction(work)
    return webhook, secret


async def change(
    database: Database,
    business_id: UUID,
    webhook_id: UUID,
    edit: Change,
    *,
    reach: Reach,
    actor: Actor,
    now: datetime,
) -> Webhook:
    """Change a webhook; disable it, or enable it again, after which it starts afresh. Raises
    ValidationError and NotFoundError.
    """

    async def work(connection: Connection) -> Webhook:
        old = await webhook_rows.locked(connection, business_id, webhook_id)
        if old is None:
            raise _unknown()
        new = _changed(old, edit, reach, now)
        if new == old:
            return old
        is_enabled = old.disabled_at is not None and new.disabled_at is None
        is_disabled = old.disabled_at is None and new.disabled_at is not None
        is_afresh = new.url != old.url or is_enabled
        if is_afresh:
            new = replace(new, failing_since=None)
        await webhook_rows.change(connection, new, is_afresh=is_afresh)
        if is_disabled:
            await delivery_rows.give_up(connection, business_id, webhook_id, now)
        kind = WEBHOOK_DISABLED if is_disabled else WEBHOOK_CHANGED
        await _tell(connection, kind, new, actor, now, new.disabled_why if is_disabled else None)
        return new

    return await database.transaction(work)


async def rotate(
    database: Database,
    business_id: UUID,
    webhook_id: UUID,
    *,
    secret_key: str,
    actor: Actor,
    now: datetime,
) -> tuple[Webhook, str]:
    """Give a webhook another secret, which is told this once. For a day both sign, so that the
    receiver has time to change. Raises NotFoundError.
    """
    secret, old_until = new_secret(), now + OLD_SECRET_SIGNS

    async def work(connection: Connection) -> Webhook:
        webhook = await webhook_rows.locked(connection, business_id, webhook_id)
        if webhook is None:
            raise _unknown()
        sealed = seal(secret, webhook_id, secret_key, Purpose.WEBHOOK)
        await webhook_rows.rotate(connection, business_id, webhook_id, sealed, old_until)
        await _tell(connection, WEBHOOK_CHANGED, webhook, actor, now)
        return replace(webhook, old_until=old_until)

    return await database.transaction(work), secret


async def remove(
    database: Database, business_id: UUID, webhook_id: UUID, *, actor: Actor, now: datetime
) -> None:
    """Forget a webhook, with its log; what is on its way is the last. Raises NotFoundError."""

    async def work(connection: Connection) -> None:
        webhook = await webhook_rows.locked(connection, business_id, webhook_id)
        if webhook is None or not await webhook_rows.remove(connection, business_id, webhook_id):
            raise _unknown()
        await _tell(connection, WEBHOOK_REMOVED, webhook, actor, now)

    await database.transaction(work)


async def _tell(
    connection: Connection,
    kind: Kind,
    webhook: Webhook,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
) -> None:
    facts = WebhookFacts(webhook.id, shown(webhook.url), reason)
    await event_rows.append(
        connection, webhook.business_id, new_id(), kind, facts, actor=actor, now=now
    )


def _changed(old: Webhook, edit: Change, reach: Reach, now: datetime) -> Webhook:
    """What a webhook becomes. An address that it has already may stay, whatever is allowed today: it
    is judged again when it is connected to.
    """
    wish = Wish(
        old.url if edit.url is None else edit.url,
        old.name if edit.name is None else edit.name,
        old.kinds if edit.kinds is None else edit.kinds,
    )
    url, name, kinds = _valid(wish, None if wish.url == old.url else reach)
    new = replace(old, url=url, name=name, kinds=kinds)
    if edit.is_active is True:
        return replace(new, disabled_at=None, disabled_why=None)
    if edit.is_active is False and old.disabled_at is None:
        return replace(new, disabled_at=now, disabled_why=Disabled.BY_HAND)
    return new


def _valid(wish: Wish, reach: Reach | None) -> tuple[str, str, tuple[str, ...]]:
    """Address, name and kinds as they are kept. Raises ValidationError. No `reach`: the address was
    looked at before.
    """
    url, name, errors = wish.url.strip(), " ".join(wish.name.split()), []
    if reach is not None and (problem := reach.problem(url)):
        errors.append(FieldError("url", problem))
    if not name.isprintable():
        errors.append(FieldError("name", "must be text that can be printed"))
    if len(name) > NAME_LENGTH_MAX:
        errors.append(FieldError("name", f"must have at most {NAME_LENGTH_MAX} characters"))
    chosen = set(wish.kinds)
    if unknown := chosen - set(SENT_KINDS):
        names = ", ".join(SENT_KINDS)
        # What came is repeated no further: it may be anything.
        errors.append(FieldError("kinds", f"{len(unknown)} of them aren't sent; expected {names}"))
    if errors:
        raise ValidationError(errors)
    return url, name, tuple(kind for kind in SENT_KINDS if kind in chosen)


def _unknown() -> NotFoundError:
    return NotFoundError("There is no such webhook.")
