"""Who works at a business, and what they ask for at the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Post, Right
from bookonce.availability.installation import Installation
from bookonce.desk.request import DeskBooking, DeskClient
from bookonce.platform.actor import Role
from bookonce.platform.ids import new_id

ZOE = DeskClient(name="Zoe")


async def somebody(
    installation: Installation,
    slug: str,
    role: Role = Role.OWNER,
    staff_key: str | None = None,
    switched_on: frozenset[Right] = frozenset(),
) -> Access:
    """What somebody with a role may do in a business."""
    directory = await installation.current(slug)
    post = Post.of(role, staff_key, switched_on | Post(role).switched_on)
    return Access.of_member(directory.business_id, new_id(), "Alice", post)


def a_desk_booking(start: datetime, service: str = "cut", **more: Any) -> DeskBooking:
    """What a receptionist asks for: Zoe, of whom the name is all that is known, with Ada."""
    wish: dict[str, Any] = {"service": service, "start": start, "client": ZOE, "staff": "ada"}
    return DeskBooking(**wish | more)
