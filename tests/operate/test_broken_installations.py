"""Each way in which an installation can be broken, and what `serve`, `/readyz` and `doctor` say of
it: what it is, and what to do.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from litestar.testing import TestClient

from bookonce.platform.embedded import EmbeddedPostgres
from bookonce.platform.schema import migrate
from bookonce.platform.settings import Settings
from bookonce.torture.full_disk import Volume, VolumeError
from tests import asking
from tests.cli.commands import Outcome, bookonce
from tests.factories import a_business, tomorrow_at
from tests.operate.own_postgres import own_postgres, pooled
from tests.running import RunningServer, database_named, free_port
from tests.web.ledger import Ledger
from tests.web.visitors import a_wish
from tests.web.waiting import wait_until

# Litestar's, of what its next version leaves out.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ROOT = Path(__file__).parents[2]
GUARD = "EXCLUDE USING gist (business_id WITH =, resource_id WITH =, during WITH &&)"
DROPPED = "ALTER TABLE claim DROP CONSTRAINT claim_one_at_a_time"
ROLE_WITHOUT_RIGHTS = "without_rights"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Broken:
    """One way: how it is brought about, as the superuser, and words that must be said."""

    name: str
    statements: tuple[str, ...]
    words: tuple[str, ...]
    options: str = ""
    """Of CREATE DATABASE, for what can't be changed later."""
    role: str = "bookonce"
    serve_mends: bool = False
    on_the_cluster: tuple[str, ...] = field(default=())


def _with_guard(definition: str) -> tuple[str, ...]:
    return (DROPPED, f"ALTER TABLE claim ADD CONSTRAINT claim_one_at_a_time {definition}")


BROKEN = [
    Broken("guard dropped", (DROPPED,), ("guard", "claim_one_at_a_time", "double bookings")),
    Broken("guard deferrable", _with_guard(f"{GUARD} DEFERRABLE"), ("guard", "altered")),
    Broken(
        "guard of some claims only",
        _with_guard(f"{GUARD} WHERE (kind <> 'appointment')"),
        ("guard", "altered"),
    ),
    Broken(
        "guard of something else",
        _with_guard(GUARD.replace("resource_id", "claim_id")),
        ("guard", "altered"),
    ),
    Broken(
        "guard without a valid index",
        ("UPDATE pg_index SET indisvalid = false"
         " WHERE indexrelid = 'claim_one_at_a_time'::regclass",),
        ("guard", "altered"),
    ),
    Broken(
        "claims kept elsewhere",
        ("CREATE SCHEMA other; CREATE TABLE other.claim (LIKE claim);"
            " GRANT USAGE ON SCHEMA other TO bookonce; GRANT ALL ON other.claim TO bookonce",
         "ALTER ROLE bookonce IN DATABASE {name} SET search_path = other, public"),
        ("guard", "missing"),
    ),
    Broken(
        "a key dropped",
        ("ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey",),
        ("keys", "idempotency", "restore a backup"),
    ),
    Broken(
        "schema older",
        ("DELETE FROM schema_migration WHERE version = (SELECT max(version) FROM schema_migration)",),
        ("schema", "lacks", "bookonce migrate"),
        serve_mends=True,
    ),
    Broken(
        "schema newer",
        ("INSERT INTO schema_migration (version) VALUES ('9999')",),
        ("newer Bookonce", "9999", "restore the backup"),
    ),
    Broken(
        "schema of another",
        ("INSERT INTO schema_migration (version) VALUES ('0003x')",),
        ("never had", "0003x", "restore the backup"),
    ),
    Broken(
        "somebody else's table of migrations",
        ("ALTER TABLE schema_migration RENAME version TO id",),
        ("schema", "isn't Bookonce's", "BOOKONCE_DATABASE_URL"),
    ),
    Broken(
        "read-only",
        ("ALTER DATABASE {name} SET default_transaction_read_only = on",),
        ("writing", "read-only", "default_transaction_read_only"),
    ),
    Broken(
        "LATIN1",
        (),
        ("encoding", "LATIN1", "ENCODING 'UTF8'"),
        options="ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
    ),
    Broken(
        "clock off",
        ("CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql"
         " AS 'SELECT pg_catalog.clock_timestamp() + interval ''1 hour'''",
         "ALTER DATABASE {name} SET search_path = public, pg_catalog"),
        ("clock", "NTP"),
    ),
    Broken(
        "no rights",
        (f"GRANT USAGE ON SCHEMA public TO {ROLE_WITHOUT_RIGHTS}",
         f"GRANT SELECT ON schema_migration TO {ROLE_WITHOUT_RIGHTS}"),
        ("rights", ROLE_WITHOUT_RIGHTS, "claim", "GRANT"),
        role=ROLE_WITHOUT_RIGHTS,
    ),
    Broken(
        "no rights on the schema's table",
        (f"GRANT USAGE ON SCHEMA public TO {ROLE_WITHOUT_RIGHTS}",),
        ("rights", "GRANT"),
        role=ROLE_WITHOUT_RIGHTS,
    ),
]  # fmt: skip


