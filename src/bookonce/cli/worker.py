"""`bookonce worker`: do jobs, and nothing else."""

from __future__ import annotations

import asyncio
import dataclasses

from bookonce.cli.database import watched_database_url
from bookonce.cli.jobs_process import work
from bookonce.cli.options import DatabaseUrl, DataDir, read_settings
from bookonce.cli.output import plain_errors
from bookonce.cli.preflight import made_ready, runtime_url
from bookonce.platform.logs import configure_logs


def worker(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Bring the schema up to date and do jobs until SIGTERM or Ctrl-C."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)
        configure_logs(settings.log_level)
        with watched_database_url(settings) as url:
            asyncio.run(made_ready(url))
            lesser = asyncio.run(runtime_url(settings, url))
            asyncio.run(work(dataclasses.replace(settings, database_url=lesser)))
