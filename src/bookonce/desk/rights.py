"""Which rights a change at the desk needs."""

from __future__ import annotations

from collections.abc import Collection

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.availability.rules import Rule
from bookonce.desk.request import Overbook
from bookonce.platform.errors import NotFoundError


def require_seen(access: Access, performers: Collection[str]) -> None:
    """An appointment that may not be seen is none. Raises NotFoundError."""
    if not any(access.may_see(key) for key in performers):
        raise NotFoundError("There is no such appointment.")


def require_to_break(access: Access, rules: Collection[Rule], overbook: Overbook | None) -> None:
    """Rules are broken, and times taken twice, by those who may. Raises ForbiddenError."""
    if rules:
        access.require(Right.BREAK_RULES)
    if overbook is not None:
        access.require(Right.OVERBOOK)
