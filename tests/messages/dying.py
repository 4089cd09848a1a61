"""A sender that kills itself at one step: `python -m tests.messages.dying DATABASE SMTP STEP`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import bookonce.followers  # noqa: F401
from bookonce.availability.installation import Installation
from bookonce.messages import lane_rows, send
from bookonce.messages.lane import MessageLane, Pace
from bookonce.messages.outgoing import MAIL, Ways
from bookonce.messages.send import Sender
from bookonce.messages.smtp import Smtp
from bookonce.platform.database import Database

STEPS = {
    "taken": (lane_rows, "take"),
    "composed": (send, "compose"),
    "handed over": (lane_rows, "hand_over"),
    "answered": (Smtp, "send"),
    "written down": (lane_rows, "end"),
}
SILENT_S = 2.0


def die_after(real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The real function, and then the end."""

    async def wrapped(*arguments: Any, **named: Any) -> Any:
        await real(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return wrapped


async def main(url: str, smtp_url: str, step: str) -> None:
    """Send until the step. What is committed by a statement is committed when it returns."""
    place, name = STEPS[step]
    database = Database(url)
    await database.open()
    setattr(place, name, die_after(getattr(place, name)))
    ways = Ways(smtp_url, "bookings@book.example", None, "https://book.example")
    sender = Sender(Installation(database), ways, Smtp(smtp_url))
    await MessageLane(sender, MAIL, Pace(poll_s=0.05, silent_s=SILENT_S)).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
