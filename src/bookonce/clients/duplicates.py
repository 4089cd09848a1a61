"""Duplicates: who may be the same client, and why."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from uuid import UUID

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.clients import duplicate_rows
from bookonce.clients.client_rows import Known
from bookonce.clients.duplicate_rows import Candidate
from bookonce.clients.fold_rows import folded
from bookonce.platform.database import Database

ALIKE = 0.85
"""Of two names, as difflib counts it: "anna müler" and "anna müller" have 0.95."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Somebody who may be the same. `reasons` are "email", "phone", "name" and "similar"."""

    client: Candidate
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two clients who may be one."""

    first: Candidate
    second: Candidate
    reason: str


async def duplicates_of(database: Database, known: Known, *, access: Access) -> list[Duplicate]:
    """Who may be the same client, those with most in common first. For who sees all clients only:
    to others, whom else the business knows is none of their business. Raises ForbiddenError.
    """
    access.require(Right.EDIT_CLIENTS)
    if access.is_own_only:
        return []
    who = known.particulars
    found = await database.run(duplicate_rows.of_one, access.business_id, known.id, who)
    own = (await database.run(folded, [who.name]))[0].strip()
    judged = [Duplicate(each, _reasons(known, own, each)) for each in found]
    return sorted((one for one in judged if one.reasons), key=lambda one: -len(one.reasons))


def _reasons(known: Known, own: str, other: Candidate) -> tuple[str, ...]:
    who = known.particulars
    reasons = []
    if who.email and who.email == other.email:
        reasons.append("email")
    if who.phone and who.phone == other.phone:
        reasons.append("phone")
    if own == other.folded:
        reasons.append("name")
    elif SequenceMatcher(None, own, other.folded).ratio() >= ALIKE:
        reasons.append("similar")
    return tuple(reasons)


async def pairs(database: Database, *, access: Access) -> list[Pair]:
    """Two and two of those who have an address, a number or a name in common, each pair once. Raises
    ForbiddenError.
    """
    access.require(Right.EDIT_CLIENTS)
    if access.is_own_only:
        return []
    groups = await database.run(duplicate_rows.groups, access.business_id)
    ids = list({each for group in groups for each in group.ids})
    known = await database.run(duplicate_rows.some, access.business_id, ids)
    found: dict[tuple[UUID, UUID], Pair] = {}
    for group in groups:
        first, *others = sorted(each for each in group.ids if each in known)
        for other in others:
            found.setdefault((first, other), Pair(known[first], known[other], group.reason))
    return list(found.values())
