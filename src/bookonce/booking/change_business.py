"""Change a business with an eye on its appointments: which no longer fit, and whether that is all
right.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bookonce.availability.zone_rules import require_as_new
from bookonce.booking import fit_rows
from bookonce.booking.fit import Unfit, no_longer_fit
from bookonce.business import business_rows
from bookonce.business.change import Edit, put, tell
from bookonce.business.directory import Directory
from bookonce.events import event_rows
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import NotFoundError, UnfitError
from bookonce.platform.ids import new_id


@dataclass(frozen=True, slots=True)
class Applied:
    """What a change did, a line each, and the appointments that no longer fit."""

    business_id: UUID
    version: int
    changes: list[str]
    unfit: list[Unfit]
    zone: ZoneInfo
    """That of the business, for telling when they are."""


@dataclass(frozen=True, slots=True)
class Mode:
    """How a change is made. `strict`: not at all if appointments would no longer fit; `dry_run`:
    looked at and taken back.
    """

    strict: bool = False
    dry_run: bool = False


WHATEVER_FITS = Mode()


class _TakenBack(Exception):
    """A change that was only to be looked at; its transaction is rolled back."""

    def __init__(self, applied: Applied) -> None:
        super().__init__()
        self.applied = applied


async def change_business(
    database: Database,
    business_id: UUID,
    expected_version: int | None,
    edit: Edit,
    *,
    actor: Actor,
    now: datetime,
    mode: Mode = WHATEVER_FITS,
) -> Applied:
    """Make a new version as `change` does, and tell which appointments no longer fit.

    Raises UnfitError in strict mode if there are any: nothing is changed then.
    """
    event_id = new_id()

    async def work(connection: Connection) -> Applied:
        before = await locked(connection, business_id)
        done = await put(connection, business_id, expected_version, edit, actor=actor, now=now)
        if not done.lines:
            return Applied(business_id, done.version, [], [], before.zone)
        await tell(connection, business_id, event_id, done.version, done.lines, actor, now)
        unfit = await unfit_since(connection, before, now)
        zone = ZoneInfo(done.after.business.timezone)
        return Applied(business_id, done.version, done.lines, unfit, zone)

    return await in_mode(database, work, event_id, mode)


async def in_mode(
    database: Database,
    work: Callable[[Connection], Awaitable[Applied]],
    event_id: UUID,
    mode: Mode,
) -> Applied:
    """Run the work in a transaction and keep what it did, if the mode allows. Raises UnfitError."""
    done: list[Applied] = []

    async def judged(connection: Connection) -> Applied:
        if done and await event_rows.exists(connection, done[-1].business_id, event_id):
            return done[-1]  # an attempt of ours whose answer was lost
        applied = await work(connection)
        if mode.dry_run:
            raise _TakenBack(applied)
        if mode.strict and applied.unfit:
            raise UnfitError(
                "Nothing was changed: appointments ahead would no longer fit.",
                unfit=applied.unfit,
                zone=applied.zone,
            )
        done.append(applied)
        return applied

    try:
        return await database.transaction(judged)
    except _TakenBack as taken_back:
        return taken_back.applied


async def locked(connection: Connection, business_id: UUID) -> Directory:
    """A business as it is before a change, held for it. Raises NotFoundError."""
    await business_rows.lock(connection, business_id)
    directory = await business_rows.load(connection, business_id)
    if directory is None:
        raise NotFoundError("There is no such business.")
    require_as_new(directory)
    return directory


async def unfit_since(connection: Connection, before: Directory, now: datetime) -> list[Unfit]:
    """The appointments that fitted a business as it was and don't fit it as it is now."""
    after = await locked(connection, before.business_id)
    upcoming = await fit_rows.upcoming(connection, before.business_id, now)
    return no_longer_fit(before, after, upcoming)
