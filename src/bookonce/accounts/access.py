"""What somebody who was recognised may do in one business, however they were recognised."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bookonce.accounts.roles import Post, Right
from bookonce.platform.actor import Actor, ActorKind, Role
from bookonce.platform.errors import ForbiddenError


@dataclass(frozen=True, slots=True)
class Access:
    """To which business, as whom, and with which rights. Verbs of the office take one."""

    business_id: UUID
    actor: Actor
    rights: frozenset[Right]
    account_id: UUID | None = None
    """None: a program with a key."""
    post: Post | None = None

    @classmethod
    def of_member(cls, business_id: UUID, account_id: UUID, name: str, post: Post) -> Access:
        """What a membership gives."""
        actor = Actor(kind=ActorKind.ACCOUNT, id=account_id, role=post.role, name=name or None)
        return cls(business_id, actor, post.rights, account_id, post)

    @property
    def role(self) -> Role | None:
        """The account's role in the business."""
        return self.post.role if self.post else None

    @property
    def staff_key(self) -> str | None:
        """Whose calendar is their own."""
        return self.post.staff_key if self.post else None

    @property
    def is_own_only(self) -> bool:
        """Whether what they change may only be their own: a staff member's rights end at their
        calendar, whatever else they may see.
        """
        return self.role is Role.STAFF

    def may(self, right: Right) -> bool:
        """Whether they have a right."""
        return right in self.rights

    def require(self, right: Right) -> None:
        """Raises ForbiddenError, which names the right."""
        if right not in self.rights:
            raise forbidden(right)

    def may_see(self, staff_key: str) -> bool:
        """Whether they may look at somebody's calendar."""
        if self.may(Right.SEE_ALL_CALENDARS):
            return True
        return self.may(Right.SEE_CALENDAR) and staff_key == self.staff_key

    def require_for(self, right: Right, *staff_keys: str) -> None:
        """Require a right on the appointments or the time of these staff members. Raises
        ForbiddenError.
        """
        self.require(right)
        if self.is_own_only and any(key != self.staff_key for key in staff_keys):
            raise ForbiddenError(
                "You may do this with your own appointments only.", right=right.value
            )


def forbidden(right: Right) -> ForbiddenError:
    """The refusal that names what is missing."""
    return ForbiddenError(
        f"You lack the right {right.value!r} in this business. Its owner can give it to you.",
        right=right.value,
    )
