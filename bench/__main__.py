"""`make bench`: measure everything on this machine, in one run, and write `bench/RESULTS.md`."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import Progress, TimeElapsedColumn

from bench import availability, report
from bookonce.settings import Settings
from bookonce.store.embedded import EmbeddedPostgres

RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    """Start a database of our own, measure, and leave nothing behind but the results."""
    folder = Path(tempfile.mkdtemp(prefix="bookonce-bench-"))
    folder.chmod(0o711)  # the database runs as a system user
    postgres = EmbeddedPostgres(folder / "data", Settings.read().postgres_bin)
    try:
        url = postgres.acquire()
        try:
            with Progress(*Progress.get_default_columns(), TimeElapsedColumn()) as progress:
                text = asyncio.run(_measure(url, folder, progress))
        finally:
            postgres.release()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    RESULTS.write_text(text)
    Console().print(Markdown(text))


async def _measure(url: str, folder: Path, progress: Progress) -> str:
    urls = await availability.prepare(url, progress)
    looks = await availability.measure(urls, folder, progress)
    return report.render(await report.machine(url), looks)


if __name__ == "__main__":
    main()
