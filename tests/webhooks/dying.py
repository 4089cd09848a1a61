"""A worker that sends webhooks, and may kill itself at one step:
`python -m tests.webhooks.dying DATABASE [STEP]`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import bookonce.followers  # noqa: F401
from bookonce.availability.installation import Installation
from bookonce.platform.database import Database
from bookonce.webhooks import delivery_rows
from bookonce.webhooks.deliver import Sender
from bookonce.webhooks.lane import WebhookLane
from bookonce.webhooks.poster import Poster
from tests.webhooks.conftest import KEY, LOOPBACK, QUICK

STEPS = {
    "taken": (delivery_rows, "take"),
    "sent": (Poster, "post"),
    "written down": (delivery_rows, "end"),
}


def die_after(real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The real function, and then the end."""

    async def wrapped(*arguments: Any, **named: Any) -> Any:
        await real(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return wrapped


async def main(url: str, step: str = "") -> None:
    """Send until the step. What is committed by a statement is committed when it returns."""
    if step:
        place, name = STEPS[step]
        setattr(place, name, die_after(getattr(place, name)))
    database = Database(url)
    await database.open()
    sender = Sender(Installation(database, KEY), Poster(LOOPBACK))
    await WebhookLane(sender, QUICK).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
