"""What a key is for: a few scopes, each of which gives some rights."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from bookonce.accounts.roles import Right


class Scope(StrEnum):
    """One thing that a key is for. The database refuses any other word."""

    READ = "read"  # calendars, clients, what happened
    BOOK = "book"  # book, move and cancel
    OFFICE = "office"  # everything at the desk
    SETTINGS = "settings"  # everything the business file says


_READ = frozenset({Right.SEE_CALENDAR, Right.SEE_ALL_CALENDARS, Right.SEE_CLIENTS, Right.HISTORY})
_BOOK = frozenset(
    {Right.SEE_CALENDAR, Right.SEE_ALL_CALENDARS, Right.BOOK, Right.MOVE, Right.CANCEL}
)
RIGHTS: dict[Scope, frozenset[Right]] = {
    Scope.READ: _READ,
    Scope.BOOK: _BOOK,
    Scope.OFFICE: _READ
    | _BOOK
    | {Right.MARK, Right.BLOCK, Right.BREAK_RULES, Right.OVERBOOK, Right.EDIT_CLIENTS},
    Scope.SETTINGS: frozenset({Right.SETTINGS}),
}
"""No key handles money, exports, the team or other keys: for these somebody has to be there."""


def rights_of(scopes: Iterable[Scope]) -> frozenset[Right]:
    """What a key may do."""
    return frozenset().union(*(RIGHTS[scope] for scope in scopes))
