"""A database from before businesses were documents is converted, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files

import asyncpg
import pytest
from babel.numbers import get_currency_precision, list_currencies

from bookonce.booking import apply_file
from bookonce.business import toml_file
from bookonce.business.directories import Directories
from bookonce.business.versions import history
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.schema import migrate

MIGRATIONS = files("bookonce.platform").joinpath("migrations")
BUSINESS, PLAIN = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"

AS_IT_WAS = f"""
INSERT INTO business (business_id, name, currency, locale, slot_step_min, notice_min, horizon_days,
                      cancel_until_min, version, created_at, timezone)
VALUES ('{BUSINESS}', 'Nordlicht', 'KWD', 'de', 15, 0, 30, 60, 7, now(), 'Europe/Berlin');
UPDATE business SET page = '{{"colour": "#7a3e9d"}}',
    protection = '{{"bookings_per_email": 2}}',
    payments = '{{"provider": "on_site", "refunds": [{{"until_min": 60, "percent": 50}}]}}';
INSERT INTO business_slug VALUES ('nordlicht', '{BUSINESS}');
INSERT INTO location (business_id, location_id, key, name, timezone, address, hours, dates, listed,
                      active, position)
VALUES
    ('{BUSINESS}', '{BUSINESS}', 'mitte', 'Mitte', NULL, 'Torstraße 1', NULL, '[]', true, true, 1),
    ('{BUSINESS}', '{PLAIN}', 'soho', 'Soho', 'Europe/London', '', '{{"mon": ["10:00-02:00"]}}',
     '[{{"date": "2026-12-24", "hours": []}}]', true, true, 2),
    ('{BUSINESS}', gen_random_uuid(), 'shut', 'Shut', NULL, '', NULL, '[]', true, false, 3);
INSERT INTO resource (business_id, resource_id, kind, key, name, email, position, active, location_id)
VALUES
    ('{BUSINESS}', '{BUSINESS}', 'staff', 'bela', 'Bela', 'bela@example.com', 1, true, NULL),
    ('{BUSINESS}', '{PLAIN}', 'staff', 'ada', 'Ada', NULL, 2, true, NULL),
    ('{BUSINESS}', '{BUSINESS[:-1]}c', 'staff', 'gone', 'Gone', NULL, 3, false, NULL),
    ('{BUSINESS}', '{BUSINESS[:-1]}d', 'chair', 'c1', 'Chair', NULL, 4, true, '{PLAIN}');
INSERT INTO weekly_hours VALUES
    ('{BUSINESS}', '{BUSINESS}', '{BUSINESS}', 1, ARRAY['[540,720)'::int4range, '[780,1440)']),
    ('{BUSINESS}', '{BUSINESS}', '{PLAIN}', 6, ARRAY['[1320,1560)'::int4range]);
INSERT INTO date_override VALUES
    ('{BUSINESS}', '{BUSINESS}', '{PLAIN}', '2026-12-24', '{{}}'),
    ('{BUSINESS}', '{PLAIN}', '{PLAIN}', '2026-12-31', ARRAY['[0,1440)'::int4range]);
INSERT INTO service (business_id, service_id, key, name, duration_min, buffer_before_min,
                     buffer_after_min, price_minor, by_everyone, position, active, phases, needs,
                     everywhere, deposit, deposit_for)
VALUES
    ('{BUSINESS}', '{BUSINESS}', 'cut', 'Cut', 45, 5, 10, 4805, false, 1, true, '[]', '{{chair}}',
     false, '30%', '{{new_clients}}'),
    ('{BUSINESS}', '{PLAIN}', 'colour', 'Colour', 60, 0, 0, NULL, true, 2, true,
     '[{{"duration_min": 40}}, {{"duration_min": 20, "staff": false}}]', '{{}}', true, NULL, '{{}}'),
    ('{BUSINESS}', gen_random_uuid(), 'old', 'Old', 60, 0, 0, NULL, true, 3, false, '[]', '{{}}',
     true, NULL, '{{}}');
INSERT INTO service_performer VALUES
    ('{BUSINESS}', '{BUSINESS}', '{BUSINESS}'), ('{BUSINESS}', '{BUSINESS}', '{BUSINESS[:-1]}c');
INSERT INTO service_location VALUES ('{BUSINESS}', '{BUSINESS}', '{PLAIN}');
INSERT INTO claim (business_id, claim_id, resource_id, during, kind, reason)
VALUES
    ('{BUSINESS}', gen_random_uuid(), '{BUSINESS}', '[2026-12-27 23:00+00,2026-12-28 23:00+00)',
     'time_off', 'holiday'),
    ('{BUSINESS}', gen_random_uuid(), '{BUSINESS}', '[2026-12-30 08:00+00,2026-12-30 09:00+00)',
     'blocked', 'painter');

INSERT INTO business (business_id, name, currency, locale, slot_step_min, notice_min, horizon_days,
                      cancel_until_min, created_at, timezone)
VALUES ('{PLAIN}', 'Plain', 'JPY', 'en', 15, 60, 90, 1440, now(), 'Asia/Tokyo');
INSERT INTO business_slug VALUES ('plain', '{PLAIN}');
INSERT INTO location (business_id, location_id, key, name, listed)
VALUES ('{PLAIN}', '{PLAIN}', 'main', 'Plain', false);
INSERT INTO resource (business_id, resource_id, kind, key, name, position, location_id)
VALUES ('{PLAIN}', '{PLAIN}', 'staff', 'ada', 'Ada', 1, NULL),
       ('{PLAIN}', '{BUSINESS}', 'room', 'r1', 'Room', 2, '{PLAIN}');
