"""Files of clients that were sent in, and taking them in a bounded part at a time."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.clients.particulars import Particulars
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement

UNPACKED_BYTES_MAX = 400 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Import:
    """A file that was sent in. `status` is "ready" (to be looked at), "queued" or "done"."""

    id: UUID
    file_name: str
    has_head: bool
    row_count: int
    mapping: tuple[str, ...]
    existing: str
    status: str
    done_count: int
    created_count: int
    changed_count: int
    skipped_count: int
    bad: tuple[tuple[int, str], ...]
    actor: Actor
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """A client who is there already, by what a line of a file may be about them."""

    id: UUID
    folded: str
    email: str | None
    phone: str | None


_COLUMNS = """import_id, file_name, has_head, row_count, mapping, existing, status, done_count,
           created_count, changed_count, skipped_count, bad, actor, created_at"""
_ADD = Statement(
    """
    INSERT INTO client_import (
        business_id, import_id, file_name, rows, has_head, row_count, mapping, existing, status,
        actor, created_at
    )
    VALUES (
        :business_id, :import_id, :file_name, :rows, :has_head, :row_count, :mapping::text[],
        'fill', 'ready', :actor::jsonb, :now
    )
    """
)
_FIND = Statement(
    f"SELECT {_COLUMNS} FROM client_import WHERE business_id = :business_id AND import_id = :import_id"
)
_ROWS = Statement(
    "SELECT rows FROM client_import WHERE business_id = :business_id AND import_id = :import_id"
)
_MAP = Statement(
    """
    UPDATE client_import
    SET mapping = :mapping::text[], existing = :existing, has_head = :has_head, status = :status
    WHERE business_id = :business_id AND import_id = :import_id AND status = 'ready'
    """
)
_PROGRESS = Statement(
    """
    UPDATE client_import SET done_count = :done_count
    WHERE business_id = :business_id AND import_id = :import_id AND status = 'queued'
    """
)
# Whoever gets here second has taken in what is there already, and takes it back.
_END = Statement(
    """
    UPDATE client_import
    SET status = 'done', done_count = row_count, created_count = :created_count,
        changed_count = :changed_count, skipped_count = :skipped_count, bad = :bad::jsonb,
        rows = '', ended_at = :now
    WHERE business_id = :business_id AND import_id = :import_id AND status = 'queued'
    """
)
# In two steps: a join would be planned for the few clients that there are when a file begins.
_HAVING = Statement(
    """
    SELECT coalesce(merged_into, client_id) AS client_id, email, phone FROM client
    WHERE business_id = :business_id AND email = ANY(:emails::text[])
    UNION ALL
    SELECT coalesce(merged_into, client_id), email, phone FROM client
    WHERE business_id = :business_id AND phone = ANY(:phones::text[])
    """
)
_NAMES = Statement(
    """
    SELECT client_id, client_folded(name) AS folded FROM client
    WHERE business_id = :business_id AND client_id = ANY(:client_ids::uuid[])
    """
)
_KNOWN = Statement(
    """
    SELECT email FROM client
    WHERE business_id = :business_id AND email = ANY(:emails::text[]) AND is_known_by_email
    """
)
_CREATE = Statement(
    """
    INSERT INTO client (
        business_id, client_id, name, email, phone, notes, flags, is_known_by_email, created_at
    )
    SELECT :business_id, new.client_id, new.name, new.email, new.phone, new.notes,
           ARRAY(SELECT jsonb_array_elements_text(new.flags::jsonb)),
           new.is_known_by_email,
           :now
    FROM unnest(
        :client_ids::uuid[], :names::text[], :emails::text[], :phones::text[], :notes::text[],
        :flags::text[], :known::boolean[]
    ) AS new (client_id, name, email, phone, notes, flags, is_known_by_email)
    """
)
_FILL = Statement(
    """
    UPDATE client
    SET email = coalesce(email, :email), phone = coalesce(phone, :phone),
        notes = coalesce(notes, :notes),
        flags = CASE WHEN flags = '{}' THEN :flags::text[] ELSE flags END,
        is_known_by_email = CASE
            WHEN email IS NOT NULL OR :email::text IS NULL THEN is_known_by_email
            ELSE NOT EXISTS (
                SELECT 1 FROM client AS other
                WHERE other.business_id = :business_id AND other.email = :email
                  AND other.is_known_by_email)
        END
    WHERE business_id = :business_id AND client_id = :client_id
      AND (email IS NULL AND :email::text IS NOT NULL
           OR phone IS NULL AND :phone::text IS NOT NULL
           OR notes IS NULL AND :notes::text IS NOT NULL
           OR flags = '{}' AND :flags::text[] <> '{}')
    """
)


async def add(
    connection: Connection,
    business_id: UUID,
    import_id: UUID,
    file_name: str,
    rows: Sequence[Sequence[str]],
    mapping: Sequence[str],
    *,
    has_head: bool,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep a file's lines."""
    packed = zlib.compress(json.dumps(rows).encode(), 3)
    await _ADD.run(
        connection, business_id=business_id, import_id=import_id, file_name=file_name, rows=packed,
        has_head=has_head, row_count=len(rows), mapping=mapping, actor=actor.as_json(), now=now,
    )  # fmt: skip