@pytest.fixture(scope="session")
def with_password(scratch: Path) -> Iterator[str]:
    """The address of a PostgreSQL that asks for a password, with a migrated database and a role
    that may do nothing."""
    with own_postgres(scratch / "broken") as server:
        asyncio.run(migrate(server.url))
        server.execute(f"CREATE ROLE {ROLE_WITHOUT_RIGHTS} LOGIN PASSWORD 'x'")
        server.execute("ALTER ROLE postgres PASSWORD 'x'")
        yield server.url


def _as(url: str, role: str, name: str) -> str:
    of_role = url if role == "bookonce" else url.replace("bookonce:correct-horse@", f"{role}:x@")
    return database_named(of_role, name)


@pytest.fixture
def break_it(with_password: str) -> Callable[[Broken], str]:
    """Makes a database that is broken in one way, and tells its address."""

    def make(broken: Broken) -> str:
        name = f"broken_{os.getpid()}_{next(_numbers)}"
        with Ledger(_as(with_password, "postgres", "postgres")) as cluster:
            template = "template0" if broken.options else "bookonce"
            cluster.fetch(
                f"CREATE DATABASE {name} OWNER bookonce TEMPLATE {template} {broken.options}"
            )
        with Ledger(_as(with_password, "postgres", name)) as ledger:
            for statement in broken.statements:
                for one in statement.split(";"):
                    ledger.fetch(one.format(name=name))
        return _as(with_password, broken.role, name)

    return make


def told(outcome: Outcome, *words: str) -> None:
    """Require exit code 1, these words, and no stack trace."""
    assert outcome.code == 1, outcome
    assert "Traceback" not in outcome.said
    said = " ".join(outcome.said.split())
    for word in words:
        assert word in said, said


def readyz(url: str) -> tuple[int, str]:
    """What `/readyz` of a server on this database answers."""
    from bookonce.web.application import create_application

    settings = Settings.read({"BOOKONCE_DATABASE_URL": url})
    with TestClient(app=create_application(settings)) as client:
        answer = client.get("/readyz")
    return answer.status_code, answer.text


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_all_three_say_what_is_broken_and_what_to_do(
    broken: Broken, break_it: Callable[[Broken], str]
) -> None:
    url = break_it(broken)
    status, text = readyz(url)
    assert status == 503
    assert "TRY_AGAIN" in text
    for word in broken.words:
        assert word in text, text
    wide = {"COLUMNS": "600"}
    told(bookonce("doctor", "--database-url", url, **wide), *broken.words)
    if not broken.serve_mends:
        port = str(free_port())
        told(bookonce("serve", "--port", port, "--database-url", url, **wide), *broken.words)
        told(bookonce("worker", "--database-url", url, **wide), *broken.words)


def test_a_database_that_is_well_is_ready(break_it: Callable[[Broken], str]) -> None:
    """The control of all of the above."""
    url = break_it(Broken("well", (), ()))
    assert readyz(url) == (200, '{"status":"ready"}')
    assert bookonce("doctor", "--database-url", url).code == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("correct-horse", "wrong-horse"), ("password", "check both", "--database-url")),
        (("bookonce:", "nobody:"), ("password", "check both", "--database-url")),
        (("/bookonce?", "/nowhere?"), ("no such database", "CREATE DATABASE", "--database-url")),
    ],
    ids=["wrong password", "wrong user", "wrong database"],
)
def test_who_is_not_let_in_is_told_so(
    with_password: str, change: tuple[str, str], words: tuple[str, ...]
) -> None:
    url = f"{with_password}?".replace(*change).rstrip("?")
    for command in (["doctor"], ["serve", "--port", str(free_port())], ["migrate"], ["list"]):
        told(bookonce(*command, "--database-url", url), *words)
    status, text = readyz(url)
    assert status == 503
    assert words[0] in text
    assert "horse" not in text


