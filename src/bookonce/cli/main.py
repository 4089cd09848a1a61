"""The `bookonce` command."""

from __future__ import annotations

from typing import Annotated

import typer

from bookonce import __version__
from bookonce.cli.business import apply, export
from bookonce.cli.doctor import doctor
from bookonce.cli.jobs import jobs
from bookonce.cli.migrate import migrate
from bookonce.cli.output import out
from bookonce.cli.payments import app as payments
from bookonce.cli.serve import serve
from bookonce.cli.torture import torture
from bookonce.cli.worker import worker

app = typer.Typer(
    help="Bookonce: online appointment booking that never double-books.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
for command in (serve, worker, jobs, apply, export, migrate, doctor, torture):
    app.command()(command)
app.add_typer(payments, name="payments")


def _print_version(asked: bool) -> None:
    if asked:
        out.print(f"bookonce {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point of the console script."""
    app()
