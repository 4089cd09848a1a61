"""Keys for programs: list them, make one, revoke one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, delete, get, post

from bookonce.accounts.roles import Right
from bookonce.accounts.sessions import Session
from bookonce.keys import issue, key_rows
from bookonce.keys.issue import Wish
from bookonce.keys.key_rows import Key
from bookonce.keys.scopes import Scope
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.web.dependencies import Here, Slug
from bookonce.web.office.dependencies import Admitted
from bookonce.web.public.documented import OFFICE_CHANGING, OFFICE_READING
from bookonce.web.requests import json_body


class KeyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key that somebody wants. `expires_at` null: it is good until it is revoked."""

    name: str
    scopes: list[Scope]
    expires_at: datetime | None = None


class KeyAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A key. `shown` is its beginning; `key` is the whole of it, told only when it is made."""

    id: UUID
    name: str
    scopes: list[Scope]
    shown: str
    made_by: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    key: str | None = None


class KeysPage(msgspec.Struct, frozen=True):
    """All keys, the newest first."""

    items: list[KeyAnswer]
    next_cursor: str | None


@get("/", needs=Right.KEYS, responses=OFFICE_READING, summary="Keys for programs")
async def list_keys(slug: Slug, installation: Here, access: Admitted) -> KeysPage:
    """Those that are over, too."""
    found = await installation.database.run(key_rows.of_business, access.business_id)
    return KeysPage([_answer(key) for key in found], None)


@post(
    "/",
    needs=Right.KEYS,
    responses=OFFICE_CHANGING,
    before_request=json_body(KeyRequest),
    summary="Make a key",
)
async def create_key(
    slug: Slug,
    data: KeyRequest,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
) -> KeyAnswer:
    """The answer is the only place where the key is told. No key can make another: it needs an
    account that has proved lately who it is.
    """
    now = datetime.now(UTC)
    session: Session = request.state.session
    session.require_proof(now)
    if data.expires_at is not None and data.expires_at.tzinfo is None:
        raise ValidationError([FieldError("expires_at", "expected an offset, such as Z")])
    key, secret = await issue.create(
        installation.database,
        access.business_id,
        Wish(data.name, data.scopes, data.expires_at),
        actor=access.actor,
        rights=access.rights,
        now=now,
    )
    return msgspec.structs.replace(_answer(key), key=secret)


@delete("/{key_id:uuid}", needs=Right.KEYS, responses=OFFICE_CHANGING, summary="Revoke a key")
async def revoke_key(slug: Slug, key_id: UUID, installation: Here, access: Admitted) -> None:
    """It is refused from the next request on."""
    await issue.revoke(
        installation.database,
        access.business_id,
        key_id,
        actor=access.actor,
        now=datetime.now(UTC),
    )


def _answer(key: Key) -> KeyAnswer:
    return KeyAnswer(
        key.id,
        key.name,
        sorted(key.scopes),
        key.shown,
        key.made_by,
        key.created_at,
        key.expires_at,
        key.last_used_at,
    )


router = Router("/keys", route_handlers=[list_keys, create_key, revoke_key])
