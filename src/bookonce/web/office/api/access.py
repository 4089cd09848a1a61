"""The office for programs: what an account may do in a business."""

from __future__ import annotations

import msgspec
from litestar import get

from bookonce.accounts.roles import Right
from bookonce.platform.actor import Role
from bookonce.web.dependencies import Slug
from bookonce.web.office.dependencies import Admitted
from bookonce.web.office.guard import MEMBER
from bookonce.web.public.documented import OFFICE_READING


class AccessAnswer(msgspec.Struct, frozen=True):
    """Who asks, and what they may do in this business."""

    name: str
    role: Role | None
    staff: str | None
    rights: list[Right]


@get("/access", needs=MEMBER, responses=OFFICE_READING, summary="What the caller may do")
async def access(slug: Slug, access: Admitted) -> AccessAnswer:
    """The role, the own calendar and the rights of who is signed in."""
    rights = [right for right in Right if access.may(right)]
    return AccessAnswer(access.actor.name or "", access.role, access.staff_key, rights)
