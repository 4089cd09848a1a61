"""`bookonce bounce`: what a mail server pipes a mail into that came back."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from bookonce.availability.installation import Installation
from bookonce.cli.database import database_url as running_database
from bookonce.cli.database import opened
from bookonce.cli.options import DatabaseUrl, DataDir, read_settings
from bookonce.cli.output import out, plain_errors
from bookonce.messages import bounce as bounces

BYTES_MAX = 10 * 1024 * 1024


def bounce(
    recipient: Annotated[
        list[str] | None,
        typer.Argument(help="Where it arrived, if the mail server says so.", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Read a mail that came back from standard input; mark its message and address."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)
        raw = sys.stdin.buffer.read(BYTES_MAX)
        # Postfix tells by its environment to which address it delivers.
        told = (os.environ.get(name, "") for name in ("ORIGINAL_RECIPIENT", "RECIPIENT"))
        recipients = [*(recipient or ()), *filter(None, told)]
        with running_database(settings) as url:
            out.print(asyncio.run(_bounce(url, raw, recipients)), markup=False)


async def _bounce(url: str, raw: bytes, recipients: list[str]) -> str:
    async with opened(url) as database:
        return await bounces.bounce(Installation(database), raw, recipients, now=datetime.now(UTC))
