"""The drill: back up, restore elsewhere, and have the same. Between the embedded database and one's
own, between versions of PostgreSQL, and when something goes wrong on the way.
"""

from __future__ import annotations

import asyncio
import itertools
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.business import toml_file
from bookonce.cli.backup import OF_ONE_SERVER
from bookonce.platform.actor import VISITOR
from bookonce.platform.database import Database
from bookonce.platform.embedded import EmbeddedPostgres
from tests import asking
from tests.cli.commands import bookonce, refused
from tests.factories import a_booking, a_business, a_visitor, tomorrow_at
from tests.operate.own_postgres import own_postgres
from tests.running import RunningServer
from tests.web.ledger import Contents, Ledger
from tests.web.visitors import a_wish
from tests.web.waiting import wait_until

_numbers = itertools.count(1)
Place = tuple[str, ...]
"""How a command is told which database: ("--data-dir", …) or ("--database-url", …)."""


@contextmanager
def address_of(place: Place) -> Iterator[str]:
    """The address of the database, for as long as the block runs."""
    if place[0] == "--database-url":
        yield place[1]
        return
    embedded = EmbeddedPostgres(Path(place[1]))
    yield embedded.acquire()
    embedded.release()


def contents(place: Place) -> Contents:
    """All rows but those that are about one server."""
    with address_of(place) as url, Ledger(url) as ledger:
        found = ledger.contents()
    return {table: rows for table, rows in found.items() if table not in OF_ONE_SERVER}


def furnish(place: Place) -> None:
    """A business with bookings, one of them with everything that a name can have in it."""
    assert bookonce("apply", "-", *place, stdin=toml_file.render(a_business("salon"))).code == 0

    async def make(url: str) -> None:
        database = Database(url, connections_max=1)
        await database.open()
        for hour in range(9, 15):
            name = f"Zoë \\N \\. 💇 {hour}"
            client = a_visitor(name=name, email=f"zoe{hour}@example.com")
            request = a_booking(tomorrow_at(hour), client=client)
            await book(Installation(database), "salon", request, actor=VISITOR,
                       now=datetime.now(UTC), idempotency_key=f"key {hour}")  # fmt: skip
        await database.close()

    with address_of(place) as url:
        asyncio.run(make(url))


@pytest.fixture(scope="module")
def embedded(scratch: Path) -> Place:
    """An embedded database with bookings."""
    place = ("--data-dir", str(scratch / "backed-up"))
    furnish(place)
    return place


@pytest.fixture(scope="module")
def backup_file(embedded: Place, scratch: Path) -> Path:
    """Its backup."""
    file = scratch / "salon.backup"
    outcome = bookonce("backup", file, *embedded)
    assert outcome.code == 0, outcome
    return file


def new_data_dir(scratch: Path) -> Place:
    """A database that isn't there yet."""
    return "--data-dir", str(scratch / f"restored-{next(_numbers)}")


def test_it_is_whole_and_nobody_else_may_read_it(backup_file: Path) -> None:
    assert stat.S_IMODE(backup_file.stat().st_mode) == 0o600
    assert list(backup_file.parent.glob("*.part")) == []


@pytest.mark.timeout(600)
def test_it_goes_round_every_kind_of_database(
    embedded: Place, backup_file: Path, scratch: Path
) -> None:
    """Embedded → own, 18 → 15 → 18, → embedded: the same rows each time."""
    before = contents(embedded)
    assert before["appointment"][0] == 6
    with ExitStack() as stack:
        file = backup_file
        for version in (None, 15, None):
            own = stack.enter_context(own_postgres(scratch / f"own-{next(_numbers)}", version))
            place: Place = ("--database-url", own.url)
            outcome = bookonce("restore", file, *place)
            assert outcome.code == 0, outcome
            assert contents(place) == before
            assert "6 appointments" in outcome.out
            file = scratch / f"again-{next(_numbers)}.backup"
            assert bookonce("backup", file, *place).code == 0
        place = new_data_dir(scratch)
        assert bookonce("restore", file, *place).code == 0
        assert contents(place) == before


