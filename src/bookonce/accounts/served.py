"""At which address an installation answers, for links that are made without a request."""

from __future__ import annotations

from datetime import datetime

from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.statements import Statement

DEFAULT = "http://127.0.0.1:8000"

_NOTE = Statement(
    """
    INSERT INTO served_address (address, at) VALUES (:address, :now)
    ON CONFLICT (address) DO UPDATE SET at = :now
    """
)

_LATEST = Statement("SELECT address FROM served_address ORDER BY at DESC LIMIT 1")


async def note(database: Database, address: str, now: datetime) -> None:
    """A server answers at an address from now on."""
    await database.run(_note, address, now)


async def base_of(database: Database, public_url: str | None) -> str:
    """What links begin with: the setting, else the address that was served last."""
    return public_url or await database.run(_latest) or DEFAULT


async def _note(connection: Connection, address: str, now: datetime) -> None:
    await _NOTE.run(connection, address=address, now=now)


async def _latest(connection: Connection) -> str | None:
    address: str | None = await _LATEST.value(connection)
    return address
