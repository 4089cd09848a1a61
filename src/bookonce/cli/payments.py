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
from bookonce.payments import compare, handed_over, reconcile, refund, worry_rows
from bookonce.payments.pay import receive
from bookonce.payments.provider import ProviderError, RefusedByProviderError
from bookonce.payments.providers.configured import providers
from bookonce.payments.settle import settle as settle_money
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
def check(
    slug: Slug,
    days: Annotated[
        int | None,
        typer.Option(help="How far back to read the provider's list; absent: all of it.", min=1),
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Compare every payment of a business with the provider's books, both ways; exit code 1 if they
    differ.
    """
    with plain_errors():
        settings = read_settings(data_dir, database_url)
        with running_database(settings) as url:
            differ = asyncio.run(_check(url, settings, slug, days))
    if differ:
        raise typer.Exit(1)


async def _check(url: str, settings: Settings, slug: str, days: int | None) -> int:
    table = Table("appointment", "payment", "captured", "refunded", "what differs")
    totals: dict[str, list[int]] = {}
    compared = differ = 0
    since = None if days is None else datetime.now(UTC) - timedelta(days=days)
    async with installation_at(url, settings) as installation:
        with Progress(console=err, transient=True) as progress:
            total = await compare.count(installation, slug)
            task = progress.add_task("asking the provider", total=total)
            async for one in compare.compare(installation, slug, since):
                progress.advance(task)
                compared += one.number is not None
                sums = totals.setdefault(one.currency, [0, 0])
                sums[0] += one.captured_minor
                sums[1] += one.refunded_minor
                if one.differences:
                    differ += 1
                    table.add_row(*_row(one), Text("; ".join(one.differences), "red"))
    if differ:
        out.print(table)
    for currency, (captured, refunded) in sorted(totals.items()):
        taken, back = money.major(captured, currency), money.major(refunded, currency)
        out.print(f"{currency}: {taken} taken, {back} given back")
    out.print(f"{compared} payments compared, {differ} differ")
    return differ


def _row(one: compare.Compared) -> tuple[str, str, str, str]:
    """A payment that the provider alone knows is told by what the provider calls it."""
    return (
        str(one.appointment_id or ""),
        one.provider_ref or "" if one.number is None else f"{one.number}, {one.status}",
        money.major(one.captured_minor, one.currency),
        money.major(one.refunded_minor, one.currency),
    )


@payments.command()
def worries(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """List money that somebody has to look at: not given back, too much, disputed, not taken, gone."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)
        with running_database(settings) as url:
            found = asyncio.run(_worries(url))
    if not found:
        out.print("nothing to worry about")
        return
    table = Table("since", "what", "amount", "whose", "appointment", "the provider says")
    for one in found:
        table.add_row(
            f"{one.since:%Y-%m-%d %H:%M} UTC", one.what,
            f"{money.major(one.amount_minor, one.currency)} {one.currency}",
            Text(f"{one.client_name} <{one.client_email or ''}>"), str(one.appointment_id),
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


@payments.command()
def settle(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Settle at once what is under way, to be given back, or too much, without the queue; exit code
    1 if something is left.
    """
    with plain_errors():
        settings = read_settings(data_dir, database_url)
        with running_database(settings) as url:
            seen, left = asyncio.run(_settle(url, settings))
    out.print(f"{seen} looked at, {left} left")
    if left:
        raise typer.Exit(1)


async def _settle(url: str, settings: Settings) -> tuple[int, int]:
    async with installation_at(url, settings) as installation:
        now = datetime.now(UTC)
        seen = await reconcile.reconcile(installation, now=now, overdue=timedelta(0))
        since = now - timedelta(minutes=5)
        left = await installation.database.run(worry_rows.worries, since, WORRIES_MAX)
        return seen, len(left)


@payments.command("refund")
def refund_by_hand(
    slug: Slug,
    appointment: Appointment,
    amount: Annotated[
        str | None, typer.Argument(help="Such as 10.00; absent: all that is left.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            help="Your name for this refund: the same name again gives back nothing more. Absent: the"
            " amount is its name.",
            show_default=False,
        ),
    ] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Ask again for refunds that failed, now.")
    ] = False,
    settled: Annotated[
        bool,
        typer.Option("--settled", help="Tell that refunds that failed were paid in another way."),
    ] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give a part or all of a deposit back, whatever the policy says."""
    if retry + settled + (amount is not None or key is not None) > 1:
        give_up("--retry and --settled stand alone: they are about refunds that have failed")
    with plain_errors():
        settings = read_settings(data_dir, database_url)

        async def work(url: str) -> str:
            async with installation_at(url, settings) as installation:
                if retry:
                    return await _retried(installation, slug, appointment)
                if settled:
                    now = datetime.now(UTC)
                    found = await handed_over.settled(
                        installation, slug, appointment, actor=COMMAND_LINE, now=now
                    )
                    return f"{found} refunds noted as paid in another way"
                return await _refund(installation, slug, appointment, amount, key)

        with running_database(settings) as url:
            out.print(f"{appointment}: {asyncio.run(work(url))}")


async def _refund(
    installation: Installation, slug: str, appointment: UUID, amount: str | None, key: str | None
) -> str:
    directory = await installation.current(slug)
    minor = None
    if amount is not None:
        try:
            minor = money.minor_units(amount, directory.business.business.currency)
        except ValueError as error:
            raise ValidationError([FieldError("amount", str(error))]) from None
    name = f"key {key}" if key else f"amount {'all' if minor is None else minor}"
    done = await refund.refund(
        installation, slug, appointment, minor,
        actor=COMMAND_LINE, now=datetime.now(UTC), key=name,
    )  # fmt: skip
    kept = f"{money.major(done.keep_minor, done.currency)} {done.currency}"
    if done.asked_at is not None:
        return (
            f"was asked for at {done.asked_at:%Y-%m-%d %H:%M} UTC, and {kept} were kept;"
            " nothing more is given back. For another refund of this amount, name it with --key."
        )
    return f"is being given back; {kept} are kept"


async def _retried(installation: Installation, slug: str, appointment: UUID) -> str:
    now = datetime.now(UTC)
    found = await handed_over.retry(installation, slug, appointment, actor=COMMAND_LINE, now=now)
    if found:
        directory = await installation.current(slug)
        await settle_money(installation, directory.business_id, appointment, now=now)
    return f"{found} refunds asked for again"


@payments.command()
def returned(
    slug: Slug, appointment: Appointment, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """Tell that what was to be given back of an on-site payment has been handed over."""
    with plain_errors():
        settings = read_settings(data_dir, database_url)

        async def work(url: str) -> int:
            async with installation_at(url, settings) as installation:
                return await handed_over.returned(
                    installation, slug, appointment, actor=COMMAND_LINE, now=datetime.now(UTC)
                )

        with running_database(settings) as url:
            out.print(f"{appointment}: {asyncio.run(work(url))} refunds noted as handed over")
