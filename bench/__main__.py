"""`python -m bench [SUBJECT…]`: measure on this machine and write `bench/RESULTS.md`.

Each subject replaces its own section. Without a name all are measured but `growth`, which takes
long and much disk: `make bench-growth`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

from bench import availability, bookings, cost, growth, hot_slot, methods, process, report, visits
from bench.pages import availability as availability_page
from bench.pages import bookings as bookings_page
from bench.pages import growth as growth_page
from bench.pages import process as process_page
from bench.pages import races as races_page
from bench.pages import visits as visits_page
from bench.report import PLOTS
from bench.scratch import Scratch, scratch

Subject = Callable[[Scratch, Progress], Awaitable[str]]


async def _bookings(place: Scratch, progress: Progress) -> str:
    return bookings_page.render(await bookings.measure(place, progress), PLOTS)


async def _cost(place: Scratch, progress: Progress) -> str:
    return bookings_page.render_cost(await cost.measure(place, progress), PLOTS)


async def _visits(place: Scratch, progress: Progress) -> str:
    return visits_page.render(await visits.measure(place, progress))


async def _hot_slot(place: Scratch, progress: Progress) -> str:
    return races_page.render_hot_slot(await hot_slot.measure(place, progress))


async def _methods(place: Scratch, progress: Progress) -> str:
    return races_page.render_methods(await methods.measure(place, progress), PLOTS)


async def _growth(place: Scratch, progress: Progress) -> str:
    return growth_page.render(await growth.measure(place, progress), PLOTS)


async def _process(place: Scratch, progress: Progress) -> str:
    return process_page.render(await process.measure(place, progress), PLOTS)


async def _availability(place: Scratch, progress: Progress) -> str:
    urls = await availability.prepare(place.url, progress)
    return availability_page.render(await availability.measure(urls, place.folder, progress))


SUBJECTS: dict[str, Subject] = {
    "bookings": _bookings,
    "cost": _cost,
    "visits": _visits,
    "hot-slot": _hot_slot,
    "methods": _methods,
    "growth": _growth,
    "process": _process,
    "availability": _availability,
}
LONG = frozenset({"growth"})


def main(names: list[str]) -> None:
    """Measure the subjects, each with a database of its own that is gone afterwards."""
    if unknown := set(names) - set(SUBJECTS):
        sys.exit(f"no such subject: {', '.join(unknown)}; there are {', '.join(SUBJECTS)}")
    for name in names or [one for one in SUBJECTS if one not in LONG]:
        with (
            scratch() as place,
            Progress(*Progress.get_default_columns(), TimeElapsedColumn()) as progress,
        ):
            report.write(name, asyncio.run(_section(SUBJECTS[name], place, progress)))
    Console().print(f"written to {report.FILE}")


async def _section(subject: Subject, place: Scratch, progress: Progress) -> str:
    text = await subject(place, progress)
    return f"{text}\n\n{await report.machine(place.url)}"


if __name__ == "__main__":
    main(sys.argv[1:])
