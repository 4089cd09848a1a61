"""Whether the installation's jobs are off, as they are in a restored copy until somebody starts
them."""

from __future__ import annotations

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

HALTED = Statement("SELECT reason FROM job_halt")


async def halted(connection: Connection) -> str | None:
    """Why no worker does anything; None if they do."""
    reason: str | None = await HALTED.value(connection)
    return reason


HALT = Statement("INSERT INTO job_halt (reason) VALUES (:reason) ON CONFLICT (only_one) DO NOTHING")


async def halt(connection: Connection, reason: str) -> None:
    """Have no worker do anything from its next round on."""
    await HALT.run(connection, reason=reason)


START = Statement("DELETE FROM job_halt")


async def start(connection: Connection) -> bool:
    """Have workers work again; whether they were halted."""
    return await START.run(connection) > 0
