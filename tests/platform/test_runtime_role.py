"""The role that serves may do less than the one that owns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.move import MoveRequest, move
from bookonce.payments.pay import receive
from bookonce.payments.providers.on_site import OnSitePayments
from bookonce.platform.actor import VISITOR
from bookonce.platform.database import Database
from bookonce.platform.embedded import RUNTIME_ROLE, EmbeddedPostgres
from bookonce.platform.runtime_role import grant_runtime, role_of, with_role
from bookonce.platform.schema import MigrationError
from bookonce.platform.settings import Settings
from tests.factories import a_booking, a_business, a_service, tomorrow_at
from tests.running import RunningServer

NOW = datetime.now(UTC)


@pytest.fixture
async def runtime_url(database_url: str) -> str:
    url = with_role(database_url, RUNTIME_ROLE)
    await grant_runtime(database_url, url)
    return url


@pytest.fixture
async def runtime(runtime_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(runtime_url)
    yield connection
    await connection.close()


FORBIDDEN = [
    "UPDATE event SET data = '{}'", "UPDATE event SET at = now()", "UPDATE event SET kind = 'x'",
    "DELETE FROM event", "TRUNCATE event", "UPDATE ledger_entry SET amount_minor = 0",
    "DELETE FROM ledger_entry", "TRUNCATE ledger_entry", "DELETE FROM schema_migration",
    "INSERT INTO schema_migration VALUES ('9999')", "DROP TABLE claim",
    "ALTER TABLE claim DROP CONSTRAINT claim_one_at_a_time", "ALTER TABLE event ADD COLUMN x int",
    "CREATE TABLE mine (x int)", "CREATE INDEX ON event (kind)", "SELECT grant_runtime('postgres')",
    "SET ROLE bookonce", "CREATE ROLE another",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "TRUNCATE appointment CASCADE",
    "ALTER TABLE event DISABLE TRIGGER ALL", "SET session_replication_role = replica",
]  # fmt: skip


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_it_can_change_neither_the_schema_nor_what_happened(
    runtime: asyncpg.Connection, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await runtime.execute(statement)


async def test_it_can_mark_an_event_as_relayed(runtime: asyncpg.Connection) -> None:
    await runtime.execute("UPDATE event SET is_unrelayed = false")
    await runtime.execute("SELECT 1 FROM event FOR NO KEY UPDATE SKIP LOCKED")


async def test_it_reads_and_writes_every_other_table(runtime: asyncpg.Connection) -> None:
    rows = await runtime.fetch(
        """
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
          AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
                   AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))
        """
    )
    assert {name for (name,) in rows} == {"event", "ledger_entry", "schema_migration"}


async def test_a_visit_is_booked_paid_moved_and_cancelled_by_it(
    database: Database, runtime_url: str
) -> None:
    service = a_service(price="48.00", deposit="10.00")
    business = a_business(service=[service], payments={"provider": "on_site"})
    await apply_file.apply(database, business, now=NOW)
    serving = Database(runtime_url, connections_max=4)
    await serving.open()
    installation = Installation(serving, providers={"on_site": OnSitePayments()})
    slug = business.business.slug
    request = a_booking(tomorrow_at(10))
    booked = await book(installation, slug, request, actor=VISITOR, now=NOW, idempotency_key="k")
    again = await book(installation, slug, request, actor=VISITOR, now=NOW, idempotency_key="k")
    assert again.token == booked.token
    await receive(installation, slug, booked.appointment.id, now=NOW)
    later = MoveRequest(tomorrow_at(15))
    await move(installation, slug, booked.appointment.id, later, actor=VISITOR, now=NOW)
    found = await cancel(installation, slug, booked.appointment.id, actor=VISITOR, now=NOW)
    assert found.appointment.status == "cancelled"
    await serving.close()


async def test_a_table_that_was_made_since_is_covered(
    database_url: str, runtime_url: str, runtime: asyncpg.Connection
) -> None:
    owner = await asyncpg.connect(database_url)
    await owner.execute("CREATE TABLE of_a_later_version (x int)")
    await owner.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await runtime.execute("SELECT * FROM of_a_later_version")
    await grant_runtime(database_url, runtime_url)
    await runtime.execute("INSERT INTO of_a_later_version VALUES (1)")


async def test_an_owner_that_serves_itself_is_left_alone(database_url: str) -> None:
    await grant_runtime(database_url, database_url)
    owner = await asyncpg.connect(database_url)
    await owner.execute("UPDATE event SET data = '{}'")
    await owner.close()


async def test_a_role_that_there_is_not_is_named_with_what_to_run(database_url: str) -> None:
    with pytest.raises(MigrationError, match=r"nobody.*grant_runtime"):
        await grant_runtime(database_url, with_role(database_url, "nobody"))


@pytest.mark.parametrize(
    "url, role",
    [
        ("postgresql://a:b@h/d", "a"),
        ("postgresql://a%40b@h,i/d", "a@b"),
        ("postgresql://a@/d?host=/x", "a"),
    ],
)
def test_an_address_names_a_role(url: str, role: str) -> None:
    assert role_of(url) == role


async def test_a_server_with_an_embedded_database_serves_by_it(scratch: Path) -> None:
    data_dir = scratch / "lesser"
    with RunningServer(None, data_dir, "--demo", jobs=True):
        url = f"postgresql://postgres@/bookonce?host={data_dir / 'postgres'}"
        admin = await asyncpg.connect(url)
        roles = await admin.fetch(
            "SELECT DISTINCT usename::text FROM pg_stat_activity WHERE application_name = 'bookonce'"
        )
        await admin.close()
    assert {role for (role,) in roles} == {RUNTIME_ROLE}


async def test_a_cluster_of_an_earlier_version_gets_the_role(scratch: Path) -> None:
    """One whose list of who is let in doesn't know it, nor the database."""
    embedded = EmbeddedPostgres(scratch / "earlier", Settings.read().postgres_bin)
    url = embedded.acquire()
    cluster = scratch / "earlier" / "postgres"
    admin = await asyncpg.connect(url.replace("//bookonce@", "//postgres@"))
    await admin.execute(f"DROP ROLE {RUNTIME_ROLE}")
    await admin.close()
    people = cluster / "pg_ident.conf"
    known = [line for line in people.read_text().splitlines() if RUNTIME_ROLE not in line]
    people.write_text("\n".join(known) + "\n")
    (cluster / "bookonce.ready").write_text("")
    assert embedded.acquire() == url
    lesser = await asyncpg.connect(with_role(url, RUNTIME_ROLE))
    assert await lesser.fetchval("SELECT current_user::text") == RUNTIME_ROLE
    await lesser.close()
    embedded.release()