class TestPoolers:
    @pytest.mark.parametrize("mode", ["transaction", "statement"])
    def test_one_that_mixes_sessions_is_refused(self, scratch: Path, mode: str) -> None:
        with own_postgres(scratch / f"pooled-{mode}") as server:
            asyncio.run(migrate(server.url))
            with pooled(server, scratch / "pgbouncer", mode) as url:
                words = ("pooler", "transaction or statement mode", "pool_mode = session")
                wait_until(
                    lambda: "pooler" in bookonce("doctor", "--database-url", url).out, "pgbouncer"
                )
                told(bookonce("doctor", "--database-url", url, COLUMNS="600"), *words)
                port = str(free_port())
                told(bookonce("serve", "--port", port, "--database-url", url), *words)


def test_without_zone_rules_it_is_told(tmp_path: Path, break_it: Callable[[Broken], str]) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['tzdata'] = None\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", str(ROOT / "src"))])
    url = break_it(Broken("well", (), ()))
    words = ("time zones", "tzdata", "pip install tzdata")
    told(bookonce("doctor", "--database-url", url, PYTHONPATH=path), *words)
    port = str(free_port())
    told(bookonce("serve", "--port", port, "--database-url", url, PYTHONPATH=path), *words)
    assert bookonce("--version", PYTHONPATH=path).code == 0


@pytest.mark.parametrize("command", [["doctor"], ["serve"], ["list"]])
def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / "data"
    told(bookonce(*command, "--data-dir", place), "folder", str(tmp_path / "file"), "--data-dir")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    told(bookonce("doctor", "--data-dir", tmp_path / "data"), "permission denied", "--data-dir")


class TestFullDisk:
    """On a file system in memory that is filled; root only."""

    @pytest.fixture
    def volume(self, scratch: Path) -> Iterator[Volume]:
        volume = Volume(scratch / f"full-{next(_numbers)}")
        try:
            volume.mount()
        except VolumeError as error:
            pytest.skip(f"a disk can't be filled here: {error}")
        yield volume
        volume.unmount()

    def test_readyz_and_doctor_follow_and_forget(self, volume: Volume) -> None:
        embedded = EmbeddedPostgres(volume.folder)
        with ExitStack() as stack:
            stack.callback(embedded.release)
            url = embedded.acquire()
            asyncio.run(migrate(url))
            assert readyz(url)[0] == 200
            volume.fill()
            status, text = readyz(url)
            assert status == 503
            assert "disk is full" in text
            told(bookonce("doctor", "--database-url", url), "disk is full", "make room")
            volume.free()
            assert readyz(url)[0] == 200

    def test_serve_says_so(self, volume: Volume) -> None:
        assert bookonce("migrate", "--data-dir", volume.folder).code == 0
        volume.fill()
        told(bookonce("serve", "--data-dir", volume.folder, "--port", str(free_port())), "disk",
             "full", "room")  # fmt: skip


def test_a_running_server_is_not_ready_without_its_guard(
    scratch: Path, new_database: Callable[[], str]
) -> None:
    url = new_database()
    with RunningServer(url, scratch / "unguarded") as server, Ledger(url) as ledger:
        assert server._is_ready()
        ledger.fetch(DROPPED)
        assert not server._is_ready()
        ledger.fetch(f"ALTER TABLE claim ADD CONSTRAINT claim_one_at_a_time {GUARD}")
        assert server._is_ready()


def test_a_pooler_that_keeps_sessions_serves(scratch: Path) -> None:
    with ExitStack() as stack:
        own = stack.enter_context(own_postgres(scratch / "pooled-session"))
        asyncio.run(migrate(own.url))
        url = stack.enter_context(pooled(own, scratch / "pgbouncer", "session"))
        wait_until(lambda: "pooler" in bookonce("doctor", "--database-url", url).out, "pgbouncer")
        server = stack.enter_context(RunningServer(url, scratch / "pooled", jobs=True))
        server.apply(a_business("salon"))
        answer = asking.post(f"{server.base_url}/api/v1/salon/book", json=a_wish(tomorrow_at(10)))
        assert answer.status_code == 201
        assert "error" not in server.log()
