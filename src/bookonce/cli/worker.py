"""`bookonce worker`: do jobs, and nothing else."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import threading

from bookonce.cli.database import watched_database_url
from bookonce.cli.jobs_child import jobs_beside
from bookonce.cli.jobs_process import work
from bookonce.cli.options import DatabaseUrl, DataDir, read_settings
from bookonce.cli.output import plain_errors
from bookonce.cli.preflight import made_ready, runtime_url
from bookonce.cli.rights import tell_lesser_user
from bookonce.platform.lesser_user import take_rights
from bookonce.platform.logs import configure_logs
from bookonce.platform.settings import Settings


def worker(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Bring the schema up to date and do jobs until SIGTERM or Ctrl-C."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)
        configure_logs(settings.log_level)
        with watched_database_url(settings) as url:
            asyncio.run(made_ready(url))
            lesser = asyncio.run(runtime_url(settings, url))
            user = tell_lesser_user(settings, lesser)
            if user is not None and settings.database_url is None:
                _work_in_child(settings, lesser)
                return
            take_rights()
            asyncio.run(work(dataclasses.replace(settings, database_url=lesser)))


def _work_in_child(settings: Settings, url: str) -> None:
    """This process keeps its rights, which the embedded database needs to be started and stopped."""
    os.environ["BOOKONCE_DATABASE_URL"] = url
    os.environ["BOOKONCE_DATA_DIR"] = str(settings.data_dir)
    os.environ.pop("BOOKONCE_RUNTIME_DATABASE_URL", None)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with jobs_beside(lambda: True, are_done=True):
        stop.wait()
