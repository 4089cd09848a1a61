"""The process that does the jobs: a child of `bookonce serve`, or `bookonce worker` itself.

It imports nothing of the web, so that it starts in a fraction of a web worker's time.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time

from bookonce.availability.installation import Installation
from bookonce.cli.grace import JOBS_PROCESS_GRACE_S
from bookonce.followers import registry
from bookonce.messages.configured import sender
from bookonce.messages.lane import MessageLane
from bookonce.messages.outgoing import MAIL, SMS
from bookonce.payments.providers.configured import providers
from bookonce.platform.database import Database
from bookonce.platform.lesser_user import take_rights
from bookonce.platform.logs import configure_logs
from bookonce.platform.settings import Settings
from bookonce.queue.worker import Tempo, Worker
from bookonce.webhooks import configured as webhooks
from bookonce.webhooks.lane import WebhookLane

CONNECTIONS_MAX = 10
"""For jobs, messages and webhooks under way, the queue and the heartbeats."""


async def work(settings: Settings, tempo: Tempo | None = None) -> None:
    """Do jobs until SIGTERM or SIGINT. `settings.database_url` must be set."""
    assert settings.database_url is not None
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    database = Database(settings.database_url, connections_max=CONNECTIONS_MAX)
    await database.open()
    installation = Installation(database, settings.secret_key, providers(settings))
    try:
        worker = Worker(database, installation, registry(), tempo)
        async with (
            sender(installation, settings) as sending,
            webhooks.sender(installation, settings) as hooks,
        ):
            lanes = [MessageLane(sending, way) for way in (MAIL, SMS)]
            running = [lane.run(stop) for lane in lanes]
            await asyncio.gather(worker.run(stop), *running, WebhookLane(hooks).run(stop))
    finally:
        for provider in installation.providers.values():
            await provider.close()
        await database.close()


def main() -> None:
    """The child of a server: ends with it, even if the server is killed."""
    take_rights()
    threading.Thread(target=_end_with_server, daemon=True).start()
    settings = Settings.read()
    configure_logs(settings.log_level)
    asyncio.run(work(settings))


def _end_with_server() -> None:
    """The server holds the other end of our standard input for as long as it lives."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(JOBS_PROCESS_GRACE_S)
    os._exit(1)


if __name__ == "__main__":
    main()
