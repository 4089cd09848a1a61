"""The `bookonce` command."""

from __future__ import annotations

from collections import UserDict
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from bookonce.platform.build_identity import identity

MODULES = {
    "serve": "bookonce.cli.serve",
    "worker": "bookonce.cli.worker",
    "jobs": "bookonce.cli.jobs",
    "apply": "bookonce.cli.business",
    "export": "bookonce.cli.business",
    "list": "bookonce.cli.versions",
    "history": "bookonce.cli.versions",
    "revert": "bookonce.cli.versions",
    "rename": "bookonce.cli.versions",
    "close": "bookonce.cli.versions",
    "reopen": "bookonce.cli.versions",
    "remove": "bookonce.cli.erase",
    "client": "bookonce.cli.erase",
    "migrate": "bookonce.cli.migrate",
    "backup": "bookonce.cli.backup",
    "restore": "bookonce.cli.backup",
    "account": "bookonce.cli.account",
    "key": "bookonce.cli.key",
    "rezone": "bookonce.cli.rezone",
    "doctor": "bookonce.cli.doctor",
    "torture": "bookonce.cli.torture",
    "payments": "bookonce.cli.payments",
    "bounce": "bookonce.cli.bounce",
}
"""Where each command is, under its own name."""


class _Commands(UserDict[str, Any]):
    """The commands by name, each imported when it is looked up: what one needs (a web framework,
    a client for HTTP) takes longer to import than most others take to work.
    """

    def __getitem__(self, name: str) -> Any:
        found = getattr(import_module(super().__getitem__(name)), name)
        if isinstance(found, typer.Typer):
            return get_command(found)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name)(found)
        return get_command(alone)


class _Group(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands(MODULES)


app = typer.Typer(
    cls=_Group,
    help="Bookonce: online appointment booking that never double-books.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"bookonce {identity()}")
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
