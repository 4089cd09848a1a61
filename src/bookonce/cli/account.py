"""`bookonce account invite | link | list | remove`: who signs in to the office."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from bookonce.accounts import account_rows, link_rows, members, membership_rows, served
from bookonce.accounts.account import normal_email
from bookonce.accounts.invite import Invitation, invitations
from bookonce.accounts.invite import invite as invite_to
from bookonce.accounts.links import make_sign_in_link
from bookonce.accounts.roles import Post
from bookonce.business.directories import Directories
from bookonce.business.directory import Directory
from bookonce.cli.options import DatabaseUrl, DataDir
from bookonce.cli.output import err, out
from bookonce.cli.with_database import with_database
from bookonce.platform.actor import COMMAND_LINE, Role
from bookonce.platform.database import Database
from bookonce.platform.errors import NotFoundError
from bookonce.platform.settings import Settings

Email = Annotated[str, typer.Argument(help="The mail address that they sign in with.")]
Business = Annotated[str, typer.Option("--business", help="The business's address.")]

account = typer.Typer(
    help="Who signs in to the office.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@account.command()
def invite(
    email: Email,
    business: Business,
    role: Annotated[Role, typer.Option(help="What they will be in the business.")],
    staff: Annotated[
        str | None, typer.Option(help="The key of the staff member who they are.")
    ] = None,
    name: Annotated[str, typer.Option(help="What they are called.")] = "",
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print an invitation to a business's office: a link, good once and for 48 hours."""

    async def act(database: Database, settings: Settings) -> str:
        directory = await _business(database, business)
        token = await invite_to(
            database,
            directory,
            Invitation(email, Post(role, staff), name),
            by=None,
            actor=COMMAND_LINE,
            now=datetime.now(UTC),
        )
        base = await served.base_of(database, settings.public_url)
        return f"{base}/office/invitation/{token}"

    out.print(with_database(data_dir, database_url, act))
    err.print("Good once, for 48 hours. Whoever has it can accept it.", style="dim")


@account.command()
def link(email: Email, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Print a link that signs an account in: good once and for 15 minutes."""

    async def act(database: Database, settings: Settings) -> str:
        token = await make_sign_in_link(database, email, now=datetime.now(UTC))
        return f"{await served.base_of(database, settings.public_url)}/office/link/{token}"

    out.print(with_database(data_dir, database_url, act))
    err.print("Good once, for 15 minutes. Whoever has it is signed in.", style="dim")


@account.command("list")
def list_(
    business: Annotated[
        str | None, typer.Option("--business", help="Only those of this business.")
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List who belongs to which business, as what, and who is invited."""

    async def act(database: Database, _: Settings) -> Table:
        table = Table("business", "address", "name", "role", "staff", "second factor", "since")
        if business is not None:
            directories = [await _business(database, business)]
        else:
            found = await database.run(membership_rows.businesses, datetime.now(UTC))
            directories = [await Directories(database).by_id(one) for one in found]
        for directory in sorted(directories, key=lambda one: one.slug):
            await _add_rows(table, database, directory)
        return table

    out.print(with_database(data_dir, database_url, act))


async def _add_rows(table: Table, database: Database, directory: Directory) -> None:
    for one in await members.members(database, directory.business_id):
        table.add_row(
            directory.slug,
            Text(one.email),
            Text(one.name),
            one.post.role.value,
            one.post.staff_key or "",
            "yes" if one.has_second_factor else "no",
            f"{one.since.astimezone(UTC):%Y-%m-%d}",
        )
    for link in await invitations(database, directory.business_id, now=datetime.now(UTC)):
        role = link.post.role.value if link.post else ""
        staff = (link.post.staff_key if link.post else None) or ""
        table.add_row(
            directory.slug, Text(link.email or ""), Text(link.name), role, staff, "", "invited"
        )


@account.command()
def remove(
    email: Email, business: Business, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """Take an account out of a business, or its invitation back. The last owner stays."""

    async def act(database: Database, _: Settings) -> str:
        directory, now = await _business(database, business), datetime.now(UTC)
        address = normal_email(email)
        withdrawn = await database.run(link_rows.withdraw_for, directory.business_id, address)
        found = await database.run(account_rows.by_email, address)
        if found is None:
            if withdrawn:
                return f"{address} is no longer invited to {directory.slug}"
            raise NotFoundError(f"No account has the address {address}.")
        try:
            await members.remove(
                database, directory.business_id, found.account_id,
                by=None, actor=COMMAND_LINE, now=now,
            )  # fmt: skip
        except NotFoundError:
            if not withdrawn:
                raise
        return f"{address} belongs to {directory.slug} no longer"

    out.print(Text(with_database(data_dir, database_url, act)))


@account.command()
def opening(
    email: Email,
    forbid: Annotated[bool, typer.Option("--forbid", help="Take it back.")] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Let an account open businesses on this installation, in the browser."""

    async def act(database: Database, _: Settings) -> str:
        address = normal_email(email)
        if not await database.run(account_rows.set_may_open, address, not forbid):
            raise NotFoundError(f"No account has the address {address}.")
        return f"{address} may {'not ' if forbid else ''}open businesses"

    out.print(Text(with_database(data_dir, database_url, act)))


async def _business(database: Database, slug: str) -> Directory:
    return await Directories(database).current(slug)
