"""`bookonce torture`: prove on this machine that nothing is booked twice."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Annotated

import typer

from bookonce.cli.output import err, give_up, out, plain_errors
from bookonce.torture import report
from bookonce.torture.run import FaultsWanted, Guard, Plan, Result
from bookonce.torture.run import torture as run_torture
from bookonce.torture.servers import ServerError
from bookonce.torture.waiting import TooLongError

NOTHING_SHOWN = 2
"""Exit code of a run that proves nothing either way."""


def torture(
    seconds: Annotated[int, typer.Option(min=1, max=86_400, help="How long the load lasts.")] = 30,
    clients: Annotated[int, typer.Option(min=1, max=1_000, help="How many ask at once.")] = 64,
    faults: Annotated[
        FaultsWanted, typer.Option(help="What is broken under the load.")
    ] = FaultsWanted.NONE,
    guard: Annotated[
        Guard, typer.Option(help="off: without the constraint, to see that the checks see it.")
    ] = Guard.ON,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Decides all that is random.", show_default="random")
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", dir_okay=False, help="Write the result here.", show_default=False),
    ] = None,
) -> None:
    """Race everything against everything on a database of its own, then judge every answer.

    Your data is never touched. Exit code 1: a check failed.
    """
    plan = Plan(seconds, clients, faults, guard, secrets.randbelow(2**31) if seed is None else seed)
    if guard is Guard.OFF and faults is not FaultsWanted.NONE:
        give_up("--guard off goes with --faults none: no server opens again without its guard")
    if json_file is not None and not json_file.absolute().parent.is_dir():
        give_up(f"--json: there is no folder {json_file.absolute().parent}")
    with plain_errors(), report.bar(err, plan) as tell:
        try:
            result = asyncio.run(run_torture(plan, tell))
        except (ServerError, TooLongError) as error:
            give_up(f"{error}\n  --seed {plan.seed}")
    report.show(out, result)
    if json_file is not None:
        try:
            report.write_json(result, json_file)
        except OSError as error:
            give_up(f"--json: {json_file}: {error.strerror}")
    _conclude(result)


def _conclude(result: Result) -> None:
    out.print(report.conclusion(result), style="green" if result.passed else "red")
    if not result.booked or (result.plan.guard is Guard.OFF and not result.double_bookings):
        raise typer.Exit(NOTHING_SHOWN)
    if not result.passed:
        raise typer.Exit(1)
