"""The drill of going back to a point in time, by the steps of `docs/operate.md`: for the embedded
database and for an operator's own.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bookonce.platform.embedded import SUPERUSER, EmbeddedPostgres
from bookonce.platform.postgres_programs import EmbeddedPostgresError
from bookonce.platform.schema import migrate
from tests.operate.own_postgres import OwnPostgres, binaries_of
from tests.operate.test_backup import furnish
from tests.web.ledger import Ledger
from tests.web.waiting import wait_until

COUNT = "SELECT count(*) FROM appointment"


class Drilled(EmbeddedPostgres):
    """A database of which we know the files."""

    @property
    def cluster(self) -> Path:
        """Where they are."""
        return self._cluster()

    def copy_to(self, folder: Path) -> None:
        """The second step of the page."""
        self._run(
            self.cluster, "pg_basebackup", "-h", str(self._socket_in_use(self.cluster)),
            "-U", SUPERUSER, "-D", str(folder), "--checkpoint=fast",
        )  # fmt: skip


class DrilledOwn(OwnPostgres, Drilled):
    """The same on a port."""

    def copy_to(self, folder: Path) -> None:
        """The second step of the page."""
        self._run(
            self.cluster, "pg_basebackup", "-h", str(self.cluster), "-p", str(self.port),
            "-U", SUPERUSER, "-D", str(folder), "--checkpoint=fast",
        )  # fmt: skip


def documented(step: str, wal: Path, until: datetime) -> list[str]:
    """The settings that the page names in a step, with our folder and moment."""
    page = (Path(__file__).parents[2] / "docs/operate.md").read_text()
    text = page[page.index("## Go back to a point in time") :].partition("\n## ")[0]
    if step == "on":
        lines = [one.split('"')[1] for one in text.splitlines() if "ALTER SYSTEM" in one]
    else:
        lines = [
            one.strip() for one in text.partition("<<'END'\n")[2].partition("END")[0].splitlines()
        ]
    moment = f"{until:%Y-%m-%d %H:%M:%S.%f+00}"
    return [
        one.replace("/srv/wal", str(wal)).replace("2026-11-27 10:41:00+00", moment)
        for one in lines
        if one
    ]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["embedded", "own 15"])
def test_it_goes_back_to_a_moment(kind: str, scratch: Path) -> None:
    folder = scratch / f"moment-{kind.replace(' ', '-')}"
    folder.mkdir(mode=0o711)
    then: Drilled
    if kind == "embedded":
        server, then = Drilled(folder / "now"), Drilled(folder / "then")
    else:
        binaries = binaries_of(15)
        server = DrilledOwn(folder / "now", binaries)
        then = DrilledOwn(folder / "then", binaries)
        then.port = server.port
    try:
        before = _lose_what_came_after(server, folder)
        _go_back(server, then, folder, before)
    finally:
        for each in (server, then):
            if each.data_dir.exists():
                each.stop_if_running()
                each.release()
                shutil.rmtree(each.cluster, ignore_errors=True)


def _lose_what_came_after(server: Drilled, folder: Path) -> datetime:
    """Bookings, a copy, more bookings; then the moment, after which all are lost."""
    url = server.acquire()
    superuser = url.replace("bookonce@", "postgres@")
    if isinstance(server, OwnPostgres):
        superuser = superuser.replace("?", f"?port={server.port}&")
        url = server.url
    asyncio.run(migrate(url))
    wal = folder / "wal"
    wal.mkdir()
    shutil.chown(wal, server.cluster.owner())
    with Ledger(superuser) as ledger:
        for statement in documented("on", wal, datetime.now(UTC)):
            ledger.fetch(statement)
    server.stop_if_running()
    server.acquire()
    base = folder / "base"
    base.mkdir()
    shutil.chown(base, server.cluster.owner())
    base.chmod(0o700)
    server.copy_to(base)
    furnish(("--database-url", url))
    with Ledger(superuser) as ledger:
        assert ledger.fetch(COUNT.replace("appointment", "pg_database"))
    with Ledger(url) as ledger:
        before: datetime = ledger.fetch("SELECT clock_timestamp()")[0][0] + timedelta(
            milliseconds=1
        )
        assert ledger.fetch(COUNT)[0][0] == 6
        wait_until(lambda: ledger.fetch("SELECT clock_timestamp()")[0][0] > before, "the moment")
        ledger.fetch("UPDATE appointment SET notes = 'lost'")
    with Ledger(superuser) as ledger:
        ledger.fetch("SELECT pg_switch_wal()")
        archived = "SELECT last_archived_wal FROM pg_stat_archiver WHERE failed_count = 0"
        name = ledger.fetch("SELECT pg_walfile_name(pg_current_wal_lsn() - 1)")[0][0]
        wait_until(lambda: (ledger.fetch(archived) or [[""]])[0][0] >= name, "the archive")
    return before


def _go_back(server: Drilled, then: Drilled, folder: Path, before: datetime) -> None:
    server.stop_if_running()
    then.data_dir.mkdir(mode=0o711)
    then.data_dir.chmod(0o711)
    cluster = then.cluster
    shutil.copytree(folder / "base", cluster)
    owner = server.cluster.stat()
    with (cluster / "postgresql.auto.conf").open("a") as settings:
        settings.write("\n".join(documented("back", folder / "wal", before)) + "\n")
    for lock in cluster.glob(".s.PGSQL.*.lock"):
        lock.unlink()
    (cluster / "recovery.signal").touch()
    for place in (cluster, *cluster.rglob("*")):
        os.chown(place, owner.st_uid, owner.st_gid)
    cluster.chmod(0o700)
    try:
        url = then.acquire()
    except EmbeddedPostgresError:
        for file in sorted((cluster / "log").glob("*")):
            print(file.read_text()[-3000:])
        raise
    with Ledger(then.url if isinstance(then, OwnPostgres) else url) as ledger:
        assert ledger.fetch("SELECT pg_is_in_recovery()")[0][0] is False
        assert ledger.fetch(COUNT)[0][0] == 6
        assert ledger.fetch(f"{COUNT} WHERE notes = 'lost'")[0][0] == 0