INSERT INTO weekly_hours VALUES ('{PLAIN}', '{PLAIN}', '{PLAIN}', 7, ARRAY['[600,601)'::int4range]);
INSERT INTO service (business_id, service_id, key, name, duration_min, buffer_before_min,
                     buffer_after_min, price_minor, by_everyone, position)
VALUES ('{PLAIN}', '{PLAIN}', 'cut', 'Cut', 45, 0, 0, 4800, true, 1);
"""

NORDLICHT = """
[business]
slug = "nordlicht"
name = "Nordlicht"
timezone = "Europe/Berlin"
currency = "KWD"
locale = "de"
[policy]
notice_min = 0
horizon_days = 30
cancel_until_min = 60
[page]
colour = "#7a3e9d"
[protection]
bookings_per_email = 2
[payments]
provider = "on_site"
refunds = [{ until_min = 60, percent = 50 }]
[[location]]
key = "mitte"
name = "Mitte"
address = "Torstraße 1"
[[location]]
key = "soho"
name = "Soho"
timezone = "Europe/London"
hours = { mon = ["10:00-02:00"] }
dates = [{ date = "2026-12-24", hours = [] }]
[[staff]]
key = "bela"
name = "Bela"
email = "bela@example.com"
at = [
  { location = "mitte", hours = { mon = ["09:00-12:00", "13:00-24:00"] } },
  { location = "soho", hours = { sat = ["22:00-02:00"] }, dates = [{ date = "2026-12-24", hours = [] }] },
]
time_off = [{ from = "2026-12-28T00:00", to = "2026-12-29T00:00", reason = "holiday" }]
[[staff]]
key = "ada"
name = "Ada"
at = [{ location = "soho", dates = [{ date = "2026-12-31", hours = ["00:00-24:00"] }] }]
[[resource]]
key = "c1"
name = "Chair"
kind = "chair"
location = "soho"
[[service]]
key = "cut"
name = "Cut"
duration_min = 45
buffer_before_min = 5
buffer_after_min = 10
price = "4.805"
deposit = "30%"
deposit_for = ["new_clients"]
staff = ["bela"]
needs = ["chair"]
locations = ["soho"]
[[service]]
key = "colour"
name = "Colour"
duration_min = 60
phases = [{ duration_min = 40 }, { duration_min = 20, staff = false }]
"""

PLAINLY = """
[business]
slug = "plain"
name = "Plain"
timezone = "Asia/Tokyo"
currency = "JPY"
[[staff]]
key = "ada"
name = "Ada"
hours = { sun = ["10:00-10:01"] }
[[resource]]
key = "r1"
name = "Room"
kind = "room"
[[service]]
key = "cut"
name = "Cut"
duration_min = 45
price = "4800"
"""


async def at_version_seven(url: str) -> None:
    """Make an empty database what it was when businesses were spread over tables."""
    connection = await asyncpg.connect(url)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.execute("CREATE TABLE schema_migration (version varchar(255) PRIMARY KEY)")
    for entry in sorted(MIGRATIONS.iterdir(), key=lambda entry: entry.name):
        if "0001" <= entry.name[:4] <= "0007":
            await connection.execute(entry.read_text().partition("-- migrate:down")[0])
            await connection.execute("INSERT INTO schema_migration VALUES ($1)", entry.name[:4])
    await connection.execute(AS_IT_WAS)
    await connection.close()


async def test_a_business_is_exported_as_it_was(new_database: Callable[[], str]) -> None:
    url = await _converted(new_database)
    database = Database(url, connections_max=1)
    await database.open()
    for slug, text, version in (("nordlicht", NORDLICHT, 7), ("plain", PLAINLY, 1)):
        business = toml_file.parse(text)
        assert await apply_file.export(database, slug) == business
        directory = await Directories(database).current(slug)
        assert directory.version == version
        applied = await apply_file.apply(database, business, now=datetime.now(UTC))
        assert applied.changes == []
        [first] = await history(database, directory.business_id, 20)
        assert (first.version, first.actor.name) == (version, "upgrade")
    found = await database.run(_sources)
    assert found == [("blocked", "office"), ("time_off", "file")]
    await database.close()


async def _converted(new_database: Callable[[], str]) -> str:
    url = await asyncio.to_thread(new_database)
    await at_version_seven(url)
    await migrate(url)
    return url


async def _sources(connection: Connection) -> list[tuple[str, str]]:
    rows = await connection.fetch("SELECT kind, source FROM claim ORDER BY kind")
    return [(row["kind"], row["source"]) for row in rows]


@pytest.mark.parametrize("digits", [0, 3, 4])
def test_amounts_are_written_with_as_many_digits_as_the_currency_has(digits: int) -> None:
    text = MIGRATIONS.joinpath("0009_business_document.sql").read_text()
    listed = text.partition("SELECT business_id, CASE")[2].partition("ELSE 2 END")[0]
    [branch] = [each for each in listed.split("WHEN ") if each.strip().endswith(f"THEN {digits}")]
    named = {code for code in list_currencies() if f"'{code}'" in branch}
    assert named == {code for code in list_currencies() if get_currency_precision(code) == digits}
