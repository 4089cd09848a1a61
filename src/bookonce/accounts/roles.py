"""What an account may do in a business: four roles, and a few switches for each.

A right says what may be done, a scope whose appointments it is about: those of a staff member are
their own, unless a right says otherwise. Verbs ask for rights, never for roles.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from bookonce.platform.actor import Role


class Right(StrEnum):
    """One thing that somebody may do in the office of a business."""

    SEE_CALENDAR = "see_calendar"  # the own calendar
    SEE_ALL_CALENDARS = "see_all_calendars"  # everyone's
    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"
    MARK = "mark"  # as completed, as missed, and as open again
    BLOCK = "block"  # time off and blocked hours
    BREAK_RULES = "break_rules"  # hours, notice, horizon, step, buffer
    OVERBOOK = "overbook"  # a time that is taken
    SEE_CLIENTS = "see_clients"
    EDIT_CLIENTS = "edit_clients"
    SETTINGS = "settings"  # everything the business file says
    MONEY = "money"  # payments, refunds, reports of revenue
    EXPORT = "export"  # what leaves as a file
    TEAM = "team"  # who is in, with which role
    HISTORY = "history"  # who changed what
    KEYS = "keys"  # by which programs act for the business


_DESK = frozenset(
    {
        Right.SEE_CALENDAR,
        Right.SEE_ALL_CALENDARS,
        Right.BOOK,
        Right.MOVE,
        Right.CANCEL,
        Right.MARK,
        Right.BLOCK,
        Right.SEE_CLIENTS,
        Right.EDIT_CLIENTS,
    }
)

PRESETS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.MANAGER: frozenset(Right) - {Right.EXPORT, Right.KEYS},
    Role.RECEPTION: _DESK,
    Role.STAFF: frozenset(
        {Right.SEE_CALENDAR, Right.BOOK, Right.MOVE, Right.CANCEL, Right.MARK, Right.BLOCK}
    ),
}
"""What each role may do unless a switch says otherwise."""

SWITCHES: dict[Role, tuple[Right, ...]] = {
    Role.OWNER: (),
    Role.MANAGER: (Right.MONEY, Right.EXPORT, Right.HISTORY, Right.KEYS),
    Role.RECEPTION: (Right.BREAK_RULES, Right.SETTINGS),
    Role.STAFF: (
        Right.BOOK,
        Right.MOVE,
        Right.CANCEL,
        Right.BLOCK,
        Right.SEE_ALL_CALENDARS,
        Right.SEE_CLIENTS,
    ),
}
"""Which rights can be switched on or off for one person, in the order in which they are shown."""

_RANK = {Role.OWNER: 3, Role.MANAGER: 2, Role.RECEPTION: 1, Role.STAFF: 0}


@dataclass(frozen=True, slots=True)
class Post:
    """What somebody is in a business: a role, whose calendar is theirs, and what is switched."""

    role: Role
    staff_key: str | None = None
    granted: frozenset[Right] = frozenset()
    withheld: frozenset[Right] = frozenset()

    @classmethod
    def of(cls, role: Role, staff_key: str | None, switched_on: Collection[Right]) -> Post:
        """A role in which just these of its switches are on."""
        switches, preset = SWITCHES[role], PRESETS[role]
        return cls(
            role,
            staff_key,
            frozenset(each for each in switches if each in switched_on and each not in preset),
            frozenset(each for each in switches if each not in switched_on and each in preset),
        )

    @property
    def rights(self) -> frozenset[Right]:
        """What they may do. A switch that the role doesn't have counts for nothing."""
        switches = frozenset(SWITCHES[self.role])
        return (PRESETS[self.role] | (self.granted & switches)) - (self.withheld & switches)

    @property
    def switched_on(self) -> frozenset[Right]:
        """Those of the role's switches that are on."""
        return self.rights & frozenset(SWITCHES[self.role])


def may_manage(own: Post, other: Post) -> bool:
    """Whether one may put somebody into a post, or take them out of it: nobody grants more than
    they have, and nobody decides about who stands above them.
    """
    return (
        Right.TEAM in own.rights
        and _RANK[other.role] <= _RANK[own.role]
        and other.rights <= own.rights
    )


def grantable_roles(own: Post) -> tuple[Role, ...]:
    """The roles that one may give, the highest first."""
    return tuple(role for role in Role if may_manage(own, Post(role)))


def read_rights(names: Iterable[str]) -> frozenset[Right]:
    """Rights by their names as stored; one that this version doesn't know is none."""
    known = {right.value for right in Right}
    return frozenset(Right(name) for name in names if name in known)
