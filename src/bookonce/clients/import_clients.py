"""Bring clients in from a file: sent in, looked at, then taken in whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.business.country import country_of
from bookonce.business.directory import Directory
from bookonce.clients import import_rows
from bookonce.clients.fold_rows import folded
from bookonce.clients.import_file import read_file
from bookonce.clients.import_mapping import guess, has_head, judged
from bookonce.clients.import_rows import Import, Match
from bookonce.clients.particulars import Particulars
from bookonce.clients.racing import until_won
from bookonce.events import event_rows
from bookonce.events.catalogue import CLIENTS_IMPORTED, IMPORT_REQUESTED, ImportFacts
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import FieldError, NotFoundError, StatusConflictError, ValidationError
from bookonce.platform.ids import new_id
from bookonce.platform.text import clean_line

CHUNK = 500
FILE_NAME_LENGTH_MAX = 200
EXISTING = ("fill", "skip")
"""What becomes of somebody who is there already: what they lack is put in, or nothing."""


async def send_in(
    database: Database, data: bytes, file_name: str, *, access: Access, now: datetime
) -> UUID:
    """Keep a file to be looked at; its id. Raises ValidationError and ForbiddenError."""
    access.require(Right.EDIT_CLIENTS)
    rows = await asyncio.to_thread(read_file, data)
    with_head = has_head(rows)
    import_id = new_id()
    await database.run(
        import_rows.add, access.business_id, import_id,
        clean_line(file_name)[:FILE_NAME_LENGTH_MAX], rows, guess(rows, with_head=with_head),
        has_head=with_head, actor=access.actor, now=now,
    )  # fmt: skip
    return import_id


async def find_import(database: Database, import_id: UUID, *, access: Access) -> Import:
    """A file that was sent in. Raises NotFoundError and ForbiddenError."""
    access.require(Right.EDIT_CLIENTS)
    found = await database.run(import_rows.find, access.business_id, import_id)
    if found is None:
        raise NotFoundError("There is no such file.")
    return found


async def choose(
    database: Database,
    import_id: UUID,
    mapping: Sequence[str],
    existing: str,
    *,
    with_head: bool,
    access: Access,
) -> None:
    """Say what the columns are, and what becomes of who is there already. Raises ValidationError,
    and StatusConflictError once it is being taken in.
    """
    access.require(Right.EDIT_CLIENTS)
    _require_existing(existing)
    if not await database.run(
        import_rows.choose, access.business_id, import_id, mapping, existing,
        has_head=with_head, status="ready",
    ):  # fmt: skip
        raise StatusConflictError("This file is being taken in already.")


async def start(
    database: Database,
    import_id: UUID,
    mapping: Sequence[str],
    existing: str,
    *,
    with_head: bool,
    access: Access,
    now: datetime,
) -> None:
    """Have a file taken in by a worker. Raises as `choose` does; once started, again is the same."""
    access.require(Right.EDIT_CLIENTS)
    _require_existing(existing)

    async def ask(connection: Connection) -> None:
        if await import_rows.choose(
            connection, access.business_id, import_id, mapping, existing,
            has_head=with_head, status="queued",
        ):  # fmt: skip
            await event_rows.append(  # of the same id, so that its job knows which file it is
                connection, access.business_id, import_id, IMPORT_REQUESTED,
                ImportFacts(import_id), actor=access.actor, now=now,
            )  # fmt: skip

    await database.transaction(ask)


def _require_existing(existing: str) -> None:
    if existing not in EXISTING:
        raise ValidationError([FieldError("existing", f"expected any of {', '.join(EXISTING)}")])


@dataclass
class _Taken:
    """What was taken in so far, and who is known by which address and number."""

    created: int = 0
    changed: int = 0
    skipped: int = 0
    known: dict[str, list[Match]] = field(default_factory=dict)

    def learn(self, match: Match) -> None:
        """Somebody is there."""
        for key in filter(None, (match.email, match.phone)):
            self.known.setdefault(key, []).append(match)

    def found(self, who: Particulars, folded: str) -> UUID | None:
        """Who a line is about, if they are there already: with the same address or number, and the
        same name, or at least the same first one. A mother and her child are two.
        """
        for key in filter(None, (who.email, who.phone)):
            for match in self.known.get(key, ()):
                if _is_same(match.folded, folded):
                    return match.id
        return None


def _is_same(one: str, other: str) -> bool:
    ours, theirs = one.replace(",", " ").split(), other.replace(",", " ").split()
    return ours[:1] == theirs[:1] or set(ours) == set(theirs)


async def take_in(
    database: Database, directory: Directory, import_id: UUID, *, now: datetime
) -> None:
    """Take a file in: all of its good lines in one transaction, with a report of the bad ones. What
    was taken in already changes nothing.
    """
    business_id = directory.business_id
    found = await database.run(import_rows.find, business_id, import_id)
    if found is None or found.status != "queued":
        return
    rows = await database.run(import_rows.lines, business_id, import_id)
    good, bad = await asyncio.to_thread(
        judged, rows, found.mapping, country_of(directory), with_head=found.has_head
    )

    async def write(connection: Connection) -> None:
        taken = _Taken()
        for first in range(0, len(good), CHUNK):
            chunk = [who for _, who in good[first : first + CHUNK]]
            await _write(connection, business_id, chunk, taken, found.existing, now)
            done = good[min(first + CHUNK, len(good)) - 1][0]
            await database.run(import_rows.progress, business_id, import_id, done)
        await _end(connection, business_id, found.actor, import_id, taken, bad, now)

    await until_won(database, write)


async def _write(
    connection: Connection,
    business_id: UUID,
    chunk: Sequence[Particulars],
    taken: _Taken,
    existing: str,
    now: datetime,
) -> None:
    """Some of the lines."""
    taken.known.clear()  # those of the chunks before are in the database by now
    emails = [who.email for who in chunk if who.email]
    phones = [who.phone for who in chunk if who.phone]
    for match in await import_rows.matches(connection, business_id, emails, phones):
        taken.learn(match)
    names = await folded(connection, [who.name for who in chunk])
    new: list[tuple[UUID, Particulars]] = []
    there: list[tuple[UUID, Particulars]] = []
    for who, name in zip(chunk, names, strict=True):
        client_id = taken.found(who, name)
        if client_id is not None:
            there.append((client_id, who))
            continue
        client_id = new_id()
        new.append((client_id, who))
        taken.learn(Match(client_id, name, who.email, who.phone))
    await import_rows.create(connection, business_id, new, now)
    taken.created += len(new)
    for client_id, who in there:
        is_changed = existing == "fill" and await import_rows.fill(
            connection, business_id, client_id, who
        )
        taken.changed += is_changed
        taken.skipped += not is_changed


async def _end(
    connection: Connection,
    business_id: UUID,
    actor: Actor,
    import_id: UUID,
    taken: _Taken,
    bad: Sequence[tuple[int, str]],
    now: datetime,
) -> None:
    counts = (taken.created, taken.changed, taken.skipped)
    if not await import_rows.end(connection, business_id, import_id, counts, bad, now):
        raise StatusConflictError("This file was taken in already.")
    await event_rows.append(
        connection, business_id, new_id(), CLIENTS_IMPORTED,
        ImportFacts(import_id, *counts, bad=len(bad)), actor=actor, now=now,
    )  # fmt: skip
