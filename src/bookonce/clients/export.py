"""Export: all clients for a spreadsheet, and everything that is kept of one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID
from zoneinfo import ZoneInfo

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.business.directory import Directory
from bookonce.clients import export_rows
from bookonce.clients.keep import find_client
from bookonce.platform.connection import Row
from bookonce.platform.csv_text import BYTE_ORDER_MARK, lines
from bookonce.platform.database import Database

HEAD = (
    "name",
    "email",
    "phone",
    "flags",
    "notes",
    "client since",
    "visits",
    "no-shows",
    "last visit",
)


async def export_all(
    database: Database, directory: Directory, *, access: Access
) -> AsyncIterator[str]:
    """The clients by name as CSV, some lines at a time. Dates are those of the business's clock.
    Raises ForbiddenError before the first line.
    """
    access.require(Right.EXPORT)
    access.require(Right.SEE_CLIENTS)
    return _pages(database, directory, access.business_id)


async def _pages(database: Database, directory: Directory, business_id: UUID) -> AsyncIterator[str]:
    yield BYTE_ORDER_MARK + lines([HEAD])
    after_found_by, after_id = "", UUID(int=0)
    while rows := await database.run(export_rows.page, business_id, after_found_by, after_id):
        yield lines(_line(row, directory.zone) for row in rows)
        after_found_by, after_id = rows[-1]["found_by"], rows[-1]["client_id"]


def _line(row: Row, zone: ZoneInfo) -> tuple[str, ...]:
    last = row["last"]
    return (
        row["name"],
        row["email"] or "",
        row["phone"] or "",
        ", ".join(row["flags"]),
        row["notes"] or "",
        row["created_at"].astimezone(zone).date().isoformat(),
        str(row["visits"]),
        str(row["no_shows"]),
        last.astimezone(zone).date().isoformat() if last else "",
    )


async def export_person(
    database: Database, directory: Directory, client_id: UUID, *, access: Access
) -> str:
    """Everything that is kept of a client, and of those who were merged into them, as JSON. Raises
    NotFoundError and ForbiddenError.
    """
    access.require(Right.EXPORT)
    known = await find_client(database, directory, client_id, access=access)
    return await database.run(export_rows.person, access.business_id, known.id)
