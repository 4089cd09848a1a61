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

import bookonce.followers  # noqa: F401 - declares who follows events
from bench.rush import SLUG, VISIT_MIN
from bookonce.booking.booking_rows import SIMPLE_BOOKING
from bookonce.events.catalogue import BOOKED
from bookonce.events.followers import is_followed
from bookonce.platform.postgres_programs import EmbeddedPostgresError, binaries_for
from bookonce.platform.settings import Settings
from bookonce.platform.zone_database import RULES

_SCRIPT = """
\\if :prepared
\\else
PREPARE booking AS {statement};
SELECT business_id AS business, location_id AS location, service_id AS service, version
FROM business_slug JOIN business USING (business_id) JOIN location USING (business_id)
JOIN service USING (business_id) WHERE slug = '{slug}' AND service.key = 'quick' \\gset
SELECT resource_id AS resource FROM resource
WHERE business_id = ':business' AND key = 'staff-' || :client_id + :first_staff \\gset
\\set prepared 1
\\endif
\\set visit :visit + 1
EXECUTE booking (
    {values}
);
"""
_TIMES = '"start":"2026-12-01T10:00:00Z","end":"2026-12-01T10:05:00Z","price_minor":4800'
_PART = (
    f'{{"service":"quick","service_name":"Quick","staff":"staff-0","staff_name":"Staff",{_TIMES}}}'
)
_FACTS = f'{{"parts":[{_PART}],{_TIMES},"currency":"EUR","location":"main","resources":[]}}'


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
    """Visits of `rush`, one after the other, each connection for a person of its own.

    PostgreSQL finds out the types of the parameters by itself, as it does for the driver.
    """
    values = _values(start)
    return _SCRIPT.format(
        statement=SIMPLE_BOOKING.sql,
        slug=SLUG,
        values=",\n    ".join(values[name] for name in SIMPLE_BOOKING.names),
    )


def _values(start: datetime) -> dict[str, str]:
    """What each name of the statement stands for, in SQL."""

    def own_id(letter: str) -> str:
        """Ascending, as the ids that Bookonce makes."""
        number = "(:client_id + :first_staff) * 100000000::bigint + :visit"
        return f"('0190{letter * 4}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"

    visit = f"(timestamptz '{start:%Y-%m-%d} 00:00+00' + interval '1 minute' * {VISIT_MIN} * "
    low, high = f"{visit}:visit)", f"{visit}(:visit + 1))"
    hashed = "sha256(('booking ' || :client_id + :first_staff || ' ' || :visit)::bytea)"
    return {
        "business_id": "':business'", "version": ":version", "location_id": "':location'",
        "zone_turn": "0", "location_name": "''", "location_address": "''", "zone": "'UTC'",
        "wall_start": f"({low} AT TIME ZONE 'UTC')", "zone_rules": f"'{RULES}'",
        "resource_id": "':resource'", "candidate_ids": "ARRAY[':resource']::uuid[]",
        "service_id": "':service'", "service_name": "'Quick'", "staff_name": "'Staff'",
        "facts": f"'{_FACTS}'",
        "claim_id": own_id("b"), "claim_start": low, "claim_end": high,
        "around_start": low, "around_end": high, "starts_at": low, "ends_at": high,
        "appointment_id": own_id("a"), "status": "'confirmed'", "price_minor": "4800",
        "currency": "'EUR'", "deposit_minor": "NULL", "language": "NULL", "hold_expires_at": "NULL", "notes": "NULL", "answers": "NULL",
        "client_id": own_id("c"), "client_name": "'Zoe'", "client_phone": "NULL",
        "client_email":
            "'client-' || :client_id + :first_staff || '-' || :visit || '@example.com'",
        "token_hash": hashed, "sealed_token": hashed, "key_hash": hashed, "request_hash": hashed,
        "event_id": own_id("d"), "kind": "'appointment.booked'",
        "actor": """'{"kind":"visitor"}'""", "is_unrelayed": str(is_followed(BOOKED.name)).lower(),
        "keep_refusal": "true", "now": "now()",
    }  # fmt: skip


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
