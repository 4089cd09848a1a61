"""Whether this process should be sent requests: what `/readyz` answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bookonce.platform.database import Database
from bookonce.platform.readiness import Fault, disk_fault, installation_faults
from bookonce.platform.retry import DATABASE_ERRORS
from bookonce.platform.single_flight import SingleFlight
from bookonce.platform.trouble import trouble

TIMEOUT_S = 3
DISK_LOOK_S = 2.0
"""Writing takes longer than looking, so it isn't tried more often than that."""
STOPPING = Fault("stopping", "this server is being stopped", "send requests to another")


class Readiness:
    """For one process. Whoever asks while it looks is told what that look finds."""

    def __init__(self, database: Database, is_stopping: Callable[[], bool]) -> None:
        self._database = database
        self._is_stopping = is_stopping
        self._flight = SingleFlight()
        self._found: list[Fault] = []
        self._disk: Fault | None = None
        self._disk_looked_s = -DISK_LOOK_S

    async def faults(self) -> list[Fault]:
        """All that keeps it from being sent requests; empty if nothing does."""
        if self._is_stopping():
            return [STOPPING]
        await self._flight.run("look", self._look)
        return self._found

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S), self._database.connection() as connection:
                found = await installation_faults(connection)
                if time.monotonic() - self._disk_looked_s >= DISK_LOOK_S:
                    self._disk = await disk_fault(connection)
                    self._disk_looked_s = time.monotonic()
        except DATABASE_ERRORS as error:
            self._found = [trouble(error)]
        else:
            self._found = [*found, *([self._disk] if self._disk else [])]
