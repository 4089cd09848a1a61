"""`bench/RESULTS.md`: a section for each subject, each replaced alone when it is measured again."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import asyncpg

FILE = Path(__file__).parent / "RESULTS.md"
PLOTS = FILE.parent / "plots"
ORDER = ("bookings", "cost", "visits", "hot-slot", "methods", "growth", "process", "availability")
_SECTION = re.compile(r"<!-- (?P<name>[a-z-]+) -->\n(?P<text>.*?)(?=\n<!-- |\Z)", re.DOTALL)
_HEAD = """# What was measured

Made by `make bench`, and the section on growth by `make bench-growth`. Ratios carry over to other machines; milliseconds and rates don't. Server, database and load share the machine.
"""


async def machine(url: str) -> str:
    """What it was measured on, and when."""
    connection = await asyncpg.connect(url)
    postgres = (await connection.fetchval("SHOW server_version")).split()[0]
    await connection.close()
    return (
        f"*{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({_processor()}), "
        f"{platform.system()}, Python {platform.python_version()}, PostgreSQL {postgres}, "
        f"asyncpg {version('asyncpg')}, Litestar {version('litestar')}, "
        f"granian {version('granian')}; the machine's load was {os.getloadavg()[2]:.1f}.*"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def write(name: str, text: str) -> None:
    """Put a subject's section in its place; the others stay."""
    sections = {
        found["name"]: found["text"].strip()
        for found in _SECTION.finditer(FILE.read_text() if FILE.exists() else "")
    }
    sections[name] = text.strip()
    FILE.write_text(
        _HEAD + "".join(f"\n<!-- {one} -->\n{sections[one]}\n" for one in ORDER if one in sections)
    )
