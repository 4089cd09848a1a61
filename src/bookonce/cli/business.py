"""`bookonce apply` and `bookonce export`."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from bookonce.booking import apply_file
from bookonce.booking.change_business import Applied, Mode
from bookonce.business import toml_file
from bookonce.business.document import Business
from bookonce.cli.database import database_url as running_database
from bookonce.cli.database import opened
from bookonce.cli.options import DatabaseUrl, DataDir, read_settings
from bookonce.cli.output import out, plain_errors, show_unfit, warn
from bookonce.payments.providers.configured import provider_names
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.schema import migrate
from bookonce.platform.settings import Settings


def apply(
    file: Annotated[Path, typer.Argument(help="A business file; - reads standard input.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Refuse if appointments ahead would no longer fit."),
    ] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Create or update one business from a file: all of it, or nothing."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)
        business = toml_file.parse(_read(file))
        mode = Mode(strict=strict, dry_run=dry_run)
        with running_database(settings) as url:
            applied = asyncio.run(_apply(url, business, mode))
    show_applied(business.business.slug, ZoneInfo(business.business.timezone), applied)
    for warning in payment_warnings(business, settings):
        warn(warning)
    if dry_run and strict and applied.unfit:
        raise typer.Exit(1)


def show_applied(slug: str, zone: ZoneInfo, applied: Applied) -> None:
    """Print what changed, and which appointments no longer fit."""
    for change in applied.changes:
        out.print(change)
    if not applied.changes:
        out.print(f"{slug}: nothing to change")
    if applied.unfit:
        show_unfit(applied.unfit, zone)


def payment_warnings(business: Business, settings: Settings) -> list[str]:
    """That services which need a payment in advance can't be booked online here."""
    provider = business.payments.provider
    asking = [each.key for each in business.service if each.deposit is not None]
    if not asking or provider in provider_names(settings):
        return []
    missing = "BOOKONCE_STRIPE_SECRET_KEY isn't set" if provider == "stripe" else "there is none"
    return [
        f"{', '.join(asking)}: with a deposit, but this installation can't take payments by "
        f"{provider!r} ({missing}); visitors are asked to call"
    ]


async def _apply(url: str, business: Business, mode: Mode) -> Applied:
    await migrate(url)
    async with opened(url) as database:
        return await apply_file.apply(database, business, now=datetime.now(UTC), mode=mode)


def export(
    slug: Annotated[str, typer.Argument(help="The business's address.")],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print the file that describes a business; applying it changes nothing."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)
        with running_database(settings) as url:
            business = asyncio.run(_export(url, slug))
    sys.stdout.write(toml_file.render(business))


async def _export(url: str, slug: str) -> Business:
    await migrate(url)
    async with opened(url) as database:
        return await apply_file.export(database, slug)


def _read(file: Path) -> str:
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise ValidationError([FieldError(str(file), error.strerror or str(error))]) from None
    if len(data) > toml_file.FILE_BYTES_MAX:
        raise ValidationError(
            [FieldError(str(file), f"larger than {toml_file.FILE_BYTES_MAX} bytes")]
        )
    try:
        return toml_file.decoded(data)
    except ValidationError as error:
        raise ValidationError(
            [FieldError(str(file), wrong.message) for wrong in error.errors]
        ) from None
