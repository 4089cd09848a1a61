"""Change a business: a pure edit of its document, under an expected version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.business import (
    business_rows,
    location_rows,
    resource_rows,
    service_rows,
    version_rows,
)
from bookonce.business.diff import changes
from bookonce.business.document import Business
from bookonce.business.tree import as_tree, from_tree
from bookonce.business.version_rows import Version
from bookonce.events import event_rows
from bookonce.events.catalogue import BUSINESS_CHANGED, ChangeFacts
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import (
    FieldError,
    NotFoundError,
    ValidationError,
    VersionConflictError,
)
from bookonce.platform.ids import new_id

Edit = Callable[[Business], Business]

SINCE_MAX = 20
"""How many of the changes made meanwhile a conflict tells, the newest."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an edit: the version that it made, or the one that needed no change."""

    before: Business | None
    after: Business
    version: int
    lines: list[str]
    """What changed, a line each; none: nothing did, and `version` isn't new."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One version in a business's history: what it changed."""

    version: int
    at: datetime
    actor: Actor
    changes: list[str]


async def change(
    database: Database,
    business_id: UUID,
    expected_version: int | None,
    edit: Edit,
    *,
    actor: Actor,
    now: datetime,
) -> Change:
    """Make a new version of a business by an edit, which is pure and may be called more than once.

    `expected_version` is the one that the editor saw; None: whichever it is. Raises
    VersionConflictError if it is at another by now, ValidationError as for a file, NotFoundError.
    """
    event_id = new_id()
    made: list[Change] = []

    async def work(connection: Connection) -> Change:
        if made and await event_rows.exists(connection, business_id, event_id):
            return made[-1]  # an attempt of ours whose answer was lost
        done = await put(connection, business_id, expected_version, edit, actor=actor, now=now)
        if done.lines:
            await tell(connection, business_id, event_id, done.version, done.lines, actor, now)
        made.append(done)
        return done

    return await database.transaction(work)


async def put(
    connection: Connection,
    business_id: UUID,
    expected_version: int | None,
    edit: Edit,
    *,
    actor: Actor,
    now: datetime,
) -> Change:
    """The change inside a transaction, but for its event: see `tell`.

    Its rival is another change of the same business; the second waits for the first and finds its
    version.
    """
    version = await business_rows.lock(connection, business_id)
    kept = version and await version_rows.find(connection, business_id, version)
    if not version or not kept:
        raise NotFoundError("There is no such business.")
    if expected_version is not None and expected_version != version:
        raise await _conflict(connection, business_id, expected_version, version)
    before = kept.business
    after = from_tree(as_tree(edit(before))).without_absences()
    if after == before:
        return Change(before, before, version, [])
    await _require_slug(connection, business_id, after)
    await _write(connection, business_id, version + 1, before, after, actor, now)
    await business_rows.update(connection, business_id, before, after, version + 1)
    return Change(before, after, version + 1, changes(before, after))


async def create(
    connection: Connection, business_id: UUID, business: Business, *, actor: Actor, now: datetime
) -> Change | None:
    """Make a business and its first version inside a transaction, but for its event; None if the
    address is somebody's, a rival's who made it meanwhile perhaps.
    """
    profile = business.business
    if not await business_rows.take_slug(connection, profile.slug, business_id):
        return None
    after = from_tree(as_tree(business)).without_absences()
    await business_rows.create(connection, business_id, after, now)
    await _write(connection, business_id, 1, None, after, actor, now)
    return Change(None, after, 1, changes(None, after))


async def tell(
    connection: Connection,
    business_id: UUID,
    event_id: UUID,
    version: int,
    lines: Sequence[str],
    actor: Actor,
    now: datetime,
) -> None:
    """Append the event of a change, in its transaction."""
    facts = ChangeFacts(tuple(lines), version)
    await event_rows.append(
        connection, business_id, event_id, BUSINESS_CHANGED, facts, actor=actor, now=now
    )


def entries(versions: Sequence[Version], first: int) -> list[Entry]:
    """What each version from `first` on changed; `versions` are those and the one before, if it is
    kept, the newest first.
    """
    found = []
    for number, one in enumerate(versions):
        if one.version < first:
            break
        previous = versions[number + 1].business if number + 1 < len(versions) else None
        told = changes(previous, one.business)
        if previous is None and one.version > 1:
            told = ["as it was; what came before wasn't kept"]
        found.append(Entry(one.version, one.at, one.actor, told))
    return found


async def _conflict(
    connection: Connection, business_id: UUID, expected_version: int, version: int
) -> VersionConflictError:
    """Who changed the business since the version that an editor saw, when, and what."""
    first = max(expected_version + 1, version - SINCE_MAX + 1)
    kept = await version_rows.latest(connection, business_id, first=first - 1, limit=SINCE_MAX + 1)
    since = entries(kept, first)
    who = ", ".join(dict.fromkeys(one.actor.name or one.actor.kind.value for one in since))
    return VersionConflictError(
        f"The business is at version {version} by now, not {expected_version}"
        + (f"; changed meanwhile by {who}." if who else "."),
        version=version,
        since=since,
    )


async def _require_slug(connection: Connection, business_id: UUID, after: Business) -> None:
    slug = after.business.slug
    if not await business_rows.take_slug(connection, slug, business_id):
        raise ValidationError(
            [FieldError("business.slug", f"{slug!r} is the address of another business, or was")]
        )


async def _write(
    connection: Connection,
    business_id: UUID,
    version: int,
    before: Business | None,
    after: Business,
    actor: Actor,
    now: datetime,
) -> None:
    """The version, and the rows that others refer to."""
    await version_rows.append(connection, business_id, version, after, actor, now)
    new_ids = iter(new_id, None)
    await location_rows.put(connection, business_id, new_ids, before, after)
    await resource_rows.put(connection, business_id, new_ids, after)
    await service_rows.put(connection, business_id, new_ids, after)
