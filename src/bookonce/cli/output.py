"""What people see in the terminal: errors that say what to do, and no stack traces.

Everything that isn't ours (names, messages, paths) is printed as text, never as markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bookonce.booking.fit import Unfit
from bookonce.platform.errors import (
    BlockConflictError,
    BookonceError,
    UnfitError,
    ValidationError,
)
from bookonce.platform.postgres_programs import EmbeddedPostgresError
from bookonce.platform.readiness import Fault, UnfitInstallationError
from bookonce.platform.retry import DATABASE_ERRORS
from bookonce.platform.schema import MigrationError
from bookonce.platform.trouble import trouble

out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


def tell_wrong(text: str, place: str = "") -> None:
    """Print what is wrong, and where."""
    err.print(Text.assemble(("✗ ", "red"), (f"{place} " if place else "", "bold"), text))


def warn(text: str) -> None:
    """Print what deserves a second look."""
    err.print(Text.assemble(("! ", "yellow"), text))


def give_up(text: str) -> NoReturn:
    """Say why and end with exit code 1."""
    tell_wrong(text)
    raise typer.Exit(1)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn refusals and trouble with the database into a message and exit code 1."""
    try:
        yield
    except ValidationError as error:
        for field, message in error.errors:
            tell_wrong(message, field)
        raise typer.Exit(1) from None
    except BlockConflictError as error:
        tell_wrong(error.detail)
        err.print(_in_the_way(error))
        raise typer.Exit(1) from None
    except UnfitError as error:
        show_unfit(error.facts["unfit"], error.facts["zone"])
        give_up(error.detail)
    except BookonceError as error:
        give_up(error.detail)
    except (EmbeddedPostgresError, MigrationError) as error:
        give_up(str(error))
    except UnfitInstallationError as error:
        for fault in error.faults:
            tell_fault(fault)
        raise typer.Exit(1) from None
    except DATABASE_ERRORS as error:
        tell_fault(trouble(error))
        raise typer.Exit(1) from None


def tell_fault(fault: Fault) -> None:
    """Print what doesn't hold, and what to do."""
    tell_wrong(str(fault))
    err.print(f"  {fault.advice}")


def show_unfit(unfit: Sequence[Unfit], zone: ZoneInfo) -> None:
    """List the appointments that no longer fit. Who they are for isn't told."""
    table = Table("when", "service", "with", "where", "why", title="No longer fit")
    for one in unfit:
        booked = one.upcoming
        table.add_row(
            booked.start.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
            Text(", ".join(part.service_name for part in booked.parts)),
            Text(", ".join(dict.fromkeys(part.staff_name for part in booked.parts))),
            Text(booked.location_name),
            Text("; ".join(one.reasons)),
        )
    err.print(table)


def _in_the_way(error: BlockConflictError) -> Table:
    zone = error.facts.get("zone")
    table = Table("who", "from", "to", "what", title="In the way")
    for one in error.facts["in_the_way"]:
        what = one["service"] and f"{one['service']} · {one['client_name']}"
        table.add_row(
            Text(str(error.facts.get("staff", ""))),
            *(one[end].astimezone(zone).strftime("%Y-%m-%d %H:%M") for end in ("start", "end")),
            Text(what or one["reason"] or one["kind"].replace("_", " ")),
        )
    return table
