"""Inviting somebody to the team, and taking an invitation back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts import invite
from bookonce.accounts.access import Access
from bookonce.accounts.invite import Invitation
from bookonce.accounts.roles import Post, Right
from bookonce.platform.actor import Role
from bookonce.platform.errors import ValidationError
from bookonce.web.forms import form_fields
from bookonce.web.office.account import qr_code
from bookonce.web.office.dependencies import Admitted, Page, SignedIn
from bookonce.web.office.page import Office
from bookonce.web.office.post_form import (
    own_post,
    post_choices,
    post_of,
    team_address,
    wrong_fields,
)


@get(
    "/{slug:str}/team/invite", include_in_schema=False, media_type=MediaType.HTML, needs=Right.TEAM
)
async def invite_page(office: Page, access: Admitted, session: SignedIn) -> Response[str]:
    """Asks whom to invite, as what."""
    session.require_proof(office.now)
    return _invite(office, access, Invitation("", Post(Role.RECEPTION)))


def _invite(
    office: Office, access: Access, invitation: Invitation, errors: dict[str, str] | None = None
) -> Response[str]:
    return office.render(
        "invite.html",
        status=422 if errors else 200,
        email=invitation.email,
        name=invitation.name,
        errors=errors or {},
        **post_choices(office, access, invitation.post),
    )


@post(
    "/{slug:str}/team/invite",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=Right.TEAM,
)
async def invite_by_form(
    office: Page, access: Admitted, session: SignedIn, request: Request[Any, Any, Any]
) -> Response[str]:
    """Makes an invitation, and shows its link: once, since only its hash is kept."""
    session.require_proof(office.now)
    assert office.directory is not None
    fields = await form_fields(request)
    invitation = Invitation(
        str(fields.get("email") or ""), post_of(fields), str(fields.get("name") or "")
    )
    try:
        token = await invite.invite(
            office.installation.database,
            office.directory,
            invitation,
            by=own_post(access),
            actor=access.actor,
            now=office.now,
        )
    except ValidationError as error:
        return _invite(office, access, invitation, wrong_fields(office, error.errors))
    url = f"{office.base}/office/invitation/{token}"
    return office.render("invited.html", email=invitation.email, url=url, qr=qr_code(url))


@post(
    "/{slug:str}/team/invitations/{link_id:uuid}/withdraw",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=Right.TEAM,
)
async def withdraw_by_form(office: Page, access: Admitted, link_id: UUID) -> Redirect:
    """Takes an invitation back. Whoever may invite may do so at any time: it gives nothing away."""
    assert office.directory is not None
    await invite.withdraw(
        office.installation.database,
        office.directory.business_id,
        link_id,
        by=own_post(access),
        now=office.now,
    )
    return office.redirect(team_address(office))
