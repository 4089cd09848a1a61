"""Putting in what is done regularly, without asking the database more often than it is due."""

from __future__ import annotations

import time
from typing import Any

from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.queue import schedule_rows
from bookonce.queue.handlers import Registry

LOOK_S_MAX = 60.0
"""However far off the next time is: clocks are set, and times changed by others."""
LOOK_S_MIN = 0.05


class Clock:
    """When this process has to look at the schedules next."""

    def __init__(self, database: Database, registry: Registry[Any]) -> None:
        self._database = database
        self._registry = registry
        self._known = False
        self._look_at_s = 0.0

    @property
    def rest_s(self) -> float:
        """Seconds until the next look."""
        return max(0.0, self._look_at_s - time.monotonic())

    async def tick(self) -> None:
        """Put in what is due."""
        schedules_, jobs = self._registry.schedules, self._registry.jobs
        if self.rest_s > 0 or not schedules_:
            return

        async def look(connection: Connection) -> float | None:
            for each in schedules_:
                if not self._known:
                    await schedule_rows.ensure(connection, each.name, each.every, each.at)
                await schedule_rows.put_if_due(
                    connection, each.name, each.every, each.at, jobs[each.name].attempts_max
                )
            return await schedule_rows.next_due_s(connection, [each.name for each in schedules_])

        due_s = await self._database.run(look)
        self._known = due_s is not None
        self._look_at_s = time.monotonic() + min(LOOK_S_MAX, max(LOOK_S_MIN, due_s or LOOK_S_MIN))
