"""The team: who belongs to the business, as what, and who is invited."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts import invite, members
from bookonce.accounts.access import Access
from bookonce.accounts.account import Member
from bookonce.accounts.roles import Post, Right, may_manage
from bookonce.platform.actor import Role
from bookonce.platform.errors import LastOwnerError, NotFoundError, ValidationError
from bookonce.web.forms import form_fields
from bookonce.web.office.dependencies import Admitted, Page, SignedIn
from bookonce.web.office.guard import MEMBER
from bookonce.web.office.page import Office
from bookonce.web.office.post_form import (
    own_post,
    post_choices,
    post_of,
    team_address,
    wrong_fields,
)
from bookonce.web.office.words import right_name, role_name


@get("/{slug:str}/team", include_in_schema=False, media_type=MediaType.HTML, needs=Right.TEAM)
async def team_page(office: Page, access: Admitted) -> Response[str]:
    """Who is in, and who is invited."""
    return await _team(office, access)


async def _team(
    office: Office, access: Access, *, status: int = 200, wrong: str = ""
) -> Response[str]:
    assert office.directory is not None
    database, business_id = office.installation.database, office.directory.business_id
    own, words = own_post(access), office.language.words
    found = await members.members(database, business_id)
    links = await invite.invitations(database, business_id, now=office.now)
    return office.render(
        "team.html",
        status=status,
        wrong=wrong,
        members=[
            {
                "id": one.account_id,
                "name": one.name,
                "email": one.email,
                "role": role_name(one.post.role, words),
                "staff": _staff_name(office, one.post.staff_key),
                "has_second_factor": one.has_second_factor,
                "needs_second_factor": one.post.role in (Role.OWNER, Role.MANAGER),
                "seen": _day(office, one.seen_at),
                "is_self": one.account_id == access.account_id,
                "may_change": may_manage(own, one.post),
            }
            for one in found
        ],
        invited=[
            {
                "id": link.link_id,
                "name": link.name,
                "email": link.email,
                "role": role_name(link.post.role, words) if link.post else "",
                "until": office.language.moment(link.expires_at.astimezone(office.directory.zone)),
                "may_withdraw": link.post is not None and may_manage(own, link.post),
            }
            for link in links
        ],
    )


@get(
    "/{slug:str}/team/{account_id:uuid}",
    include_in_schema=False,
    media_type=MediaType.HTML,
    needs=Right.TEAM,
)
async def member_page(
    office: Page, access: Admitted, session: SignedIn, account_id: UUID
) -> Response[str]:
    """One member: role, calendar, switches."""
    session.require_proof(office.now)
    return _member(office, access, await _found(office, account_id))


def _member(
    office: Office, access: Access, member: Member, *, status: int = 200, wrong: str = ""
) -> Response[str]:
    words = office.language.words
    return office.render(
        "member.html",
        status=status,
        wrong=wrong,
        member=member,
        is_self=member.account_id == access.account_id,
        may_change=may_manage(own_post(access), member.post),
        rights=[right_name(right, words) for right in Right if right in member.post.rights],
        lacking=[right_name(right, words) for right in Right if right not in member.post.rights],
        **post_choices(office, access, member.post),
    )


@post(
    "/{slug:str}/team/{account_id:uuid}",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=Right.TEAM,
)
async def change_by_form(
    office: Page,
    access: Admitted,
    session: SignedIn,
    account_id: UUID,
    request: Request[Any, Any, Any],
) -> Response[str] | Redirect:
    """Gives a member another role, calendar or switches."""
    session.require_proof(office.now)
    assert office.directory is not None
    post, member = post_of(await form_fields(request)), await _found(office, account_id)
    try:
        invite.require_staff_key(office.directory, post.staff_key)
        await members.change_post(
            office.installation.database,
            office.directory.business_id,
            account_id,
            post,
            by=own_post(access),
            actor=access.actor,
            now=office.now,
        )
    except LastOwnerError:
        return _member(office, access, member, status=409, wrong=_last_owner(office))
    except ValidationError as error:
        wrong = "; ".join(wrong_fields(office, error.errors).values())
        return _member(office, access, member, status=422, wrong=wrong)
    return office.redirect(team_address(office))


@post(
    "/{slug:str}/team/{account_id:uuid}/remove",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=Right.TEAM,
)
async def remove_by_form(
    office: Page, access: Admitted, session: SignedIn, account_id: UUID
) -> Response[str] | Redirect:
    """Takes a member out of the business."""
    session.require_proof(office.now)
    return await _remove(office, access, account_id, own_post(access))


@get("/{slug:str}/team/leave", include_in_schema=False, media_type=MediaType.HTML, needs=MEMBER)
async def leave_page(office: Page) -> Response[str]:
    """Asks whether it is meant."""
    return office.render("leave.html")


@post(
    "/{slug:str}/team/leave",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=MEMBER,
)
async def leave_by_form(office: Page, access: Admitted) -> Response[str] | Redirect:
    """Leaves the business, which needs nobody's leave."""
    assert access.account_id is not None
    return await _remove(office, access, access.account_id, None)


async def _remove(
    office: Office, access: Access, account_id: UUID, by: Post | None
) -> Response[str] | Redirect:
    assert office.directory is not None
    try:
        await members.remove(
            office.installation.database,
            office.directory.business_id,
            account_id,
            by=by,
            actor=access.actor,
            now=office.now,
        )
    except LastOwnerError:
        return await _team(office, access, status=409, wrong=_last_owner(office))
    if account_id == access.account_id:
        return office.redirect("/office")
    return office.redirect(team_address(office))


async def _found(office: Office, account_id: UUID) -> Member:
    assert office.directory is not None
    found = await members.members(office.installation.database, office.directory.business_id)
    for one in found:
        if one.account_id == account_id:
            return one
    raise NotFoundError("There is no such member.")


def _staff_name(office: Office, key: str | None) -> str:
    assert office.directory is not None
    return office.directory.staff_name(key) if key else ""


def _day(office: Office, moment: datetime | None) -> str:
    assert office.directory is not None
    return office.language.day(moment.astimezone(office.directory.zone).date()) if moment else ""


def _last_owner(office: Office) -> str:
    _ = office.language.words.gettext
    return _("A business keeps at least one owner. Make somebody else owner first.")
