"""What a run showed: a bar while it runs, a table at the end, a file for programs."""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from bookonce.platform.build_identity import identity
from bookonce.torture.checks import Verdict
from bookonce.torture.history import Attempt, Kind, Outcome
from bookonce.torture.run import Guard, Plan, Progress, Result

OFFENCES_SHOWN = 5
OFFENCES_WRITTEN = 200
ATTEMPTS_SHOWN = 8


@contextmanager
def bar(console: Console, plan: Plan) -> Iterator[Callable[[Progress], None]]:
    """A progress bar on the terminal while the block runs."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[counts]}"),
    )
    with Bar(*columns, console=console, transient=True) as shown:
        task = shown.add_task("starting", total=plan.seconds, counts="")

        def tell(progress: Progress) -> None:
            counts = f"{progress.attempts} attempts"
            if progress.outcomes is not None:
                each = (f"{number} {outcome}" for outcome, number in progress.outcomes.items())
                counts = ", ".join([counts, *each, f"{progress.faults} faults"])
            shown.update(
                task,
                description=progress.phase,
                completed=min(progress.elapsed_s, plan.seconds),
                counts=counts,
            )

        yield tell


def show(console: Console, result: Result) -> None:
    """The tables, and what was wrong."""
    console.print(_attempts(result))
    latency = latency_ms(result)
    console.print(
        f"{rate_per_s(result):.0f} answers a second; half within {latency['p50']:.0f} ms, "
        f"99 of 100 within {latency['p99']:.0f} ms"
    )
    if result.injected or result.skipped:
        console.print(_faults(result))
    console.print(_checks(result))
    for verdict in result.verdicts:
        if not verdict.passed:
            _show_offences(console, result, verdict)


def _attempts(result: Result) -> Table:
    table = Table("attempt", *(outcome.value for outcome in Outcome), title="What was asked")
    counts = _counts(result)
    for kind in Kind:
        if kind in counts:
            table.add_row(kind.value, *(str(counts[kind].get(outcome, 0)) for outcome in Outcome))
    return table


def _counts(result: Result) -> dict[Kind, Counter[Outcome]]:
    counts: dict[Kind, Counter[Outcome]] = {}
    for one in result.evidence.history.attempts:
        counts.setdefault(one.wish.kind, Counter())[one.outcome] += 1
    return counts


def _faults(result: Result) -> Table:
    table = Table("fault", "times", title="What was broken")
    for what, times in Counter(one.what for one in result.injected).items():
        table.add_row(Text(what), str(times))
    for why in result.skipped:
        table.add_row(Text(why), "skipped")
    return table


def _checks(result: Result) -> Table:
    table = Table("", "check", "offences", title="What was found")
    for verdict in result.verdicts:
        table.add_row(
            Text("✓", "green") if verdict.passed else Text("✗", "red"),
            verdict.check.promise,
            str(len(verdict.offences)),
        )
    return table


def _show_offences(console: Console, result: Result, verdict: Verdict) -> None:
    console.print(f"\n✗ {verdict.check.promise}", style="red")
    by_number = {one.number: one for one in result.evidence.history.attempts}
    for offence in verdict.offences[:OFFENCES_SHOWN]:
        console.print(f"  {offence.what}")
        for number in offence.attempts[:ATTEMPTS_SHOWN]:
            console.print(f"    {_in_words(by_number[number])}")
    more = len(verdict.offences) - OFFENCES_SHOWN
    if more > 0:
        console.print(f"  … and {more} more")


def _in_words(one: Attempt) -> str:
    wish, answer = one.wish, one.answer
    key = f", key {wish.key}" if wish.key else ""
    told = f": {answer.subject_id}" if answer else ""
    if answer and answer.place:
        told += f" {answer.place.in_words}"
    return (
        f"#{one.number} {one.client}, {one.called_s:.3f}-{one.returned_s:.3f} s: {wish.in_words}"
        f" ({wish.label}{key}) → {one.outcome} {one.code}{told}"
    )


def rate_per_s(result: Result) -> float:
    """Answers a second, unknown outcomes not counted."""
    return len(_answered(result)) / result.load_s


def latency_ms(result: Result) -> dict[str, float]:
    """How long answers took: the median and the 99th percentile."""
    times = [(one.returned_s - one.called_s) * 1000 for one in _answered(result)]
    if len(times) < 2:
        return {"p50": math.nan, "p99": math.nan}
    parts = statistics.quantiles(times, n=100)
    return {"p50": parts[49], "p99": parts[98]}


def _answered(result: Result) -> list[Attempt]:
    attempts = result.evidence.history.attempts
    return [one for one in attempts if one.outcome is not Outcome.UNKNOWN]


def as_tree(result: Result) -> dict[str, Any]:
    """The result as the JSON file has it; `docs/torture.md` has the fields."""
    by_number = {one.number: one for one in result.evidence.history.attempts}
    return {
        "version": identity(),
        "started_at": result.started_at.isoformat(),
        "seed": result.plan.seed,
        "seconds": result.plan.seconds,
        "clients": result.plan.clients,
        "faults": result.plan.faults.value,
        "guard": result.plan.guard.value,
        "passed": result.passed,
        "double_bookings": result.double_bookings,
        "attempts": {
            kind.value: {outcome.value: counts.get(outcome, 0) for outcome in Outcome}
            for kind, counts in _counts(result).items()
        },
        "load_s": round(result.load_s, 3),
        "rate_per_s": round(rate_per_s(result), 1),
        "latency_ms": {
            name: round(value, 1) if math.isfinite(value) else None
            for name, value in latency_ms(result).items()
        },
        "injected": dict(Counter(one.what for one in result.injected)),
        "skipped": result.skipped,
        "checks": [
            {
                "name": verdict.check.name,
                "promise": verdict.check.promise,
                "passed": verdict.passed,
                "offence_count": len(verdict.offences),
                "offences": [
                    {
                        "what": offence.what,
                        "attempts": [_in_words(by_number[n]) for n in offence.attempts],
                    }
                    for offence in verdict.offences[:OFFENCES_WRITTEN]
                ],
            }
            for verdict in result.verdicts
        ],
    }


def write_json(result: Result, file: Path) -> None:
    """Write the file for programs. Raises OSError."""
    file.write_text(json.dumps(as_tree(result), indent=2) + "\n")


def conclusion(result: Result) -> str:
    """The last line."""
    again = f"--seed {result.plan.seed}"
    if result.plan.guard is Guard.OFF:
        if result.double_bookings:
            return f"The guard was off, and the checker sees: {result.double_bookings} double bookings."
        return f"The guard was off, but no double booking was seen: nothing is shown. {again}"
    if not result.booked:
        return f"Not one booking was acknowledged: nothing is shown. {again}"
    if result.passed:
        return f"Nothing was booked twice, nothing was lost. {again}"
    failed = sum(not verdict.passed for verdict in result.verdicts)
    return f"{failed} of {len(result.verdicts)} checks failed. {again}"
