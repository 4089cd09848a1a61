"""What PostgreSQL's own load generator reaches with the booking statement.

Each connection prepares the statement as it stands in `booking/booking_rows.py` and then only
executes it, with parameters that it makes from a counter. It is the ceiling: no HTTP, no JSON, no
judging of the start, a driver in C.
"""

from __future__ import annotations

import os
import pwd
import re
import resource
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.rush import SLUG, VISIT_MIN
from bookonce.booking.booking_rows import SIMPLE_BOOKING
from bookonce.platform.postgres_programs import EmbeddedPostgresError, binaries_for
from bookonce.platform.settings import Settings

_TYPES = (
    "uuid, uuid, int[], uuid[], int[], timestamptz[], timestamptz[], uuid[], timestamptz,"
    " timestamptz, timestamptz, timestamptz, bigint, uuid, uuid, timestamptz, timestamptz, bigint,"
    " uuid, text, text, text, text, bytea, uuid, text, jsonb, bytea, bytea, boolean, timestamptz,"
    " bytea, text, timestamptz, bigint"
)
_SCRIPT = """
\\if :prepared
\\else
PREPARE booking ({types}) AS {statement};
SELECT business_id AS business, location_id AS location, service_id AS service, version
FROM business_slug JOIN business USING (business_id) JOIN location USING (business_id)
JOIN service USING (business_id) WHERE slug = '{slug}' AND service.key = 'quick' \\gset
SELECT resource_id AS resource FROM resource
WHERE business_id = ':business' AND key = 'staff-' || :client_id + :first_staff \\gset
\\set prepared 1
\\endif
\\set visit :visit + 1
EXECUTE booking (
    ':business', {id_a}, '{{0}}', ARRAY[':resource']::uuid[], '{{0}}',
    ARRAY[{start}], ARRAY[{end}], ARRAY[{id_b}], {start}, {end}, {start}, {end},
    :version, ':location', ':service', {start}, {end}, 4800, {id_c},
    'client-' || :client_id + :first_staff || '-' || :visit || '@example.com', 'Zoe', NULL, NULL,
    {hash}, {id_d}, 'visitor', '{facts}', {hash}, {hash}, true, now(), {hash}, 'EUR', NULL, NULL
);
"""
_FACTS = (
    '{"service":"quick","start":"2026-12-01T10:00:00Z","end":"2026-12-01T10:05:00Z",'
    '"price_minor":4800,"currency":"EUR","location":"main"}'
)


@dataclass(frozen=True, slots=True)
class Reached:
    """Statements a second, the mean time of one, and the share of a processor pgbench took."""

    per_s: float
    mean_ms: float
    cpu_share: float


def program() -> Path | None:
    """The packaged pgbench, or the one on the PATH; None if there is neither."""
    try:
        packaged = (
            binaries_for(pwd.getpwuid(os.geteuid()), Settings.read().postgres_bin) / "pgbench"
        )
    except EmbeddedPostgresError:
        packaged = Path("pgbench")
    if packaged.exists():
        return packaged
    found = shutil.which("pgbench")
    return Path(found) if found else None


def script(start: datetime) -> str:
    """Visits of `rush`, one after the other, each connection for a person of its own."""

    def own_id(letter: str) -> str:
        """Ascending, as the ids that Bookonce makes."""
        number = "(:client_id + :first_staff) * 100000000::bigint + :visit"
        return f"('0190{letter * 4}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"

    at = f"(timestamptz '{start:%Y-%m-%d} 00:00+00' + interval '1 minute' * {VISIT_MIN} * "
    hashed = "sha256(('booking ' || :client_id + :first_staff || ' ' || :visit)::bytea)"
    return _SCRIPT.format(
        types=_TYPES, statement=SIMPLE_BOOKING, slug=SLUG, facts=_FACTS, hash=hashed,
        start=f"{at}:visit)", end=f"{at}(:visit + 1))",
        id_a=own_id("a"), id_b=own_id("b"), id_c=own_id("c"), id_d=own_id("d"),
    )  # fmt: skip


def run(
    url: str, start: datetime, *, connections: int, seconds: int, first_staff: int, first_visit: int
) -> Reached:
    """Book for some seconds, or until it fails, which is an error."""
    found = program()
    assert found is not None
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script(start))
        file.flush()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [
                str(found), "--no-vacuum", "--client", str(connections), "--jobs", "1",
                "--time", str(seconds), "--file", file.name, "--define", "prepared=0",
                "--define", f"first_staff={first_staff}", "--define", f"visit={first_visit}", url,
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0 or " 0 (0.000%)" not in done.stdout:
        raise RuntimeError(f"pgbench failed:\n{done.stdout}{done.stderr}")
    spent_s = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    return Reached(
        float(_figure(r"tps = ([\d.]+)", done.stdout)),
        float(_figure(r"latency average = ([\d.]+)", done.stdout)),
        spent_s / seconds,
    )


def _figure(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, text
    return found[1]
