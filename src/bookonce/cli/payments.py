"""`bookonce payments`: the books of deposits, and what a person does about them by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from bookonce.availability.installation import Installation
from bookonce.cli.database import database_url as running_database
from bookonce.cli.database import opened
from bookonce.cli.options import DatabaseUrl, DataDir, read_settings
from bookonce.cli.output import err, give_up, out, plain_errors
from bookonce.payments import compare, refund, worry_rows
from bookonce.payments.pay import receive
from bookonce.payments.provider import ProviderError, RefusedByProviderError
from bookonce.payments.providers.configured import providers
from bookonce.platform import money
from bookonce.platform.actor import COMMAND_LINE
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.schema import migrate
from bookonce.platform.settings import Settings

payments = typer.Typer(
    add_completion=False,
    help="Deposits: look at the books, compare them with the provider's, act by hand.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Slug = Annotated[str, typer.Argument(help="The business's address.")]
Appointment = Annotated[UUID, typer.Argument(help="The appointment's id.")]
WORRIES_MAX = 100


@asynccontextmanager
async def installation_at(url: str, settings: Settings) -> AsyncIterator[Installation]:
    """An installation with its payment providers for one command."""
    await migrate(url)
    async with opened(url) as database:
        installation = Installation(database, settings.secret_key, providers(settings))
        try:
            yield installation
        except ProviderError as error:
            give_up(f"the payment provider can't be asked now: {error}; try again in a moment")
        except RefusedByProviderError as error:
            give_up(f"the payment provider refuses: {error}")
        finally:
            for provider in installation.providers.values():
                await provider.close()


@payments.command()
def check(slug: Slug, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Compare every payment of a business with the provider's books; exit code 1 if they differ."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)
        with running_database(settings) as url:
            differ = asyncio.run(_check(url, settings, slug))
    if differ:
        raise typer.Exit(1)


async def _check(url: str, settings: Settings, slug: str) -> int:
    table = Table("appointment", "payment", "captured", "refunded", "what differs")
    totals: dict[str, list[int]] = {}
    compared = differ = 0
    async with installation_at(url, settings) as installation:
        with Progress(console=err, transient=True) as progress:
            total = await compare.count(installation, slug)
            task = progress.add_task("asking the provider", total=total)
            async for one in compare.compare(installation, slug):
                progress.advance(task)
                compared += 1
                sums = totals.setdefault(one.payment.currency, [0, 0])
                sums[0] += one.captured_minor
                sums[1] += one.refunded_minor
                if one.differences:
                    differ += 1
                    table.add_row(
                        str(one.payment.appointment_id),
                        f"{one.payment.number}, {one.payment.status}",
                        money.major(one.captured_minor, one.payment.currency),
                        money.major(one.refunded_minor, one.payment.currency),
                        Text("; ".join(one.differences), "red"),
                    )
    if differ:
        out.print(table)
    for currency, (captured, refunded) in sorted(totals.items()):
        taken, back = money.major(captured, currency), money.major(refunded, currency)
        out.print(f"{currency}: {taken} taken, {back} given back")
    out.print(f"{compared} payments compared, {differ} differ")
    return differ


@payments.command()
def worries(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """List money that somebody has to look at: not given back, not taken, or gone."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)
        with running_database(settings) as url:
            found = asyncio.run(_worries(url))
    if not found:
        out.print("nothing to worry about")
        return
    table = Table("since", "what", "appointment", "the provider says")
    for one in found:
        table.add_row(
            f"{one.since:%Y-%m-%d %H:%M} UTC", one.what, str(one.appointment_id),
            Text(one.problem or ""),
        )  # fmt: skip
    out.print(table)


async def _worries(url: str) -> list[worry_rows.Worry]:
    await migrate(url)
    async with opened(url) as database:
        since = datetime.now(UTC) - timedelta(minutes=5)
        return await database.run(worry_rows.worries, since, WORRIES_MAX)


@payments.command()
def received(
    slug: Slug, appointment: Appointment, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """Confirm an appointment whose deposit was paid on site or by transfer."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)

        async def work(url: str) -> str:
            async with installation_at(url, settings) as installation:
                found = await receive(installation, slug, appointment, now=datetime.now(UTC))
                return found.status.value

        with running_database(settings) as url:
            out.print(f"{appointment}: {asyncio.run(work(url))}")


@payments.command("refund")
def refund_by_hand(
    slug: Slug,
    appointment: Appointment,
    amount: Annotated[
        str | None, typer.Argument(help="Such as 10.00; absent: all that is left.")
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give a part or all of a deposit back, whatever the policy says."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)

        async def work(url: str) -> refund.Refunded:
            async with installation_at(url, settings) as installation:
                directory = await installation.current(slug)
                minor = None
                if amount is not None:
                    try:
                        minor = money.minor_units(amount, directory.business.business.currency)
                    except ValueError as error:
                        raise ValidationError([FieldError("amount", str(error))]) from None
                return await refund.refund(
                    installation,
                    slug,
                    appointment,
                    minor,
                    actor=COMMAND_LINE,
                    now=datetime.now(UTC),
                )

        with running_database(settings) as url:
            done = asyncio.run(work(url))
    kept = money.major(done.keep_minor, done.currency)
    out.print(f"{appointment}: is being given back; {kept} {done.currency} are kept")


@payments.command()
def returned(
    slug: Slug, appointment: Appointment, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """Tell that what was to be given back of an on-site payment has been handed over."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)

        async def work(url: str) -> int:
            async with installation_at(url, settings) as installation:
                return await refund.returned(installation, slug, appointment, now=datetime.now(UTC))

        with running_database(settings) as url:
            out.print(f"{appointment}: {asyncio.run(work(url))} refunds noted as handed over")
