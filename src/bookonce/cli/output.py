"""What people see in the terminal: errors that say what to do, and no stack traces."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from bookonce.core.errors import BlockConflictError, BookonceError, ValidationError
from bookonce.store.embedded import EmbeddedPostgresError
from bookonce.store.schema import MigrationError

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn refusals and an unreachable database into a message and exit code 1."""
    try:
        yield
    except ValidationError as error:
        for field, message in error.errors:
            err.print(f"[red]✗[/red] [bold]{_safe(field)}[/bold] {_safe(message)}")
        raise typer.Exit(1) from None
    except BlockConflictError as error:
        err.print(f"[red]✗[/red] {_safe(error.detail)}")
        err.print(_in_the_way(error))
        raise typer.Exit(1) from None
    except BookonceError as error:
        err.print(f"[red]✗[/red] {_safe(error.detail)}")
        raise typer.Exit(1) from None
    except (EmbeddedPostgresError, MigrationError) as error:
        err.print(f"[red]✗[/red] {_safe(str(error))}")
        raise typer.Exit(1) from None
    except (asyncpg.PostgresError, OSError) as error:
        err.print(f"[red]✗[/red] The database can't be used: {_safe(str(error) or repr(error))}")
        err.print("  Is PostgreSQL running, and is --database-url right?")
        raise typer.Exit(1) from None


def _in_the_way(error: BlockConflictError) -> Table:
    zone = error.facts.get("zone")
    table = Table("who", "from", "to", "what", title="In the way")
    for one in error.facts["in_the_way"]:
        what = one["service"] and f"{one['service']} · {one['client_name']}"
        table.add_row(
            _safe(str(error.facts.get("staff", ""))),
            *(one[end].astimezone(zone).strftime("%Y-%m-%d %H:%M") for end in ("start", "end")),
            _safe(what or one["reason"] or one["kind"]),
        )
    return table


def _safe(text: Any) -> str:
    """Text that rich doesn't take for markup."""
    return str(text).replace("[", "\\[")


def is_terminal() -> bool:
    """Whether somebody is watching."""
    return sys.stdout.isatty()
