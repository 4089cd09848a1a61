"""A process that kills itself at one step of its work: `python -m tests.queue.dying URL STEP`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from bookonce.platform.database import Database
from bookonce.queue import job_rows, outbox_rows
from bookonce.queue.handlers import Context, Registry
from bookonce.queue.job_rows import Subject
from bookonce.queue.relay import relay
from bookonce.queue.worker import Tempo, Worker

STEPS = {
    "events found": (outbox_rows, "tenants"),
    "events taken": (outbox_rows, "take"),
    "jobs put in": (job_rows, "put"),
    "events settled": (outbox_rows, "settle"),
}
COMMITTED = "committed"
IN_A_JOB = "in a job"
SILENT_S = 2.0


def die() -> None:
    """As nobody can catch."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The real function, and then the end."""

    async def wrapped(*arguments: Any) -> Any:
        await real(*arguments)
        die()

    return wrapped


async def in_a_job(context: Context[Any], subject: Subject) -> None:
    """A handler that doesn't survive."""
    die()


async def nothing(context: Context[Any], subject: Subject) -> None:
    """A handler."""


async def main(url: str, step: str) -> None:
    """Work until the step."""
    registry = Registry[Any]()
    registry.after(["thing.happened"], "look", in_a_job if step == IN_A_JOB else nothing)
    if step in STEPS:
        module, name = STEPS[step]
        setattr(module, name, die_after(getattr(module, name)))
    database = Database(url)
    await database.open()
    if step == IN_A_JOB:
        await Worker(database, None, registry, Tempo(silent_s=SILENT_S)).run(asyncio.Event())
    await relay(database, registry)
    die()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