async def find(connection: Connection, business_id: UUID, import_id: UUID) -> Import | None:
    """A file that was sent in, without its lines."""
    row = await _FIND.row(connection, business_id=business_id, import_id=import_id)
    return _import(row) if row else None


async def lines(connection: Connection, business_id: UUID, import_id: UUID) -> list[list[str]]:
    """A file's lines; none if it was taken in."""
    packed = await _ROWS.value(connection, business_id=business_id, import_id=import_id)
    if not packed:
        return []
    rows: list[list[str]] = json.loads(zlib.decompressobj().decompress(packed, UNPACKED_BYTES_MAX))
    return rows


async def choose(
    connection: Connection,
    business_id: UUID,
    import_id: UUID,
    mapping: Sequence[str],
    existing: str,
    *,
    has_head: bool,
    status: str,
) -> bool:
    """Keep what was chosen for a file that isn't being taken in yet; whether it wasn't."""
    return bool(
        await _MAP.run(
            connection, business_id=business_id, import_id=import_id, mapping=mapping,
            existing=existing, has_head=has_head, status=status,
        )
    )  # fmt: skip


async def progress(
    connection: Connection, business_id: UUID, import_id: UUID, done_count: int
) -> None:
    """So many lines are through, if all goes well."""
    await _PROGRESS.run(
        connection, business_id=business_id, import_id=import_id, done_count=done_count
    )


async def end(
    connection: Connection,
    business_id: UUID,
    import_id: UUID,
    counts: tuple[int, int, int],
    bad: Sequence[tuple[int, str]],
    now: datetime,
) -> bool:
    """It was taken in: how many are new, changed and skipped, and which lines are bad. Whether
    nobody had done it before."""
    created_count, changed_count, skipped_count = counts
    return bool(
        await _END.run(
            connection, business_id=business_id, import_id=import_id, now=now,
            created_count=created_count, changed_count=changed_count,
            skipped_count=skipped_count, bad=json.dumps(bad),
        )
    )  # fmt: skip


async def matches(
    connection: Connection, business_id: UUID, emails: Sequence[str], phones: Sequence[str]
) -> list[Match]:
    """Who has one of some mail addresses or numbers."""
    found = await _HAVING.rows(connection, business_id=business_id, emails=emails, phones=phones)
    rows = await _NAMES.rows(
        connection, business_id=business_id, client_ids=[row["client_id"] for row in found]
    )
    names = {row["client_id"]: row["folded"] for row in rows}
    return [
        Match(row["client_id"], names[row["client_id"]], row["email"], row["phone"])
        for row in found
    ]


async def create(
    connection: Connection,
    business_id: UUID,
    new: Sequence[tuple[UUID, Particulars]],
    now: datetime,
) -> None:
    """Write clients down, all at once."""
    who = [particulars for _, particulars in new]
    emails = [each.email for each in who if each.email]
    taken = {
        row["email"]
        for row in await _KNOWN.rows(connection, business_id=business_id, emails=emails)
    }
    known = []
    for each in who:  # the first of several is the one whom a visitor is taken for
        known.append(each.email not in taken)
        taken |= {each.email} - {None}
    await _CREATE.run(
        connection, business_id=business_id, client_ids=[each for each, _ in new],
        names=[each.name for each in who], emails=[each.email for each in who],
        phones=[each.phone for each in who], notes=[each.notes for each in who],
        flags=[json.dumps(each.flags) for each in who], known=known, now=now,
    )  # fmt: skip


async def fill(
    connection: Connection, business_id: UUID, client_id: UUID, particulars: Particulars
) -> bool:
    """Put in what a client lacks; whether they lacked anything of it."""
    return bool(
        await _FILL.run(
            connection, business_id=business_id, client_id=client_id, email=particulars.email,
            phone=particulars.phone, notes=particulars.notes, flags=list(particulars.flags),
        )
    )  # fmt: skip


def _import(row: Row) -> Import:
    return Import(
        id=row["import_id"],
        file_name=row["file_name"],
        has_head=row["has_head"],
        row_count=row["row_count"],
        mapping=tuple(row["mapping"]),
        existing=row["existing"],
        status=row["status"],
        done_count=row["done_count"],
        created_count=row["created_count"],
        changed_count=row["changed_count"],
        skipped_count=row["skipped_count"],
        bad=tuple((line, why) for line, why in json.loads(row["bad"])),
        actor=msgspec.json.decode(row["actor"], type=Actor),
        created_at=row["created_at"],
    )
