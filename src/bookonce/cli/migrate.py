"""`bookonce migrate`."""

from __future__ import annotations

import asyncio

from bookonce.cli.database import database_url as running_database
from bookonce.cli.options import DatabaseUrl, DataDir, read_settings
from bookonce.cli.output import out, plain_errors
from bookonce.platform import schema


def migrate(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Bring the schema up to date."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)
        with running_database(settings) as url:
            applied = asyncio.run(schema.migrate(url))
    for version in applied:
        out.print(f"applied {version}")
    if not applied:
        out.print("schema is up to date")
