"""Work that many ask for at the same moment and that one does for all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any


class SingleFlight:
    """Within one process: who asks for what is under way already waits for that."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Task[None]] = {}

    async def run(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do the work, or wait for who does it. Raises what it raises, to everybody who waits.

        Whoever asks may be cancelled; the work goes on for the others.
        """
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(work())
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        await asyncio.shield(task)

    def _ended(self, key: Hashable, done: asyncio.Task[None]) -> None:
        del self._under_way[key]
        if not done.cancelled():
            done.exception()  # known to whoever waits; when all have left, to nobody