def test_a_restored_copy_serves_and_its_jobs_are_off_until_started(
    backup_file: Path, scratch: Path
) -> None:
    place = new_data_dir(scratch)
    assert bookonce("restore", backup_file, *place).code == 0
    with address_of(place) as url, RunningServer(url, scratch / "copy", jobs=True) as server:
        wish = a_wish(tomorrow_at(16) + timedelta(days=1))
        answer = asking.post(f"{server.base_url}/api/v1/salon/book", json=wish)
        assert answer.status_code == 201
        taken = asking.post(f"{server.base_url}/api/v1/salon/book", json=a_wish(tomorrow_at(10)))
        assert taken.status_code == 409
        wait_until(lambda: "jobs are off" in server.log(), "a worker's word")
        with Ledger(url) as ledger:
            done = "SELECT count(*) FROM job_outcome WHERE outcome = 'done'"
            assert ledger.fetch(done)[0][0] == ledger.fetch(done)[0][0]
            assert ledger.fetch("SELECT count(*) FROM job_schedule")[0][0] == 0
            assert "jobs are off" in bookonce("jobs", "--database-url", url).err
            assert bookonce("jobs", "--start", "--database-url", url).code == 0
            wait_until(lambda: ledger.fetch("SELECT count(*) FROM job_schedule")[0][0] > 0, "jobs")


class TestRefusals:
    def test_a_file_that_is_there(self, embedded: Place, backup_file: Path) -> None:
        before = backup_file.read_bytes()
        refused(bookonce("backup", backup_file, *embedded), "there already")
        assert backup_file.read_bytes() == before

    def test_a_database_that_is_not_empty(self, embedded: Place, backup_file: Path) -> None:
        before = contents(embedded)
        refused(bookonce("restore", backup_file, *embedded), "isn't empty", "--data-dir")
        assert contents(embedded) == before

    def test_a_database_without_a_schema(self, scratch: Path, tmp_path: Path) -> None:
        outcome = bookonce("backup", tmp_path / "none", *new_data_dir(scratch))
        refused(outcome, "nothing to back up")
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_is_not_there(self, embedded: Place, tmp_path: Path) -> None:
        refused(bookonce("backup", tmp_path / "no" / "file", *embedded), "folder", "No such file")

    @pytest.mark.parametrize("text", [b"", b"not a backup", b"PGDMP"])
    def test_a_file_that_is_none(self, scratch: Path, tmp_path: Path, text: bytes) -> None:
        (tmp_path / "file").write_bytes(text)
        outcome = bookonce("restore", tmp_path / "file", *new_data_dir(scratch))
        assert outcome.code == 1
        assert "Traceback" not in outcome.said

    def test_one_that_is_cut_short_opens_no_business(
        self, backup_file: Path, scratch: Path, tmp_path: Path
    ) -> None:
        whole = backup_file.read_bytes()
        begun = whole.index(b"\x01", len(whole) // 2)
        (tmp_path / "file").write_bytes(whole[:begun])
        place = new_data_dir(scratch)
        outcome = bookonce("restore", tmp_path / "file", *place)
        refused(outcome, "cut short")
        assert "salon" not in bookonce("list", *place).said

    def test_one_of_a_newer_version(
        self, new_database: Callable[[], str], scratch: Path, tmp_path: Path
    ) -> None:
        url = new_database()
        file = tmp_path / "file"
        with Ledger(url) as ledger:
            ledger.fetch("INSERT INTO schema_migration (version) VALUES ('9999')")
            refused(bookonce("backup", file, "--database-url", url), "newer Bookonce")


def test_a_backup_of_two_bookings_at_one_time_is_not_restored(
    new_database: Callable[[], str], scratch: Path, tmp_path: Path
) -> None:
    """The guard stands while the rows come in."""
    url = new_database()
    furnish(("--database-url", url))
    with Ledger(url) as ledger:
        ledger.fetch("ALTER TABLE claim DROP CONSTRAINT claim_one_at_a_time")
        ledger.fetch("INSERT INTO claim SELECT (c).* FROM (SELECT jsonb_populate_record(claim, "
                     "jsonb_build_object('claim_id', gen_random_uuid())) AS c FROM claim LIMIT 1)")  # fmt: skip
    assert bookonce("backup", tmp_path / "file", "--database-url", url).code == 0
    place = new_data_dir(scratch)
    refused(bookonce("restore", tmp_path / "file", *place), "claim_one_at_a_time")
    refused(bookonce("list", *place), "restore", "new database")
