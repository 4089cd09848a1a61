"""The pages of keys: the list, a new one, and the end of one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.keys import issue, key_rows
from bookonce.keys.issue import NAME_LENGTH_MAX, Wish
from bookonce.keys.scopes import RIGHTS, Scope
from bookonce.platform.errors import ForbiddenError, StatusConflictError, ValidationError
from bookonce.web.forms import form_fields
from bookonce.web.office.dependencies import Admitted, Page, SignedIn
from bookonce.web.office.page import Office
from bookonce.web.office.post_form import wrong_fields
from bookonce.web.office.words import scope_name, scope_summary

LIVES_DAYS = (30, 90, 365)
LIFE_DEFAULT_DAYS = 365


@get("/{slug:str}/keys", include_in_schema=False, media_type=MediaType.HTML, needs=Right.KEYS)
async def keys_page(office: Page, access: Admitted) -> Response[str]:
    """Which keys there are, and a form for a new one."""
    return await _keys(office, access)


@post(
    "/{slug:str}/keys",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=Right.KEYS,
)
async def create_by_form(
    office: Page, access: Admitted, session: SignedIn, request: Request[Any, Any, Any]
) -> Response[str]:
    """Makes a key, and shows it: once, since only its hash is kept."""
    session.require_proof(office.now)
    fields = await form_fields(request)
    days = str(fields.get("days") or "")
    life = timedelta(days=int(days)) if days in map(str, LIVES_DAYS) else None
    wish = Wish(
        str(fields.get("name") or ""),
        [scope for scope in Scope if fields.get(f"scope_{scope}")],
        office.now + life if life else None,
    )
    try:
        key, secret = await issue.create(
            office.installation.database,
            access.business_id,
            wish,
            actor=access.actor,
            rights=access.rights,
            now=office.now,
        )
    except ValidationError as error:
        return await _keys(office, access, wish, wrong_fields(office, error.errors), 422)
    except (ForbiddenError, StatusConflictError) as error:
        return await _keys(office, access, wish, {"": str(error)}, 409)
    address = f"{office.base}/api/v1/{office.business.slug}/office/access"
    return office.render(
        "keys/templates/key_made.html", name=key.name, secret=secret, address=address
    )


@post(
    "/{slug:str}/keys/{key_id:uuid}/revoke",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=Right.KEYS,
)
async def revoke_by_form(office: Page, access: Admitted, key_id: UUID) -> Redirect:
    """Takes a key away. It needs no proof: it gives nothing away."""
    await issue.revoke(
        office.installation.database,
        access.business_id,
        key_id,
        actor=access.actor,
        now=office.now,
    )
    return office.redirect(f"/office/{office.business.slug}/keys")


async def _keys(
    office: Office,
    access: Access,
    wish: Wish | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    found = await office.installation.database.run(key_rows.of_business, access.business_id)
    words, language, zone = office.language.words, office.language, office.business.zone
    return office.render(
        "keys/templates/keys.html",
        status=status,
        errors=errors or {},
        name=wish.name if wish else "",
        name_length_max=NAME_LENGTH_MAX,
        lives=LIVES_DAYS,
        life=LIFE_DEFAULT_DAYS,
        scopes=[
            (
                scope.value,
                scope_name(scope, words),
                scope_summary(scope, words),
                wish is not None and scope in wish.scopes,
                access.rights >= RIGHTS[scope],
            )
            for scope in Scope
        ],
        keys=[
            {
                "id": key.id,
                "name": key.name,
                "shown": key.shown,
                "scopes": language.listed([scope_name(each, words) for each in sorted(key.scopes)]),
                "made_by": key.made_by,
                "until": language.day(key.expires_at.astimezone(zone).date())
                if key.expires_at
                else "",
                "is_over": key.expires_at is not None and key.expires_at <= office.now,
                "used": language.moment(key.last_used_at.astimezone(zone))
                if key.last_used_at
                else "",
            }
            for key in found
        ],
    )


HANDLERS = [keys_page, create_by_form, revoke_by_form]
